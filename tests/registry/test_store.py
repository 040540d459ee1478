from __future__ import annotations

import sqlite3
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from cladist.core.dna import of_blocks
from cladist.core.responses import Response, State
from cladist.errors import RegistryError, UsageError
from cladist.registry import Registry, StoredDNA, connection
from cladist.registry.connection import FILE
from tests.conftest import small_assay


def test_responses_survive_closing(tmp_path: Path) -> None:
    assay = small_assay(3)
    with Registry.open(tmp_path) as store:
        model = store.add_model("m", "u", "f", {"a": "b"})
        row = store.add_protocol(assay.protocol)
        store.write_responses(row, model, [(0, 0, Response.of("hello")), (2, 0, Response.of(" "))])
    with Registry.open(tmp_path, create=False) as store:
        (found,) = store.responses(assay.protocol)
        assert found.model == "m"
        assert [len(s) for s in found.slots] == [1, 0, 1]
        assert found.slots[0][0] == Response("hello", State.OK)
        assert found.slots[2][0].state is State.EMPTY
        assert store.model("m").metadata == {"a": "b"}


def test_settled_answers_stay_and_errors_give_way(registry: Registry) -> None:
    assay = small_assay(2)
    model = registry.add_model("m", "u", "f")
    row = registry.add_protocol(assay.protocol)
    registry.write_responses(
        row, model, [(0, 0, Response.of("first")), (1, 0, Response.error("x"))]
    )
    assert registry.settled(row, model) == {(0, 0)}
    registry.write_responses(row, model, [(0, 0, Response.of("other")), (1, 0, Response.of("now"))])
    (found,) = registry.responses(assay.protocol)
    assert [s[0].text for s in found.slots] == ["first", "now"]
    assert registry.settled(row, model) == {(0, 0), (1, 0)}


def test_two_models_never_share_a_name(registry: Registry) -> None:
    first = registry.add_model("m", "gguf:a", "sha-a")
    assert registry.add_model("m", "gguf:a", "sha-a") == first
    assert registry.add_model("renamed", "gguf:elsewhere", "sha-a") == first
    with pytest.raises(RegistryError, match="belongs to another model"):
        registry.add_model("m", "gguf:b", "sha-b")
    with pytest.raises(UsageError, match="not blank"):
        registry.add_model("  ", "gguf:c", "sha-c")


def test_unknown_model_offers_close_names(registry: Registry) -> None:
    registry.add_model("llama-2-7b", "u", "f")
    with pytest.raises(UsageError, match="did you mean llama-2-7b"):
        registry.model("lama-2-7b")


def test_protocol_and_assay_round_trip(registry: Registry) -> None:
    assay = small_assay(4, temperature=0.7, samples=3)
    assert registry.add_assay(assay) == registry.add_assay(assay)
    (found,) = registry.assays()
    assert found.digest == assay.digest
    assert found.protocol == assay.protocol
    assert found.method == assay.method


def test_dna_round_trips_to_the_same_bytes(registry: Registry) -> None:
    assay = small_assay(5)
    blocks = np.random.default_rng(0).normal(size=(5, 16)).astype(np.float32)
    registry.add_model("m", "u", "f")
    made = of_blocks("m", assay.digest, blocks, np.array([1, 1, 0, 1, 1], dtype=bool), ["mark"])
    registry.write_dnas(registry.add_assay(assay), [StoredDNA(made, ("v1",))])
    (found,) = registry.stored_dnas(assay, blocks=True)
    assert found.dna.digest == made.digest
    assert np.array_equal(found.dna.vector, made.vector)
    assert np.array_equal(found.dna.per_probe(), made.per_probe())
    assert (found.dna.usable, found.dna.notes, found.encoders) == (4, ("mark",), ("v1",))
    with pytest.raises(UsageError, match="no model 'ghost'"):
        registry.dnas(assay, ["ghost"])


@pytest.mark.parametrize("text", ["\x00", "a\ud800b", "\u202e<script>", "x" * 100_000, "é" * 3])
def test_hostile_text_is_stored_and_returned(registry: Registry, text: str) -> None:
    assay = small_assay(1)
    model = registry.add_model(f"m{text}"[:50], "u", "f")
    row = registry.add_protocol(assay.protocol)
    registry.write_responses(row, model, [(0, 0, Response(text, State.OK))])
    (found,) = registry.responses(assay.protocol)
    assert found.slots[0][0].text == text.replace("\ud800", "\ufffd")


def test_missing_registry_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="no registry in"):
        Registry.open(tmp_path / "nowhere", create=False)
    assert not (tmp_path / "nowhere").exists()


def test_damaged_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"this is no database" * 100)
    with pytest.raises(RegistryError, match="damaged or no registry"):
        Registry.open(tmp_path)
    assert (tmp_path / FILE).read_bytes().startswith(b"this is no database")


def test_files_of_others_and_of_the_future_are_refused(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / FILE)
    other.execute("CREATE TABLE theirs (x)")
    other.commit()
    other.close()
    with pytest.raises(RegistryError, match="another program"):
        Registry.open(tmp_path)
    with Registry.open(tmp_path / "new") as store:
        store._db.execute("PRAGMA user_version = 999")
    with pytest.raises(RegistryError, match="schema version 999"):
        Registry.open(tmp_path / "new")


def test_a_failed_transaction_leaves_nothing(registry: Registry) -> None:
    assay = small_assay(2)
    model = registry.add_model("m", "u", "f")
    row = registry.add_protocol(assay.protocol)
    with pytest.raises(RegistryError):
        registry.write_responses(row + 99, model, [(0, 0, Response.of("lost"))])
    assert list(registry.responses(assay.protocol)) == []
    registry.write_responses(row, model, [(0, 0, Response.of("kept"))])
    assert registry.settled(row, model) == {(0, 0)}


def test_a_full_disk_is_explained_and_harms_nothing(tmp_path: Path) -> None:
    assay = small_assay(1)
    with Registry.open(tmp_path) as store:
        model = store.add_model("m", "u", "f")
        row = store.add_protocol(assay.protocol)
        (pages,) = store._db.execute("PRAGMA page_count").fetchone()
        store._db.execute(f"PRAGMA max_page_count = {pages + 1}")
        with pytest.raises(RegistryError, match="disk is full"):
            store.write_responses(row, model, [(0, 0, Response.of("x" * 100_000))])
        store._db.execute("PRAGMA max_page_count = 1000000")
        store.write_responses(row, model, [(0, 0, Response.of("y" * 100_000))])
    with Registry.open(tmp_path) as store:
        assert store._db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_an_io_error_without_room_is_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = {"free": 10**9}

    def usage(folder: object) -> SimpleNamespace:
        return SimpleNamespace(free=left["free"])

    monkeypatch.setattr("shutil.disk_usage", usage)
    for free, said in ((10**9, "lab doctor"), (0, "the disk is full; free some space")):
        left["free"] = free
        with (
            pytest.raises(RegistryError, match=said),
            connection._explained(str(tmp_path / "registry.sqlite")),
        ):
            raise sqlite3.OperationalError("disk I/O error")


def test_two_processes_see_each_other(tmp_path: Path) -> None:
    assay = small_assay(2)
    with Registry.open(tmp_path) as one, Registry.open(tmp_path) as two:
        model = one.add_model("m", "u", "f")
        row = two.add_protocol(assay.protocol)
        one.write_responses(row, model, [(0, 0, Response.of("a"))])
        two.write_responses(row, two.model("m"), [(1, 0, Response.of("b"))])
        assert one.settled(row, model) == {(0, 0), (1, 0)}
