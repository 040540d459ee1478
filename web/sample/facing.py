"""Rows of made-up trees face to face, by the rule of the package, put into made-up documents.

    node sample/generate.mjs OUT 1000 && python sample/facing.py OUT/1000

The page then shows what it shows of a real atlas of as many models.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from cladist.atlas.lineage import facing
from cladist.formats.trees.newick import read_newick


def fill(folder: Path) -> None:
    """Give the document `atlas` of `folder` its rows."""
    path = folder / "api" / "v1" / "documents" / "atlas.json"
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    declared = document["declared"]
    families = next(c["values"] for c in document["models"]["columns"] if c["key"] == "family")
    left = read_newick(declared["newick"], "declared")
    right = read_newick(document["tree"]["newick"], "measured")
    declared["facing"] = facing(left, right, families)
    text = json.dumps(document)
    path.write_text(text, "utf-8")
    (folder / "data" / "atlas.js").write_text(f'cladistDocument("atlas", {text});\n', "utf-8")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        fill(Path(name))
