"""What the command watch does, as calls of the library."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import cladist
from cladist.errors import UsageError
from cladist.extraction.run import extract
from cladist.provenance.watch import Looked
from cladist.registry import Registry
from tests.conftest import ScriptedModel, scripted, small_assay

ASSAY = small_assay(40, max_tokens=8)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Registry]:
    with cladist.open_registry(tmp_path / "lab") as made:
        extract(scripted("m", ASSAY), ASSAY, made)
        yield made


def test_looks_are_told_logged_kept_and_given_back(lab: Registry, tmp_path: Path) -> None:
    told: list[Looked] = []
    log, keep = tmp_path / "w.jsonl", tmp_path / "kept"
    same = cladist.watch(lab, scripted("m", ASSAY), against="m", log=log, told=told.append)
    assert (same.status, same.plan.planned, len(told)) == ("same", 100, 1)
    other = cladist.watch(lab, scripted("x", ASSAY), against="m", log=log, keep=keep)
    assert other.status == "changed" and other[0].number == 1
    assert [json.loads(x)["status"] for x in log.read_text().splitlines()] == ["same", "changed"]
    (kept,) = keep.iterdir()
    first = json.loads(kept.read_text().splitlines()[0])
    assert first["model"].startswith("m at ") and first["response"].startswith("x says")
    assert other.to_frame()["status"].tolist() == ["changed"]
    assert repr(other) == "<WatchResult: 1 looks: changed>"


def test_what_cannot_be_watched_is_said(lab: Registry) -> None:
    with pytest.raises(UsageError, match="--against"):
        cladist.watch(lab, ScriptedModel("x", {}))
    with pytest.raises(UsageError, match="nobody"):
        cladist.watch(lab, "nobody")
    with pytest.raises(UsageError, match="interval"):
        cladist.watch(lab, "m", every="soon")
    with pytest.raises(UsageError, match="no URI"):
        cladist.watch_by_token("m")
