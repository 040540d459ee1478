from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_collections import WRITERS, families

from cladist.errors import UsageError
from cladist.references.files import FolderFiles
from cladist.references.layouts import Answers, Item, Skipped, layout


def read(folder: Path, name: str) -> list[Item]:
    files, chosen = FolderFiles(folder), layout(name)
    return list(chosen.read(files, [p for p in files.paths() if chosen.wanted(p)]))


@pytest.mark.parametrize("name", WRITERS)
def test_every_model_and_answer_is_read(tmp_path: Path, name: str) -> None:
    said, prompts, _ = families(4, 1, 12)
    WRITERS[name](tmp_path, said, prompts)
    found = read(tmp_path, name)
    assert all(isinstance(f, Answers) for f in found)
    by_name = {f.model: f for f in found if isinstance(f, Answers)}
    plain = {m.replace("/", "_") if name == "alpaca-eval" else m: t for m, t in said.items()}
    assert {m: sorted(map(str, f.answers.values())) for m, f in by_name.items()} == {
        m: sorted(t) for m, t in plain.items()
    }
    texts = next(iter(by_name.values())).prompts
    assert sorted(texts.values()) == ([] if name == "eq-bench" else sorted(prompts))


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("bad", [b"{not json", b"\xff\xfe\x00", b"[]", b'{"items": 3}', b"5"])
def test_a_bad_file_is_left_out_and_said(tmp_path: Path, name: str, bad: bytes) -> None:
    said, prompts, _ = families(3, 1, 12)
    WRITERS[name](tmp_path, said, prompts)
    victim = sorted(p for p in tmp_path.rglob("*") if p.is_file() and "dna.json" not in p.name)[0]
    victim.write_bytes(bad)
    found = read(tmp_path, name)
    skipped = [f for f in found if isinstance(f, Skipped)]
    assert len(found) - len(skipped) == 2
    assert len(skipped) == 1, found
    assert victim.name in skipped[0].source and skipped[0].reason


def test_prompts_are_told_apart_by_their_text(tmp_path: Path) -> None:
    said, prompts, _ = families(2, 1, 12)
    WRITERS["dna-web"](tmp_path, said, prompts)
    path = tmp_path / "org_f0-m0" / "responses.json"
    data = json.loads(path.read_text("utf-8"))
    data["items"].reverse()
    path.write_text(json.dumps(data), "utf-8")
    a, b = (f for f in read(tmp_path, "dna-web") if isinstance(f, Answers))
    assert a.prompts == b.prompts and a.answers.keys() == b.answers.keys()


def test_the_folder_names_a_model_whose_file_says_another_name(tmp_path: Path) -> None:
    said, prompts, _ = families(1, 1, 12)
    WRITERS["dna-web"](tmp_path, said, prompts)
    (tmp_path / "org_f0-m0").rename(tmp_path / "org_other")
    (found,) = read(tmp_path, "dna-web")
    assert isinstance(found, Answers) and found.model == "org_other"


def test_of_several_runs_of_a_model_the_longest_is_used(tmp_path: Path) -> None:
    said, prompts, _ = families(1, 1, 12)
    WRITERS["can-ai-code"](tmp_path, said, prompts)
    (whole,) = (tmp_path / "family").iterdir()
    part = whole.with_name(whole.name.replace("_17", "_18"))
    part.write_text("".join(whole.read_text("utf-8").splitlines(keepends=True)[:3]), "utf-8")
    found = read(tmp_path, "can-ai-code")
    (kept,) = (f for f in found if isinstance(f, Answers))
    (other,) = (f for f in found if isinstance(f, Skipped))
    assert len(kept.answers) == 12 and part.name in other.source and "another run" in other.reason


def test_an_unknown_layout_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="dna-web"):
        layout("nope")
