from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from git_server import commit_all, serving
from made_collections import WRITERS, collection, dna_web, eq_bench, families

from cladist.core.responses import Response
from cladist.errors import InputError, UsageError
from cladist.formats.labels import DeclaredModel, read_labels
from cladist.references import adding
from cladist.references.adding import aside
from cladist.references.catalogue import Collection
from cladist.references.installed import broken, find, installed, remove
from cladist.references.labels import plain_name
from cladist.references.obtaining import obtain
from cladist.references.panel import open_panel
from cladist.registry import Registry


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    said, prompts, _ = families()
    dna_web(tmp_path / "clone" / "out" / "rand", said, prompts)
    return tmp_path / "clone"


def entry(clone: Path, **changes: Any) -> Collection:
    return replace(collection(folder=clone / "out" / "rand"), **changes)


def test_a_clone_becomes_a_reference(clone: Path) -> None:
    said, prompts, known = families()
    lineage = {plain_name(m): DeclaredModel(f, "g", "2024") for m, f in list(known.items())[:10]}
    made = obtain(entry(clone), clone=clone, lineage=lineage)
    facts = made.facts
    assert (facts.models, facts.prompts, facts.labelled, facts.pinned) == (16, 24, 10, True)
    assert facts.commit == "0" * 40 and facts.asked["temperature"] == "not recorded"
    assert [r.name for r in installed()] == ["made"]
    assay = made.assay()
    with Registry.open(made.folder, create=False) as store:
        assert {m.name for m in store.models()} == set(said)
        (one,) = store.responses(assay.protocol, ["org/f0-m0"])
        texts = {p.text: t for p, t in zip(assay.protocol.probes.probes, one.texts(), strict=True)}
        assert texts == dict(zip(prompts, said["org/f0-m0"], strict=True))
        assert len(store.dnas(assay)) == 16
    assert made.labels is not None
    assert read_labels(made.labels)["org/f0-m0"] == DeclaredModel("family0", "g", "2024")
    assert len(open_panel(made.folder).models) == 16


@pytest.mark.parametrize("layout", WRITERS)
def test_every_layout_becomes_a_reference(tmp_path: Path, layout: str) -> None:
    said, prompts, _ = families(4, 1, 24)
    WRITERS[layout](tmp_path / "c", said, prompts)
    made = obtain(collection(layout=layout, folder=tmp_path / "c"), clone=tmp_path / "c")
    assert (made.facts.models, made.facts.prompts, made.facts.pinned) == (4, 24, True)


def test_over_the_network(clone: Path, home: Path) -> None:
    commit = commit_all(clone)
    with serving(clone) as server:
        made = obtain(entry(clone, address=server.address, commit=commit))
    assert made.facts.models == 16 and made.facts.origin == server.address
    assert list((home / "downloads").iterdir()) == []


def test_another_content_is_used_only_when_told(clone: Path) -> None:
    wanted = entry(clone)
    shutil.rmtree(clone / "out/rand/org_f3-m1")
    with pytest.raises(InputError, match=r"another commit, or was changed.*--unpinned"):
        obtain(wanted, clone=clone)
    assert installed() == []
    made = obtain(wanted, clone=clone, unpinned=True)
    assert not made.facts.pinned and made.facts.commit == "" and made.facts.models == 15


def test_bad_files_are_counted_and_other_prompts_left_out(clone: Path) -> None:
    rand = clone / "out" / "rand"
    (rand / "org_f0-m0" / "responses.json").write_text("{")
    path = rand / "org_f1-m0" / "responses.json"
    data = json.loads(path.read_text("utf-8"))
    data["items"] = [{"prompt": "another", "response": "x"}]
    path.write_text(json.dumps(data))
    made = obtain(entry(clone), clone=clone)
    assert made.facts.models == 14 and made.facts.prompts == 24
    assert "not valid JSON" in made.facts.skipped["org_f0-m0/responses.json"]
    assert "other prompts" in made.facts.skipped["org_f1-m0/responses.json"]


def test_terms_are_to_be_accepted_before_anything_is_fetched(clone: Path, home: Path) -> None:
    wanted = entry(clone, consent="No commercial use.", address="http://127.0.0.1:9/x")
    with pytest.raises(UsageError, match=r"No commercial use.*--accept-licence"):
        obtain(wanted)
    assert not home.exists()
    assert obtain(wanted, clone=clone, accepted=True).facts.models == 16


def test_a_name_is_taken_once(clone: Path) -> None:
    obtain(entry(clone), clone=clone)
    with pytest.raises(UsageError, match="--replace"):
        obtain(entry(clone), clone=clone)
    shutil.rmtree(clone / "out/rand/org_f3-m1")
    assert obtain(entry(clone), clone=clone, over=True).facts.models == 15


def _interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def _full(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("fault", [_interrupt, _full])
@pytest.mark.parametrize("where", ["derive", "fit_panel"])
def test_a_call_that_ends_midway_leaves_what_was_there(
    clone: Path, home: Path, monkeypatch: pytest.MonkeyPatch, where: str, fault: Callable[..., None]
) -> None:
    obtain(entry(clone), clone=clone)
    before = find("made").facts
    monkeypatch.setattr(adding, where, fault)
    with pytest.raises((KeyboardInterrupt, InputError), match=r"No space left|^$"):
        obtain(entry(clone), clone=clone, over=True)
    assert find("made").facts == before
    assert [p.name for p in (home / "references").iterdir()] == ["made"]


def test_leavings_of_a_killed_call_are_cleared_away(home: Path, clone: Path) -> None:
    left = home / "references" / ".adding-99999999-made-x"
    left.mkdir(parents=True)
    with aside("other") as folder:
        assert not left.exists() and folder.is_dir()
    assert (home / "references" / "other").is_dir()


def test_no_disk(clone: Path) -> None:
    with pytest.raises(InputError, match="are free"):
        obtain(entry(clone, size=1 << 60), clone=clone)
    assert installed() == []


def test_texts_from_a_file_make_prompts_askable(tmp_path: Path) -> None:
    said, prompts, _ = families(4, 1, 24)
    eq_bench(tmp_path / "c", said, prompts)
    wanted = collection(layout="eq-bench", folder=tmp_path / "c")
    bare = obtain(wanted, clone=tmp_path / "c")
    assert any("24 prompts are not known" in r for r in bare.facts.remarks)
    texts = {str(i): p for i, p in enumerate(prompts, 1)}
    full = obtain(wanted, clone=tmp_path / "c", prompts=texts, over=True)
    assert {p.id: p.text for p in full.assay().protocol.probes.probes} == texts


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [("format", 0, "format 0"), ("format", 99, "format 99"), ("models", "x", "'models'")],
)
def test_an_older_or_damaged_reference_is_said(
    clone: Path, key: str, value: object, said: str
) -> None:
    made = obtain(entry(clone), clone=clone)
    path = made.folder / "reference.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), key: value}))
    with pytest.raises(InputError, match=f"{said}.*reference remove made"):
        find("made")
    assert installed() == [] and broken()[0][0] == "made"
    assert remove("made") > 0 and broken() == []


def test_a_reference_without_its_registry_or_panel(clone: Path) -> None:
    made = obtain(entry(clone), clone=clone)
    (made.folder / "panel.parquet").write_bytes(b"PAR1 cut off")
    with pytest.raises(InputError, match="no panel"):
        open_panel(made.folder)
    (made.folder / "registry.sqlite").unlink()
    with pytest.raises(InputError, match="registry is missing"):
        find("made")


@pytest.mark.parametrize("name", ["", "..", "../x", ".hidden", "nope", "/etc"])
def test_remove_touches_references_alone(clone: Path, home: Path, name: str) -> None:
    obtain(entry(clone), clone=clone)
    (home / "references" / ".hidden").mkdir()
    with pytest.raises(UsageError):
        remove(name)
    assert find("made").facts.models == 16 and clone.is_dir()


def test_answers_of_blanks_are_empty_and_not_missing(clone: Path) -> None:
    path = clone / "out/rand/org_f0-m0/responses.json"
    data = json.loads(path.read_text("utf-8"))
    data["items"][0]["response"], data["items"][1]["response"] = " ", None
    path.write_text(json.dumps(data))
    made = obtain(entry(clone), clone=clone)
    with Registry.open(made.folder, create=False) as store:
        (one,) = store.responses(made.assay().protocol, ["org/f0-m0"])
    at = {p.text: s for p, s in zip(made.assay().protocol.probes.probes, one.slots, strict=True)}
    assert at[data["items"][0]["prompt"]] == (Response.of(" "),)
    assert at[data["items"][1]["prompt"]] == ()
