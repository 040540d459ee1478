from __future__ import annotations

from pathlib import Path

import pytest
from made_collections import RAW, families

from cladist.errors import UsageError
from cladist.references.installed import find
from cladist.workflows.identify_model import identify_model
from cladist.workflows.world import beside_reference
from tests.workflows.test_identify_model import Answering, add, descendant

MADE = families(24, 2, 16)


def test_a_model_that_was_asked_stands_among_the_reference_and_no_other_asked_one(
    tmp_path: Path,
) -> None:
    add(tmp_path, *MADE, "made", RAW)
    for name in ("child", "other"):
        identify_model(Answering(name, descendant(MADE, "org/f5-m1")))
    found = beside_reference(find("made"), "child")
    assert (found.name, found.others) == ("child", frozenset({"other"}))
    assert found.length == 0  # nothing was cut by a limit
    with pytest.raises(UsageError, match="'nobody' was not held against made"):
        beside_reference(find("made"), "nobody")


def test_answers_in_a_registry_of_the_users_are_found_there(tmp_path: Path) -> None:
    add(tmp_path, *MADE, "made", RAW)
    identify_model(Answering("child", descendant(MADE, "org/f5-m1")), registry=tmp_path / "lab")
    assert beside_reference(find("made"), "child", asked=tmp_path / "lab").name == "child"
    with pytest.raises(UsageError, match="ask it with"):
        beside_reference(find("made"), "child")
