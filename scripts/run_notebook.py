"""Run the code of a notebook in order, and write what it printed into it.

python scripts/run_notebook.py docs/tutorial.ipynb
"""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any


def printed(notebook: dict[str, Any]) -> list[str]:
    """What every code cell prints, run in order in one namespace."""
    space: dict[str, Any] = {"__name__": "__main__"}
    said = list[str]()
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] != "code":
            continue
        out = io.StringIO()
        with redirect_stdout(out):
            exec(compile("".join(cell["source"]), f"cell {number}", "exec"), space)
        said.append(out.getvalue())
    return said


def main(path: str) -> None:
    """Run a notebook and write it again with its outputs."""
    file = Path(path)
    notebook = json.loads(file.read_text(encoding="utf-8"))
    code = [c for c in notebook["cells"] if c["cell_type"] == "code"]
    for number, (cell, text) in enumerate(zip(code, printed(notebook), strict=True), 1):
        cell["execution_count"] = number
        lines = text.splitlines(keepends=True)
        cell["outputs"] = (
            [{"name": "stdout", "output_type": "stream", "text": lines}] if lines else []
        )
    file.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
