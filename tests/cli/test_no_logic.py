"""Commands parse, call the library and print: none imports another."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import cladist.cli
from cladist.cli.commands import COMMANDS

FOLDER = Path(cladist.cli.__file__).parent


def _modules() -> set[str]:
    """Modules that hold a command, or an app of commands."""
    found = set()
    for place in COMMANDS.values():
        places = [place] if isinstance(place, str) else [*place.members.values(), place.app]
        found |= {p.partition(":")[0] for p in places if p}
    return found


def test_the_table_names_modules() -> None:
    assert {"kinship", "tree", "reference"} <= _modules()
    assert all((FOLDER / f"{name}.py").is_file() for name in _modules())


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.py")), ids=lambda p: p.stem)
def test_no_command_is_imported(file: Path) -> None:
    commands = _modules()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cladist.cli."):
            name = str(node.module).split(".")[2]
            assert name not in commands - {file.stem}, f"{file.name} imports the command {name}"
