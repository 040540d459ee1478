"""Two trees face to face on the page: rows are those of the one rule, and every model is in one."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cladist.atlas import lineage as module
from cladist.atlas.bundle import write_bundle
from cladist.atlas.lineage import lineage, read_declared
from cladist.phylogeny.rows import MOST_ROWS
from cladist.registry import Registry
from tests.atlas.conftest import COUNT, Lab
from tests.atlas.test_browser import drive, needs_browser

FEW = 20


def facing(lab: Lab, families: tuple[str | None, ...]) -> dict[str, Any]:
    atlas = lab.atlas
    said = read_declared(lab.folder / "lineage.csv", atlas.source.records)
    found = lineage(atlas.source, atlas.kin, said, "lineage.csv", atlas.forest, families)
    made: dict[str, Any] = found["facing"]
    return made


def test_few_models_have_a_row_each(lab: Lab) -> None:
    assert COUNT <= MOST_ROWS
    assert lab.atlas.lineage is not None
    assert lab.atlas.lineage["facing"] == {"declared": [], "measured": [], "remarks": []}


@pytest.mark.parametrize("known", [True, False])
def test_many_are_collapsed_and_it_is_said(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", FEW)
    assert lab.atlas.lineage is not None
    families = lab.atlas.known.families if known else (None,) * COUNT
    found = facing(lab, families)
    for side in ("declared", "measured"):
        rows = found[side]
        inside = [m for row in rows for m in row["models"]]
        assert len(set(inside)) == len(inside) <= COUNT
        leaves = len(set(re.findall(r"m\d+", lab.atlas.lineage["newick"])))
        assert len(rows) + leaves - len(inside) <= FEW
        for row in rows:
            assert len(row["models"]) > 1
            told = {families[m] for m in row["models"]}
            assert told == {row["family"]} or row["family"] == ""
    said = " ".join(found["remarks"])
    assert f"{leaves} models in" in said
    assert ("Collapsed by family" in said) == any(r["family"] for r in found["declared"])


def test_without_a_measured_tree_there_is_none(lab: Lab) -> None:
    atlas = lab.atlas
    said = read_declared(lab.folder / "lineage.csv", atlas.source.records)
    assert lineage(atlas.source, atlas.kin, said, "lineage.csv")["facing"] is None


@needs_browser
def test_rows_are_opened_on_the_page(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", FEW)
    said = read_declared(lab.folder / "lineage.csv", lab.atlas.source.records)
    atlas = lab.atlas
    told = lineage(atlas.source, atlas.kin, said, "lineage.csv", atlas.forest, atlas.known.families)
    with Registry.open(lab.folder, create=False) as store:
        write_bundle(replace(atlas, lineage=told), store, tmp_path / "atlas")
    seen = drive((tmp_path / "atlas" / "index.html").as_uri(), by="facing")
    closed, facing = seen["closed"], told["facing"]
    several = [r for side in ("declared", "measured") for r in facing[side]]
    assert closed["wedges"] == len(several) and FEW < closed["rows"] <= 2 * FEW
    assert re.search(r"\d+ models in \d+ rows of the declared tree", closed["said"])
    assert all(re.search(r" models|of \d|more", name) for name in closed["names"])
    assert seen["collapsed"] == facing["remarks"]
    bad = {e["child"] for e in told["edges"] if e["verdict"] == "contradicted"}
    assert len(seen["doubted"]) == sum(bool(bad & set(r["models"])) for r in several)
    for step in ("clicked", "keyed"):
        assert seen[step]["wedges"] < closed["wedges"] and seen[step]["rows"] > closed["rows"]
    assert seen["again"] == closed
    if seen["doubted"]:
        assert seen["open"]["folded"] == 0 and seen["open"]["bad"] >= len(bad)
    assert seen["hash"].startswith("#/model/")
    assert seen["axe"] == [] and seen["errors"] == []
