"""The nearest relatives by every metric, with and without comparing everybody."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cladist import nearest as module
from cladist.cli.main import app
from cladist.compare import distances, resolve_assay
from cladist.core.assay import Assay
from cladist.errors import UsageError
from cladist.kinship.config import SEARCH
from cladist.nearest import nearest
from cladist.registry import Registry
from cladist.registry.search import Found, Search
from cladist.workflows import panels
from tests.support.made_families import population


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve families of three, thirty probes."""
    tmp_path = tmp_path_factory.mktemp("nearest")
    models, _ = population(12, 3, 30, kept=0.7)
    path = tmp_path / "answers.jsonl"
    lines = [
        json.dumps({"model": r.model, "prompt_id": p, "response": text})
        for r in models
        for p, text in enumerate(r.texts())
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    result = CliRunner().invoke(app, ["registry", "import", str(path), "-r", str(tmp_path / "lab")])
    assert result.exit_code == 0, result.output
    return tmp_path / "lab"


def opened(store: Registry) -> Assay:
    return resolve_assay(store)


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "kinship"])
def test_it_agrees_with_the_matrix(lab: Path, metric: str) -> None:
    with Registry.open(lab, create=False) as store:
        assay = opened(store)
        matrix = distances(store, assay, None, metric)
        for name in ("f0-m0", "f7-m2"):
            found = nearest(store, assay, name, 6, metric)
            wanted = matrix.nearest(name, 6)
            assert [n.model for n in found.relatives] == [m for m, _ in wanted]
            assert [n.distance for n in found.relatives] == pytest.approx([d for _, d in wanted])
            assert found.compared == 35
            assert found.route == ("all pairs" if metric == "kinship" else "exact search")


def test_kinship_in_two_stages_finds_kin(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEARCH", replace(SEARCH, exhaustive=20, reference=22))
    with Registry.open(lab, create=False) as store:
        assay = opened(store)
        for name in ("f3-m1", "f9-m0"):
            family = name[:2]
            found = nearest(store, assay, name, 4, candidates=8)
            assert (found.metric, found.route, found.measured) == ("kinship", "two stages", 8)
            assert 12 <= found.reference <= 22
            assert found.relatives[0].model[:2] == family
            assert sum(n.model[:2] == family for n in found.relatives) == 2
        every = nearest(store, assay, "f3-m1", 4, candidates=0)
        assert every.route == "all pairs"


def test_what_is_approximate_says_so(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Registry.open(lab, create=False) as store:
        assay = opened(store)
        with pytest.raises(UsageError, match="no approximate search for it"):
            nearest(store, assay, "f0-m0", metric="kinship", approximate=True)
        with pytest.raises(UsageError, match="no model 'ghost'"):
            nearest(store, assay, "ghost")
    common = ["compare", "relatives", "f0-m0", "-r", str(lab), "--quiet"]
    shown = CliRunner().invoke(app, [*common, "--metric", "cosine", "--json"])
    assert json.loads(shown.stdout)["exact"] is True
    monkeypatch.setattr(module, "SEARCH", replace(SEARCH, exhaustive=20))
    shown = CliRunner().invoke(app, [*common, "--candidates", "5", "--json"])
    found = json.loads(shown.stdout)
    assert (found["exact"], found["route"], found["measured"]) == (False, "two stages", 10)
    shown = CliRunner().invoke(app, [*common, "--candidates", "5"])
    assert "may have been missed" in shown.stdout


def test_an_approximate_search_of_a_registry(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("faiss")
    common = ["compare", "relatives", "f0-m0", "-r", str(lab), "--metric", "cosine"]
    refused = CliRunner().invoke(app, [*common, "--approximate"])
    assert isinstance(refused.exception, UsageError)

    def rough(search: Search, model: str, count: int, metric: str, approximate: bool) -> Found:
        assert approximate
        return replace(search.nearest(model, count, metric), exact=False)

    monkeypatch.setattr(module, "_search", rough)
    assert "An approximate search" in CliRunner().invoke(app, [*common, "--approximate"]).stdout
    shown = CliRunner().invoke(app, [*common, "--approximate", "--json"])
    assert json.loads(shown.stdout)["exact"] is False


def test_a_panel_ranks_its_members(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = str(lab / "panel.parquet")
    built = CliRunner().invoke(
        app, ["reference", "panel", "build", panel, "-r", str(lab), "--index"]
    )
    assert built.exit_code == 0, built.output
    assert (lab / "panel.parquet.index" / "head.json").exists()
    ask = ["reference", "panel", "nearest", panel, "f4-m1", "-r", str(lab), "-n", "2"]
    monkeypatch.setattr(panels, "SEARCH", replace(SEARCH, exhaustive=30))
    for more in (["--candidates", "0"], ["--candidates", "6"]):
        found = json.loads(CliRunner().invoke(app, [*ask, *more, "--json"]).stdout)
        assert {m["model"] for m in found["nearest"]} == {"f4-m0", "f4-m2"}
        assert found["compared"] == 36
    assert "f4-m2" in CliRunner().invoke(app, [*ask, "--candidates", "6"]).stdout
