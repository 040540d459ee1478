"""The short version of benchmarks/crash_trials.py: one kill or two of every kind of work."""

from __future__ import annotations

import random
import sys

import pytest
from crashes import SCENARIOS, Extraction, Import, in_child, make_given, trial, undisturbed

from cladist.errors import InputError
from cladist.registry.archive import verify_archive

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="processes are forked and killed as Linux does"
)


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    return make_given(tmp_path_factory.mktemp("crashes") / "given", models=4)


@pytest.mark.filterwarnings("ignore:This process.*fork:DeprecationWarning")
@pytest.mark.parametrize("kind", SCENARIOS)
def test_what_is_killed_is_finished_to_the_same_bytes(kind, given, tmp_path):
    dice = random.Random(f"tests {kind.name}")
    expected = undisturbed(kind(given), tmp_path / "whole")
    seen = trial(kind(given), tmp_path / "killed", dice, *expected)
    assert seen["kills"] + seen["ended before the kill"] > 0


def test_a_trial_notices_what_is_lost(given, tmp_path):
    """The judge is judged: work that forgets or doubles is found out."""

    class Forgetful(Extraction):
        def work(self, folder):
            super().work(folder)
            import sqlite3

            with sqlite3.connect(folder / "lab" / "registry.sqlite") as db:
                db.execute("DELETE FROM response WHERE probe = 7")

    expected = undisturbed(Extraction(given), tmp_path / "whole")
    with pytest.raises(AssertionError):
        trial(Forgetful(given), tmp_path / "lost", random.Random(1), expected[0], 0.0)

    class Broken(Import):
        def work(self, folder):
            raise ZeroDivisionError

    with pytest.raises(AssertionError, match="not cladist's own"):
        in_child(lambda: Broken(given).work(tmp_path))


def test_archives_cut_short_are_refused(given, tmp_path):
    raw = (given / "a.zip").read_bytes()
    dice = random.Random(5)
    for _ in range(60):
        at = dice.randrange(len(raw) - 30)
        (tmp_path / "cut.zip").write_bytes(raw[:at] + bytes(len(raw) - at) * dice.randrange(2))
        with pytest.raises(InputError):
            verify_archive(tmp_path / "cut.zip")
