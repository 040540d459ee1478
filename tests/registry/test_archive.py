"""Archives hold everything, to the byte; hostile and damaged ones are refused with a reason."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import sqlite3
import threading
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from old_registries import write_version

from cladist.core.responses import Response
from cladist.errors import CladistError, InputError, NotComparableError, RegistryError, UsageError
from cladist.extraction.archived import import_archive
from cladist.extraction.run import extract
from cladist.extraction.verify import verify
from cladist.registry import Registry, _archive_tables, schema
from cladist.registry.archive import DERIVED, Archive, tables_of, verify_archive, write_archive
from cladist.registry.backup import backup
from cladist.registry.merge import check_archive
from tests.conftest import scripted, small_assay


def filled(folder: Path, *names: str, probes: int = 8) -> Path:
    assay = small_assay(probes)
    with Registry.open(folder) as registry:
        for name in names:
            model = scripted(name, assay)
            model.answers["prompt 1"] = Response.of("日本\x00 \U0001f600", truncated=True, tokens=7)
            extract(model, assay, registry)
    return folder


def tables(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    with sqlite3.connect(folder / "registry.sqlite") as db:
        return {
            t.name: db.execute(f"SELECT * FROM {t.name} ORDER BY {', '.join(t.keys)}").fetchall()
            for t in tables_of(db)
        }


@pytest.mark.parametrize("name", ["a.zip", "folder"])
def test_a_round_trip_is_the_same_to_the_byte(tmp_path, name):
    lab = filled(tmp_path / "lab", "a", "b")
    first = write_archive(lab, tmp_path / name)
    merged = import_archive(tmp_path / name, tmp_path / "copy")
    assert (merged.models, merged.responses, merged.dnas, merged.grown) == (2, 16, 2, ())
    assert tables(tmp_path / "copy") == tables(lab)
    again = write_archive(tmp_path / "copy", tmp_path / f"again-{name}")
    assert again == first
    assert contents(tmp_path / name) == contents(tmp_path / f"again-{name}")
    assert check_archive(tmp_path / name).digest == first.digest
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(".")) == []


def contents(path: Path) -> object:
    if path.is_dir():
        return {p.name: p.read_bytes() for p in path.iterdir()}
    return path.read_bytes()


def test_every_table_is_archived_or_derives_from_others():
    with sqlite3.connect(":memory:", isolation_level=None) as db:
        schema.migrate(db, "memory")
        present = {
            n for (n,) in db.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            )
        }  # fmt: skip
        assert {t.name for t in tables_of(db)} == present - DERIVED
        assert present >= DERIVED


def test_an_older_archive_is_brought_up_to_date(tmp_path):
    lab = filled(tmp_path / "lab", "a")
    for version in range(1, schema.VERSION):
        old = tmp_path / f"version-{version}"
        old.mkdir()
        write_version(version, lab / "registry.sqlite", old / "registry.sqlite")
        assert write_archive(old, tmp_path / f"archive-{version}").schema == version
        import_archive(tmp_path / f"archive-{version}", tmp_path / f"copy-{version}")
        assert tables(tmp_path / f"copy-{version}") == tables(lab)
    write_archive(lab, tmp_path / "new")
    data = json.loads((tmp_path / "new" / "manifest.json").read_text())
    data["schema"] = schema.VERSION + 1
    (tmp_path / "new" / "manifest.json").write_text(json.dumps(data))
    with pytest.raises(RegistryError, match="update cladist"):
        import_archive(tmp_path / "new", tmp_path / "third")
    assert not (tmp_path / "third" / "registry.sqlite").exists()


def test_merging_adds_what_is_new_and_twice_is_once(tmp_path):
    write_archive(filled(tmp_path / "one", "a", "b"), tmp_path / "one.zip")
    two = filled(tmp_path / "two", "b", "c")
    for expected in (1, 0):
        merged = import_archive(tmp_path / "one.zip", two)
        assert (merged.models, merged.responses, merged.dnas) == (expected, 8 * expected, expected)
    with Registry.open(two) as registry:
        assert [m.name for m in registry.models()] == ["b", "c", "a"]
        assert verify(registry).same == 3


def test_merging_completes_a_half_asked_model_and_derives_it_again(tmp_path):
    assay = small_assay(8)
    write_archive(filled(tmp_path / "whole", "a"), tmp_path / "whole.zip")
    with Registry.open(tmp_path / "half") as registry:
        half = scripted("a", assay)
        whole = filled(tmp_path / "x", "a")
        half.answers["prompt 1"] = Response.of("日本\x00 \U0001f600", truncated=True, tokens=7)
        for i in (5, 6):
            half.answers[f"prompt {i}"] = Response.error("lost")
        extract(half, assay, registry, allow_sparse=True)
    merged = import_archive(tmp_path / "whole.zip", tmp_path / "half")
    assert len(merged.grown) == 1
    assert tables(tmp_path / "half")["dna"] == tables(whole)["dna"]
    with Registry.open(tmp_path / "half") as registry:
        assert verify(registry, sample=None).sound


def test_contradictions_are_refused_and_change_nothing(tmp_path):
    write_archive(filled(tmp_path / "one", "a"), tmp_path / "one.zip")
    assay = small_assay(8)
    with Registry.open(tmp_path / "two") as registry:
        other = scripted("a", assay)
        other.answers["prompt 3"] = Response.of("something else")
        extract(other, assay, registry)
    before = tables(tmp_path / "two")
    with pytest.raises(NotComparableError, match="another answer to probe"):
        import_archive(tmp_path / "one.zip", tmp_path / "two")
    with Registry.open(tmp_path / "three") as registry:
        registry.add_model("a", "x:y", "another fingerprint")
    with pytest.raises(UsageError, match="another model"):
        import_archive(tmp_path / "one.zip", tmp_path / "three")
    assert tables(tmp_path / "two") == before


def rewritten(source: Path, target: Path, change) -> Path:
    """An archive whose files `change(name, raw)` has had in its hands; hashes made to fit."""
    members = {p.name: p.read_bytes() for p in source.iterdir()}
    data = json.loads(members.pop("manifest.json"))
    for file in data["files"]:
        raw = members[file["name"]] = change(file["name"], members[file["name"]])
        file["bytes"], file["sha256"] = len(raw), hashlib.sha256(raw).hexdigest()
    target.mkdir()
    for name, raw in {**members, "manifest.json": json.dumps(data).encode()}.items():
        (target / name).write_bytes(raw)
    return target


def with_column(raw: bytes, column: str, values: list[object]) -> bytes:
    table = pq.read_table(io.BytesIO(raw))
    place = table.schema.get_field_index(column)
    array = pa.array(values, table.schema.field(column).type)
    out = io.BytesIO()
    pq.write_table(table.set_column(place, column, array), out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("table", "column", "value", "said"),
    [
        ("response", "state", "splendid", "state"),
        ("response", "probe", 99, "outside"),
        ("response", "model_id", 77, "points at no model"),
        ("dna", "vector", b"\xff" * 64, "DNA"),
        ("dna", "digest", "0" * 64, "hash"),
        ("protocol", "digest", "0" * 64, "hash"),
        ("assay", "method", "[" * 9999, "cannot be read"),
        ("assay", "method", '{"encoders": 5}', "cannot be read"),
        ("protocol", "decoding", '{"samples": "x"}', "cannot be read"),
        ("model", "metadata", "[]", "metadata"),
        ("blocks", "data", b"", "blocks"),
    ],
)
def test_archives_that_contradict_themselves(tmp_path, table, column, value, said):
    write_archive(filled(tmp_path / "lab", "a"), tmp_path / "good")

    def change(name: str, raw: bytes) -> bytes:
        if not name.startswith(table):
            return raw
        rows = pq.read_table(io.BytesIO(raw)).column(column).to_pylist()
        return with_column(raw, column, [*rows[:-1], value])

    bad = rewritten(tmp_path / "good", tmp_path / "bad", change)
    with pytest.raises(InputError, match=said):
        import_archive(bad, tmp_path / "new")
    assert [p.name for p in (tmp_path / "new").iterdir()] == []


def test_damage_and_traps_are_refused(tmp_path):
    write_archive(filled(tmp_path / "lab", "a"), tmp_path / "good.zip")
    raw = (tmp_path / "good.zip").read_bytes()
    bad = tmp_path / "bad.zip"
    for cut in range(0, len(raw), 997):
        bad.write_bytes(raw[:cut])
        with pytest.raises(InputError):
            verify_archive(bad)
    at = raw.index(b"PAR1") + 40
    bad.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
    with pytest.raises(InputError, match=r"response|protocol|damaged|cannot be read"):
        verify_archive(bad)
    with zipfile.ZipFile(bad, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b" " * 50_000_000)
    with pytest.raises(InputError, match="compressed"):
        Archive(bad)
    for name in ("../evil-00000.parquet", "/etc/passwd", "model-00001.parquet", "model.parquet"):
        file = {"name": name, "table": "model", "rows": 0, "bytes": 0, "sha256": ""}
        manifest = {"kind": "cladist registry", "format": 1, "schema": 1, "files": [file]}
        with zipfile.ZipFile(bad, "w") as archive:
            archive.writestr("manifest.json", json.dumps(manifest))
            archive.writestr(name, b"")
        with pytest.raises(InputError, match="not due"):
            Archive(bad)


def test_a_parquet_bomb_is_known_before_it_unpacks(tmp_path, monkeypatch):
    monkeypatch.setattr(_archive_tables, "MAX_GROUP_BYTES", 10_000_000)
    write_archive(filled(tmp_path / "lab", "a"), tmp_path / "good")

    def change(name: str, raw: bytes) -> bytes:
        if not name.startswith("response"):
            return raw
        table = pq.read_table(io.BytesIO(raw))
        many = pa.concat_tables([table.slice(0, 1)] * 8000)
        out = io.BytesIO()
        text = pa.array(["a" * 10_000] * 8000)  # 80 MB as one dictionary entry of 10 kB
        pq.write_table(many.set_column(5, "text", text), out, compression="zstd")
        assert len(out.getvalue()) < 100_000
        return out.getvalue()

    bad = rewritten(tmp_path / "good", tmp_path / "bad", change)
    with pytest.raises(InputError, match="trap"):
        import_archive(bad, tmp_path / "new")


def test_links_in_a_folder_are_not_followed(tmp_path):
    write_archive(filled(tmp_path / "lab", "a"), tmp_path / "good")
    shutil.move(tmp_path / "good" / "model-00000.parquet", tmp_path / "elsewhere")
    (tmp_path / "good" / "model-00000.parquet").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="link"):
        verify_archive(tmp_path / "good")


def test_names_that_are_taken_are_left_alone(tmp_path):
    lab = filled(tmp_path / "lab", "a")
    (tmp_path / "a.zip").write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        write_archive(lab, tmp_path / "a.zip")
    with pytest.raises(UsageError, match="no folder"):
        write_archive(lab, tmp_path / "none" / "a.zip")
    backup(lab, tmp_path / "copy")
    with pytest.raises(UsageError, match="holds a registry"):
        backup(lab, tmp_path / "copy")
    with pytest.raises(CladistError, match="no registry"):
        backup(tmp_path / "nothing", tmp_path / "other")


def test_a_backup_is_one_moment_while_others_write(tmp_path):
    lab = filled(tmp_path / "lab", "a")
    assay = small_assay(8)
    stop = threading.Event()

    def write() -> None:
        with Registry.open(lab) as registry:
            number = 0
            while not stop.is_set():
                extract(scripted(f"m{number}", assay), assay, registry)
                number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(4):
            backup(lab, tmp_path / f"copy{number}")
            write_archive(lab, tmp_path / f"copy{number}.zip")
    finally:
        stop.set()
        writer.join()
    for number in range(4):
        with Registry.open(tmp_path / f"copy{number}") as registry:
            assert verify(registry, sample=3).sound
            assert registry.models()[0].name == "a"
        import_archive(tmp_path / f"copy{number}.zip", tmp_path / f"unpacked{number}")


def test_verify_finds_changed_answers_vectors_and_links(tmp_path):
    lab = filled(tmp_path / "lab", "a", "b")
    damages = {
        "UPDATE response SET text = 'other' WHERE probe = 2 AND model_id = 1": "responses make",
        "UPDATE dna SET vector = zeroblob(64) WHERE model_id = 1": "hash",
        "UPDATE dna SET usable = 3 WHERE model_id = 1": "responses make",
        "DELETE FROM blocks WHERE model_id = 2": "no blocks",
        "UPDATE response SET state = 'grand'": "state",
        "DELETE FROM model WHERE id = 1": "no model",
        "DROP TRIGGER dna_added": "missing",
        "CREATE TABLE extra (x)": "not this program's",
        "UPDATE protocol SET name = 'x', probes = '{}'": "cannot be read",
    }
    for number, (damage, said) in enumerate(damages.items()):
        copy = tmp_path / f"copy{number}"
        shutil.copytree(lab, copy)
        db = sqlite3.connect(copy / "registry.sqlite")
        db.execute(damage)
        db.commit()
        db.close()
        with Registry.open(copy) as registry:
            result = verify(registry, sample=None)
        assert not result.sound
        assert any(said in f.what for f in result.findings), (damage, result.findings)
