"""What works without the extras, and what is said where one is missing."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from made_families import population

import cladist

BLOCKED = ("anjl", "matplotlib", "pandas", "pyarrow", "skbio", "sklearn")
BEFORE = f"""
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {BLOCKED!r}:
            raise ModuleNotFoundError(f"No module named '{{name}}'", name=name)
sys.meta_path.insert(0, Missing())
import json
from pathlib import Path
from cladist.errors import MissingExtraError
"""


def without_extras(code: str, *arguments: str | Path) -> Any:
    """What a program prints as JSON where the packages of the extras are missing."""
    run = subprocess.run(
        [sys.executable, "-c", BEFORE + textwrap.dedent(code), *map(str, arguments)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-3000:]
    return json.loads(run.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry of made families, large enough for a verdict."""
    folder = tmp_path_factory.mktemp("minimal")
    made, _ = population(families=20, members=3, probes=40, kept=0.75)
    lines = [
        {"model": m.model, "prompt_id": f"q{p:02}", "response": t}
        for m in made
        for p, t in enumerate(m.texts())
        if t is not None
    ]
    (folder / "answers.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))
    with cladist.open_registry(folder / "r") as registry:
        cladist.import_responses(folder / "answers.jsonl", registry)
    return folder / "r"


def test_every_module_loads_or_says_what_to_install() -> None:
    """No package of an extra is missed in another way than by an error with pip's line."""
    found: Mapping[str, str] = without_extras(
        """
        import pkgutil, importlib, cladist
        said = {}
        for module in pkgutil.walk_packages(cladist.__path__, "cladist.", onerror=lambda n: None):
            if module.name.endswith("__main__"):
                continue
            try:
                importlib.import_module(module.name)
            except MissingExtraError as problem:
                said[module.name] = str(problem)
            except ModuleNotFoundError as problem:
                said[module.name] = f"no {problem.name}"
        print(json.dumps(said))
        """
    )
    wrong = {m: s for m, s in found.items() if s.removeprefix("no ").split(".")[0] in BLOCKED}
    assert not wrong
    told = [said for said in found.values() if "pip install 'cladist[" in said]
    assert any("[arrow]" in said for said in told) and any("[learn]" in said for said in told)
    # What extraction and kinship consist of is all there.
    needed = ("core", "registry", "models", "encoders", "kinship", "extraction.run", "compare")
    for module in found:
        assert not module.removeprefix("cladist.").startswith(needed), (module, found[module])


def test_kinship_needs_no_extra(lab: Path) -> None:
    from cladist.registry import Registry

    with Registry.open(lab, create=False) as registry:
        one, two = (m.name for m in registry.models()[:2])
    found = without_extras(
        """
        from typer.testing import CliRunner
        from cladist.cli.main import app
        folder, one, two = sys.argv[1:]
        said = {}
        asked = ["compare kinship A B", "compare relatives A", "compare distances",
                 "compare same A B", "registry list", "registry show A",
                 "tree", "tree ancestry", "tree network"]
        for line in asked:
            words = line.replace("A", one).replace("B", two).split()
            ran = CliRunner().invoke(app, [*words, "-r", folder, "--json"])
            said[line] = [ran.exit_code, str(ran.exception or "")]
        print(json.dumps(said))
        """,
        lab, one, two,
    )  # fmt: skip
    assert {tuple(v) for v in found.values()} == {(0, "")}, found


@pytest.mark.parametrize(
    ("words", "extra"),
    [
        (["tree", "--method", "bme"], "trees"),
        (["tree", "--plot", "tree.svg"], "plots"),
        (["registry", "import", "absent.jsonl"], "arrow"),
        (["registry", "export", "out"], "arrow"),
        (["reference", "panel", "show", "absent.parquet"], "arrow"),
        (["scores", "predict", "--scores", "absent.csv"], "learn"),
    ],
)
def test_what_is_missing_is_named_with_the_line_that_installs_it(
    lab: Path, tmp_path: Path, words: list[str], extra: str
) -> None:
    (tmp_path / "absent.jsonl").write_text('{"model": "m", "prompt_id": "1", "response": "x"}\n')
    (tmp_path / "absent.csv").write_text("model,score\nf0-m0,1\nf1-m0,2\n")
    (tmp_path / "absent.parquet").write_bytes(b"PAR1")
    said = without_extras(
        """
        import os
        from typer.testing import CliRunner
        from cladist.cli.main import app
        os.chdir(sys.argv[1])
        ran = CliRunner().invoke(app, sys.argv[2:])
        print(json.dumps([type(ran.exception).__name__, str(ran.exception)]))
        """,
        tmp_path, *words,
        *(["-r", str(lab)] if "panel" not in words else []),
    )  # fmt: skip
    assert said[0] == "MissingExtraError", said
    assert said[1].endswith(f"pip install 'cladist[{extra}]'")
