from __future__ import annotations

from pathlib import Path

import pytest
from made_collections import collection, dna_web, families

from cladist.references.installed import Reference
from cladist.references.obtaining import obtain
from cladist.registry import Registry
from cladist.workflows.identify_model import identify_model
from cladist.workflows.world import ASKED, world, world_folder
from tests.workflows.test_identify_model import Answering


@pytest.fixture
def made(tmp_path: Path) -> tuple[Reference, dict[str, str]]:
    said, prompts, _ = families(4, 2, 12)
    dna_web(tmp_path / "made", said, prompts)
    found = obtain(collection("made", folder=tmp_path / "made"), clone=tmp_path / "made")
    return found, dict(zip(prompts, said["org/f1-m0"], strict=True))


def test_a_reference_that_nobody_was_held_against_is_its_own_world(
    made: tuple[Reference, dict[str, str]],
) -> None:
    assert world(made[0]) == made[0].folder


def test_models_asked_are_beside_those_of_the_reference_and_it_stays_as_it_was(
    made: tuple[Reference, dict[str, str]],
) -> None:
    reference, answers = made
    identify_model(Answering("child", answers))
    identify_model(Answering("org/f1-m0", answers))
    folder = world(reference)
    assert folder == world_folder(reference) and len(reference.models()) == 8
    with Registry.open(folder, create=False) as store:
        names = [m.name for m in store.models()]
        assert names[-2:] == ["child", f"org/f1-m0{ASKED}"] and len(names) == 10
        dnas = {d.model for d in store.dnas(reference.assay())}
        assert {"child", f"org/f1-m0{ASKED}"} <= dnas
        (said,) = store.responses(reference.assay().protocol, ["child"])
        assert set(said.texts()) == set(answers.values())
    assert world(reference) == folder  # and once more changes nothing
    with Registry.open(folder, create=False) as store:
        assert [m.name for m in store.models()] == names


def test_the_copy_of_an_earlier_content_goes(
    made: tuple[Reference, dict[str, str]], tmp_path: Path
) -> None:
    reference, answers = made
    identify_model(Answering("child", answers))
    old = world(reference)
    said, prompts, _ = families(5, 2, 12)
    dna_web(tmp_path / "more", said, prompts)
    entry = collection("made", folder=tmp_path / "more")
    newer = obtain(entry, clone=tmp_path / "more", over=True)
    assert world(newer) != old and not old.exists()
