from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from cladist.core.responses import Response
from cladist.errors import InputError, UsageError
from cladist.extraction.run import extract
from cladist.formats.labels import DeclaredModel
from cladist.references.installed import find, installed
from cladist.references.sharing import Terms, add_file, build_file
from cladist.registry import Registry
from tests.conftest import ScriptedModel, small_assay


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    assay = small_assay(12)
    with Registry.open(tmp_path / "lab") as registry:
        for name in ("a", "b", "c"):
            answers = {p.text: Response.of(f"{name} {p.id}") for p in assay.protocol.probes.probes}
            extract(ScriptedModel(name, answers), assay, registry)
    return tmp_path / "lab"


def test_one_file_there_and_back(lab: Path, tmp_path: Path) -> None:
    file = tmp_path / "ours.cladref"
    built = build_file(lab, file, Terms("ours", "CC-BY-4.0"), lineage={"a": DeclaredModel("x")})
    assert (built.facts.models, built.facts.labelled) == (3, 1)
    made = add_file(file)
    assert made.facts.licence == "CC-BY-4.0" and [r.name for r in installed()] == ["ours"]
    assay = made.assay()
    with Registry.open(lab) as old, Registry.open(made.folder, create=False) as new:
        was = [r.texts() for r in old.responses(assay.protocol)]
        assert [r.texts() for r in new.responses(assay.protocol)] == was
        assert {m.uri for m in new.models()} == {"recorded:a", "recorded:b", "recorded:c"}
    with pytest.raises(UsageError, match="--replace"):
        add_file(file)
    assert add_file(file, over=True).facts.models == 3


def test_a_shared_file_needs_a_licence_and_a_new_name(lab: Path, tmp_path: Path) -> None:
    file = tmp_path / "x"
    with pytest.raises(UsageError, match="licence"):
        build_file(lab, file, Terms("x", " "))
    file.write_text("mine")
    with pytest.raises(UsageError, match="exists"):
        build_file(lab, file, Terms("x", "MIT"))
    assert file.read_text() == "mine"


def test_changed_files_are_refused_and_leave_nothing(lab: Path, tmp_path: Path) -> None:
    file = tmp_path / "ours.cladref"
    build_file(lab, file, Terms("ours", "MIT"))
    raw = file.read_bytes()
    bad = tmp_path / "bad.cladref"
    bad.write_bytes(raw[: len(raw) // 2])
    with pytest.raises(InputError, match="no reference"):
        add_file(bad)
    middle = raw.index(b"PAR1") + 40
    bad.write_bytes(raw[:middle] + bytes([raw[middle] ^ 1]) + raw[middle + 1 :])
    with pytest.raises(InputError, match=r"damaged|changed"):
        add_file(bad)
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(bad, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(
                name, text.replace(b'"format": 1', b'"format": 7') if "json" in name else text
            )
    with pytest.raises(InputError, match="format 7"):
        add_file(bad)
    with zipfile.ZipFile(bad, "a") as more:
        more.writestr("../../evil", "x")
    with pytest.raises(InputError, match="no reference"):
        add_file(bad)
    assert installed() == [] and not (tmp_path / "evil").exists()


def test_a_reference_of_asked_models_is_asked_as_they_were(lab: Path, tmp_path: Path) -> None:
    build_file(lab, tmp_path / "f", Terms("ours", "MIT"))
    add_file(tmp_path / "f")
    assert find("ours").assay().protocol.digest == small_assay(12).protocol.digest
