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


INNER = (
    "apply",
    "compare",
    "descent",
    "encoders",
    "extraction",
    "fitting",
    "kinship",
    "models",
    "nearest",
    "phylogeny",
    "provenance",
    "traits",
)
"""Rooms whose insides are for the library's calls; a command knows their types alone."""

KNOWN = {
    "FLAGS": "words for flags of a result",
    "LEVELS": "the order of findings of an audit",
    "Making": "what a report says of itself",
    "Policy": "alpha, as a statement writes it down",
    "SCHEMES": "what a URI may begin with",
    "check_pdf": "refuses a PDF before any work",
    "given": "hashes of the files that were given",
    "read_declared": "the one call of the command declared",
    "read_trends": "the one call of watch trends",
    "resolve_assay": "reads the option --assay",
    "trends_page": "its page",
}
"""What commands may take from there all the same, and why."""

MOST_STATEMENTS = 50
"""Statements of a command, as ruff's PLR0915 counts for all functions; branches are below."""
MOST_BRANCHES = 15
MOST_CALLS_OF_A_REGISTRY = 2
"""Times that a function may ask an open registry by itself: more is a flow of the library."""


def _types_only(tree: ast.Module) -> set[int]:
    """Nodes that only a type checker sees."""
    return {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.py")), ids=lambda p: p.stem)
def test_commands_call_the_library_and_not_its_insides(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    skipped = _types_only(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or id(node) in skipped:
            continue
        parts = (node.module or "").split(".")
        if parts[0] == "cladist" and parts[1:2] and parts[1] in INNER:
            names = {a.name for a in node.names}
            assert names <= KNOWN.keys(), f"{file.name}:{node.lineno} takes {names} of {parts[1]}"


def test_nothing_is_allowed_that_nobody_takes() -> None:
    text = "".join(f.read_text(encoding="utf-8") for f in FOLDER.glob("*.py"))
    taken = {
        a.name
        for node in ast.walk(ast.parse(text.replace("from __future__ import annotations", "")))
        if isinstance(node, ast.ImportFrom)
        for a in node.names
    }
    assert KNOWN.keys() <= taken


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.py")), ids=lambda p: p.stem)
def test_functions_of_commands_are_short_and_leave_registries_alone(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.FunctionDef):
            continue
        inside = list(ast.walk(node))
        statements = sum(isinstance(n, ast.stmt) for n in inside) - 1
        branches = sum(isinstance(n, ast.If | ast.For | ast.While | ast.IfExp) for n in inside)
        asked = sum(
            isinstance(n, ast.Call)
            and isinstance(n.func, ast.Attribute)
            and isinstance(n.func.value, ast.Name)
            and n.func.value.id in ("store", "lab", "registry")
            for n in inside
        )
        where = f"{file.name}: {node.name}"
        assert statements <= MOST_STATEMENTS, (where, statements)
        assert branches <= MOST_BRANCHES, (where, branches)
        assert asked <= MOST_CALLS_OF_A_REGISTRY, (where, asked)
