"""What people meet who join or ship: the wheel, the version, the forms and the workflows."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

import cladist

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def checker() -> Any:
    spec = spec_from_file_location("check_wheel", ROOT / "scripts/check_wheel.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(find_spec("hatchling") is None, reason="hatchling is not installed")
def test_the_wheel_holds_what_it_needs_and_nothing_else(tmp_path: Path) -> None:
    code = f"from hatchling.build import build_wheel; build_wheel({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=ROOT)
    assert checker().main([str(tmp_path)]) == 0
    assert checker().main([str(tmp_path), "--tag", "v99"]) == 1
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith("/METADATA"))
        assert f"Version: {cladist.__version__}\n" in archive.read(name).decode()


def test_a_wrong_wheel_is_told() -> None:
    check = checker().wrong_in_wheel
    good = [*checker().NEEDED, "cladist/api.py", "cladist-1.dist-info/METADATA"]
    assert check(good, ["cladist/api.py"]) == []
    assert check(good[1:], []) == [f"missing: {good[0]}"]
    assert check([*good, "cladist/data/shared/answers.parquet"], []) == [
        "does not belong: cladist/data/shared/answers.parquet"
    ]


def test_the_version_stands_in_one_place() -> None:
    assert "version" in PROJECT["dynamic"] and "version" not in PROJECT
    cited = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {cladist.__version__}\n" in cited
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## {re.escape(cladist.__version__)}\b", changes, re.M)


def test_the_base_is_small_and_extras_hold_the_rest() -> None:
    names = {re.split(r"[<>=\[]", d)[0] for d in PROJECT["dependencies"]}
    assert names == {"numpy", "rich", "scipy", "threadpoolctl", "typer"}
    extras = PROJECT["optional-dependencies"]
    said = set()
    for file in (ROOT / "src").rglob("*.py"):
        said |= set(
            re.findall(r"needed\(\s*\"[^\"]+\", \"(\w+)\"", file.read_text(encoding="utf-8"))
        )
        said |= set(
            re.findall(r"MissingExtraError\(\s*f?\"[^\"]+\", \"(\w+)\"", file.read_text("utf-8"))
        )
    assert said and said <= set(extras), said - set(extras)


def test_forms_and_workflows_can_be_read() -> None:
    yaml = pytest.importorskip("yaml")
    files = [
        *(ROOT / ".github").rglob("*.yml"),
        ROOT / ".pre-commit-config.yaml",
        ROOT / "CITATION.cff",
    ]
    assert len(files) >= 9
    for file in files:
        assert isinstance(yaml.safe_load(file.read_text(encoding="utf-8")), dict), file
    matrix = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]["test"]
    asked = matrix["strategy"]["matrix"]["python"]
    assert asked == [
        c.rpartition(" ")[2] for c in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", c)
    ]
    extras = set(PROJECT["optional-dependencies"]) | {""}
    base = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]["base"]
    assert set(base["strategy"]["matrix"]["extra"]) <= extras
