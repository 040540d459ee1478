"""Functions stay short enough to be read at once; what is longer says why."""

from __future__ import annotations

import ast
from pathlib import Path

import cladist

ROOT = Path(cladist.__file__).parent
MOST_LINES = 60
"""Lines of a function without its signature and docstring."""

LONGER = {
    "atlas/server/app.py _whole": "handlers share the limiters that are made here",
    "atlas/server/schemas.py schemas": "a table: the schema of every document",
    "atlas/server/openapi.py describe": "a table: every path of the API",
}


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first, *rest = node.body
    told = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    body = rest if told else node.body
    return (node.end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_functions_are_short() -> None:
    found = {
        f"{file.relative_to(ROOT).as_posix()} {node.name}": _lines(node)
        for file in sorted(ROOT.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    longer = {name: lines for name, lines in found.items() if lines > MOST_LINES}
    assert longer.keys() == LONGER.keys(), longer
