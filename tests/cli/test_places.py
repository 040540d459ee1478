"""Where nothing can be written is said before anything is measured."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cladist.cli.main import app
from tests.support.synthetic import make_registry

COMMANDS = (
    ("compare", "distances", "--out", "{gone}/d.csv"),
    ("map", "--plot", "{gone}/m.svg"),
    ("map", "--out", "{gone}/m.csv"),
    ("map", "atlas", "--out", "{foreign}"),
    ("tree", "--out", "{gone}/t.nwk"),
    ("tree", "--plot", "{gone}/t.svg"),
    ("tree", "ancestry", "--out", "{gone}/a.csv"),
    ("tree", "network", "--out", "{gone}/n.nex"),
)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lab") / "lab"
    make_registry(folder, 6)
    return folder


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_place_that_is_not_there_is_refused_before_any_work(
    lab: Path, tmp_path: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(*_: object, **__: object) -> None:
        raise AssertionError("work began")

    for place in ("cladist.fitting.fit_panel", "cladist.compare.fitted_panel"):
        monkeypatch.setattr(place, work)
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "mine.txt").write_text("mine")
    names = {"gone": tmp_path / "gone", "foreign": tmp_path / "foreign"}
    done = CliRunner().invoke(app, [*(w.format(**names) for w in words), "-r", str(lab)])
    assert done.exit_code != 0 and not isinstance(done.exception, AssertionError)
    said = f"{done.output}{done.exception}"
    assert "no folder" in said or "no part of an atlas" in said
    assert (tmp_path / "foreign" / "mine.txt").read_text() == "mine"
