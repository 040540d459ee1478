"""What the site needs beside its pages: the tutorial from its notebook, links out of docs/."""

from __future__ import annotations

import json
import posixpath
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SOURCE = "https://github.com/cladist/cladist/blob/main/"
LINK = re.compile(r"(\]\()(\.\./[^)#\s]+)")


def as_markdown(notebook: dict[str, Any]) -> str:
    """The cells of a notebook as a page, with what they printed."""
    parts = list[str]()
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(text)
            continue
        parts.append(f"```python\n{text}\n```")
        said = "".join("".join(o.get("text", "")) for o in cell["outputs"])
        if said:
            parts.append(f"```text\n{said.rstrip()}\n```")
    return "\n\n".join(parts) + "\n"


def on_files(files: Any, config: Any) -> Any:
    """Add the tutorial, made from docs/tutorial.ipynb, which itself is no page."""
    from mkdocs.structure.files import File

    notebook = files.get_file_from_path("tutorial.ipynb")
    if notebook is not None:
        files.remove(notebook)
    read = json.loads((ROOT / "docs/tutorial.ipynb").read_text(encoding="utf-8"))
    files.append(File.generated(config, "tutorial.md", content=as_markdown(read)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Links to files outside docs/ lead to the repository; one that leads nowhere is an error."""
    from mkdocs.exceptions import PluginError

    def outside(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join("docs", found.group(2)))
        if target.startswith("docs/"):
            return found.group(0)
        if not (ROOT / target).exists():
            raise PluginError(f"{page.file.src_uri}: {found.group(2)} does not exist")
        return found.group(1) + SOURCE + target

    return LINK.sub(outside, markdown).replace("](tutorial.ipynb)", "](tutorial.md)")
