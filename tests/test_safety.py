"""Nothing in the source runs what it reads."""

from __future__ import annotations

import ast
from pathlib import Path

import cladist

FORBIDDEN_IMPORTS = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_METHODS = {"extractall", "system", "popen", "unsafe_load", "full_load"}


def offences(tree: ast.Module) -> list[str]:
    """What must not be in a module, with its line."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [a.name for a in node.names if a.name.split(".")[0] in FORBIDDEN_IMPORTS]
        elif isinstance(node, ast.ImportFrom):
            found += [node.module] if (node.module or "").split(".")[0] in FORBIDDEN_IMPORTS else []
        elif isinstance(node, ast.Call):
            name = node.func
            if isinstance(name, ast.Name) and name.id in FORBIDDEN_CALLS:
                found.append(f"{name.id}, line {node.lineno}")
            if isinstance(name, ast.Attribute) and name.attr in FORBIDDEN_METHODS:
                found.append(f"{name.attr}, line {node.lineno}")
            for word in node.keywords:
                allowed = isinstance(word.value, ast.Constant) and word.value.value is False
                if word.arg in ("shell", "allow_pickle", "trust_remote_code") and not allowed:
                    found.append(f"{word.arg}, line {node.lineno}")
    return found


def test_no_module_runs_what_it_reads():
    files = sorted(Path(cladist.__file__).parent.rglob("*.py"))
    assert len(files) > 100
    found = {str(f): offences(ast.parse(f.read_text("utf-8"))) for f in files}
    assert {f: o for f, o in found.items() if o} == {}


def test_the_search_finds():
    bad = "import pickle\nfrom dill import x\neval(a)\nz.extractall()\nnp.load(f, allow_pickle=1)\n"
    assert len(offences(ast.parse(bad))) == 5
