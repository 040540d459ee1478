"""The bundle: the same bytes, no harm from names, and nobody's files lost."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path

import pytest

from cladist.atlas import bundle, documents
from cladist.atlas.bundle import MANIFEST, write_bundle
from cladist.atlas.columns import Column, columns_of, read_metadata, shortened
from cladist.atlas.documents import answers, written
from cladist.core.responses import Response, ResponseSet
from cladist.errors import InputError
from cladist.registry import Registry
from tests.atlas.conftest import COUNT, Lab
from tests.support.synthetic import HOSTILE

CALL = re.compile(r'cladistDocument\("([a-z]+(?:/\d+)?)",(\{.*\})\);\n')


@pytest.fixture(autouse=True)
def page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bundles do not depend on what the page is."""
    monkeypatch.setattr(bundle, "page_file", lambda name, source: f"{name} {source}".encode())


def write(lab: Lab, folder: Path, **wishes: bool) -> bundle.Bundle:
    with Registry.open(lab.folder, create=False) as store:
        return write_bundle(lab.atlas, store, folder, **wishes)


def read(folder: Path, name: str) -> dict:  # type: ignore[type-arg]
    text = (folder / "data" / f"{name}.js").read_text(encoding="ascii")
    match = CALL.fullmatch(text)
    assert match is not None and match.group(1) == name
    found = json.loads(match.group(2))
    assert isinstance(found, dict)
    return found


def contents(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def test_all_documents_are_there_and_fit_together(lab: Lab, tmp_path: Path) -> None:
    found = write(lab, tmp_path / "out")
    files = contents(tmp_path / "out")
    assert found.files == len(files) == 3 + 2 + 2 * COUNT + 1
    assert found.size == sum(len(raw) for name, raw in files.items() if name != MANIFEST)
    assert files["index.html"] == b"index.html static"
    head = read(tmp_path / "out", "atlas")
    assert head["format"] == "cladist-atlas" and head["version"] == 2
    assert head["documents"] == {"models": True, "answers": True}
    assert len(head["models"]["name"]) == COUNT
    for column in head["models"]["columns"]:
        assert len(column["values"]) == COUNT
    kinds = {c["key"]: c["kind"] for c in head["models"]["columns"]}
    assert kinds["family"] == kinds["organisation"] == "category"
    assert kinds["score"] == kinds["parameters"] == "number" and kinds["released"] == "date"
    for drawn in head["maps"]:
        assert len(drawn["x"]) == len(drawn["y"]) == COUNT
        assert all(-1 <= v <= 1 for v in (*drawn["x"], *drawn["y"]))
    assert sorted(re.findall(r"m(\d+)", head["tree"]["newick"]), key=int) == [
        str(i) for i in range(COUNT)
    ]
    assert sorted(re.findall(r"m(\d+)", head["declared"]["newick"]), key=int) == [
        str(i) for i, m in enumerate(lab.models) if "\0" not in m.name
    ]
    probes = read(tmp_path / "out", "probes")
    model, said = read(tmp_path / "out", "model/20"), read(tmp_path / "out", "answers/20")
    assert len(probes["id"]) == len(probes["text"]) == len(said["text"]) == len(said["state"]) == 24
    assert said["text"] == list(lab.models[20].answers)
    assert model["index"] == 20 and model["name"] == lab.models[20].name
    assert model["metadata"]["foundation"] == lab.models[20].family
    assert model["provenance"]["usable"] == 24 and model["provenance"]["states"] == {"ok": 24}
    distances = [r["distance"] for r in model["relatives"]]
    assert distances == sorted(distances) and len(distances) == 10
    assert [e["other"] for e in model["evidence"]] == [r["index"] for r in model["relatives"][:5]]
    assert abs(sum(c["probability"] for c in model["foundation"]["candidates"]) - 1) < 0.02


def test_hostile_text_stays_text(lab: Lab, tmp_path: Path) -> None:
    write(lab, tmp_path / "out")
    for name, raw in contents(tmp_path / "out").items():
        if name.startswith("data/"):
            text = raw.decode("ascii")
            assert "<" not in text and ">" not in text and "&" not in text
            assert text.count("\n") == 1 and "\0" not in text
            assert CALL.fullmatch(text), name
    names = read(tmp_path / "out", "atlas")["models"]["name"]
    for number, hostile in enumerate(HOSTILE):
        assert names[number] == shortened(hostile, 200)
        assert read(tmp_path / "out", f"model/{number}")["name"] == hostile
        assert read(tmp_path / "out", f"answers/{number}")["text"][-1] == shortened(hostile, 4_000)


def test_written_data_cannot_leave_their_script() -> None:
    nasty = {"a": "</script><!--\u2028\u2029&amp;\ud800\x00"}
    text = written(nasty)
    assert text.isascii() and not set(text) & set("<>&\n\0")
    assert json.loads(text) == nasty
    with pytest.raises(ValueError, match="JSON"):
        written({"a": float("nan")})


def test_same_atlas_same_bytes_and_a_new_one_replaces_the_old(lab: Lab, tmp_path: Path) -> None:
    write(lab, tmp_path / "a")
    first = contents(tmp_path / "a")
    write(lab, tmp_path / "b")
    assert contents(tmp_path / "b") == first
    small = write(lab, tmp_path / "a", answers=False)
    assert small.left_out == ("answers",) and not small.answers
    assert not (tmp_path / "a/data/answers").exists()
    assert "leaves out answers" in read(tmp_path / "a", "atlas")["remarks"][-1]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b"]


def test_too_many_models_for_pages(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "MOST_PAGES", 10)
    monkeypatch.setattr(bundle, "MOST_ANSWERS", 10)
    found = write(lab, tmp_path / "out")
    assert found.files == 6 and len(found.left_out) == 2
    assert read(tmp_path / "out", "atlas")["documents"] == {"models": False, "answers": False}


def test_foreign_folders_stay_as_they_are(lab: Lab, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match=r"holds 'thesis.txt'"):
        write(lab, mine)
    assert contents(mine) == {"thesis.txt": b"years of work"}
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(InputError, match="is no folder"):
        write(lab, file)
    out = tmp_path / "out"
    out.mkdir()
    write(lab, out)  # an empty one is taken
    (out / "data" / "notes.txt").write_text("added later")
    before = contents(out)
    with pytest.raises(InputError, match=r"notes.txt"):
        write(lab, out)
    assert contents(out) == before
    (out / "data" / "notes.txt").unlink()
    (out / "link").symlink_to(mine)
    with pytest.raises(InputError, match="link"):
        write(lab, out)
    assert (mine / "thesis.txt").exists()
    for manifest in (
        "[]",
        "{}",
        '{"format": "cladist-atlas"}',
        "\xff",
        '{"format": 3, "files": 3}',
    ):
        (out / "link").unlink(missing_ok=True)
        (out / MANIFEST).write_bytes(manifest.encode("latin-1"))
        with pytest.raises(InputError, match="no part of an atlas"):
            write(lab, out)
    nested = tmp_path / "nested"
    (nested / "empty").mkdir(parents=True)
    with pytest.raises(InputError, match="holds folders"):
        write(lab, nested)


def test_a_write_that_fails_leaves_the_old_bundle(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(lab, tmp_path / "out")
    before = contents(tmp_path / "out")

    def full(folder: Path, raw: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match="No space left"):
        write(lab, tmp_path / "out")
    monkeypatch.undo()
    assert contents(tmp_path / "out") == before
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_answers_that_are_missing_or_long() -> None:
    slots = ((Response.of("x" * 9_000),), (), (Response.error("timeout"),), (Response.of(" "),))
    found = answers(ResponseSet("m", ("a", "b", "c", "d"), slots))
    assert found["state"] == ["ok", "missing", "error", "empty"]
    assert found["text"][1:] == [None, "", " "]
    assert len(found["text"][0]) == 4_000 and found["text"][0].endswith("…")


def test_columns_tell_their_kind() -> None:
    rows = [
        {"year": "2021", "size": "7", "family": "x", "when": "2024-02-30", "seen": "2024-02",
         "context": "2048", "odd": "1_000", "n": "nan", "blank": " "},
        {"year": "2022", "size": "1.5e9", "family": "y", "when": "2024-02-01", "seen": "2023",
         "context": "1999", "odd": "٣", "n": "inf"},
    ]  # fmt: skip
    columns, left = columns_of(rows)
    kinds = {c.key: c.kind for c in columns}
    assert kinds == {
        "year": "date", "size": "number", "declared_family": "category", "when": "category",
        "seen": "date", "context": "number", "odd": "category", "n": "category",
    }  # fmt: skip
    assert left == ""
    assert next(c for c in columns if c.key == "size").values == (7, 1_500_000_000)
    many, left = columns_of([{f"c{k}": "1" for k in range(90)}])
    assert len(many) == 60 and left.startswith("30 ")
    assert columns_of([{"a": "x" * 999}, {}])[0] == [
        Column("a", "a", "category", ("x" * 199 + "…", None))
    ]


def test_metadata_files(tmp_path: Path) -> None:
    path = tmp_path / "models.csv"
    for mark in (",", ";", "\t"):
        text = "\ufeffModel,org,seen\na,X,N/A\nb\n,,\n".replace(",", mark)
        path.write_text(text, encoding="utf-8")
        assert read_metadata(path) == {"a": {"org": "X"}, "b": {}}
    for text, message in (
        ("name,org\n", "column model"),
        ("model,org\na,1\na,2\n", "line 3: 'a' stands there twice"),
        ("model,org\na,X,surplus\n", "line 2: 3 cells where the header has 2"),
        ('model\n"a', "not a CSV"),
    ):
        path.write_text(text)
        with pytest.raises(InputError, match=message):
            read_metadata(path)
    path.write_bytes(b"model\n\xff\n")
    with pytest.raises(InputError, match="not UTF-8"):
        read_metadata(path)


def test_an_ended_program_leaves_nothing(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(found: ResponseSet) -> documents.Document:
        assert len(list(tmp_path.iterdir())) == 2
        os.kill(os.getpid(), signal.SIGTERM)
        return answers(found)

    write(lab, tmp_path / "out")
    before, heard = contents(tmp_path / "out"), signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(documents, "answers", ended)
    with pytest.raises(SystemExit):
        write(lab, tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert contents(tmp_path / "out") == before
    assert signal.getsignal(signal.SIGTERM) is heard
