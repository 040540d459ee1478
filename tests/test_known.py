"""The table that ships is sound, and corrections of a user win and are never passed over."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from cladist import known
from cladist.core.facts import merge_facts
from cladist.core.names import parse_name
from cladist.errors import InputError
from cladist.formats.facts_table import check_facts
from cladist.registry import ModelRecord


@pytest.fixture(autouse=True)
def _no_corrections(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CLADIST_LINEAGE", str(tmp_path / "own.csv"))


def test_the_table_that_ships_is_sound() -> None:
    facts, problems = check_facts(known.shipped_file())
    assert problems == [] and len(facts) > 1_000
    assert merge_facts(facts)[1] == []
    assert all(f.source and f.confidence and not parse_name(f.model).local for f in facts)
    text = known.shipped_file().read_text(encoding="utf-8")
    assert "/home/" not in text and "\\" not in text
    assert sum(bool(f.licence) for f in facts) > 200


def test_models_are_found_however_they_are_written() -> None:
    for name in (
        "HuggingFaceTB/SmolLM2-135M-Instruct",
        "HuggingFaceTB_SmolLM2-135M-Instruct",
        "https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct/tree/main",
        "models--HuggingFaceTB--SmolLM2-135M-Instruct/snapshots/0a",
        "D:\\models\\smollm2-135m-instruct",
    ):
        found = known.known_models().find(name)
        assert found is not None and found.foundation == "HuggingFaceTB/SmolLM2-135M", name
        assert not found.own
    assert known.known_models().find("my-own-model") is None


def test_corrections_win_column_by_column_and_are_marked(tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text("model,licence,confidence\nqwen_qwen2.5-7b-instruct,mine,low\nmy/new,mit,low\n")
    found = known.known_models().find("Qwen/Qwen2.5-7B-Instruct")
    assert found is not None
    assert (found.licence, found.foundation, found.own) == ("mine", "Qwen/Qwen2.5-7B", True)
    assert set(known.facts_of(["my_new", "nobody"])) == {"my_new"}
    own.write_text("model,relation\nx,begat\n")
    with pytest.raises(InputError, match="begat"):
        known.known_models()


def test_records_are_found_by_their_address_where_the_name_does_not_tell() -> None:
    records = [
        ModelRecord(1, "a", "hf:Qwen/Qwen2.5-7B@main", "f"),
        ModelRecord(2, "b", "gguf:/x/b.gguf", "f"),
        ModelRecord(3, "Qwen_Qwen2.5-3B", "recorded:x", "f"),
    ]
    found = known.facts_of(records)
    assert {n: f.model for n, f in found.items()} == {
        "a": "Qwen/Qwen2.5-7B",
        "Qwen_Qwen2.5-3B": "Qwen/Qwen2.5-3B",
    }


def test_where_corrections_lie(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert known.corrections_file() == tmp_path / "own.csv"
    monkeypatch.delenv("CLADIST_LINEAGE")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert known.corrections_file() == tmp_path / "cladist" / "lineage.csv"
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert known.corrections_file() == Path.home() / ".local/share/cladist/lineage.csv"


@pytest.mark.shared
@pytest.mark.parametrize("name", ["rand", "bench6", "eqbench"])
def test_models_of_the_collections_are_known(name: str, shared_data: Path) -> None:
    path = shared_data / name / "lineage.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    facts = known.known_models()
    lost = [r["model"] for r in rows if not facts.candidates(r["model"])]
    assert lost == []
    sure = [r for r in rows if r["confidence"] == "high"]
    right = sum(
        any(
            parse_name(f.foundation).tail.removesuffix("-hf")
            == parse_name(r["foundation"]).tail.removesuffix("-hf")
            for f in facts.candidates(r["model"])
        )
        for r in sure
    )
    assert right >= 0.99 * len(sure)
