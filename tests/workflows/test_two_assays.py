"""Texts and distributions of the same models: which decides, and what each says alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cladist import KinshipTest, catalog
from cladist.cli.main import app
from cladist.errors import UsageError
from cladist.extraction.run import extract
from cladist.kinship.inference.pair_test import KinshipResult
from cladist.models import open_model
from cladist.registry import Registry

FOUNDERS = 9
NAMES = [f"m{k}" for k in range(2 * FOUNDERS)]
URI = "simulated:7/{}?models=36&founders=9&shape=balanced"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry of models that answered both, and of one without texts."""
    root = tmp_path_factory.mktemp("both") / "reg"
    with Registry.open(root) as registry:
        for name in NAMES:
            model = open_model(URI.format(name))
            extract(model, catalog.assay("functional-100"), registry)
            if name != NAMES[-1]:
                extract(model, catalog.assay("cladist"), registry)
    return root


@pytest.fixture
def both(folder: Path) -> Iterator[Registry]:
    with Registry.open(folder, create=False) as registry:
        yield registry


def rows(results: Iterable[KinshipResult]) -> list[str]:
    """Everything that tests came to, NaN equal to NaN."""
    return [repr(asdict(r)) for r in results]


@pytest.mark.parametrize("named", [("functional-100", "cladist"), ("cladist", "functional-100")])
def test_distributions_decide_whichever_is_named_first(
    both: Registry, named: tuple[str, str]
) -> None:
    test = KinshipTest().fit(both, assay=named[0], beside=named[1])
    one = KinshipTest().fit(both, assay="functional-100")
    others = NAMES[1:4]
    assert rows(test.test("m0", others)) == rows(one.test("m0", others))
    assert any("told beside" in r for r in test.remarks_)
    for each in test.alone("m0", others):
        assert [a.decides for a in each] == [True, False]
        assert [a.assay.split("#")[0] for a in each] == ["functional-100", "cladist"]
    texts = KinshipTest().fit(both, assay="cladist").test("m0", others)
    assert rows(each[1].result for each in test.alone("m0", others)) == rows(texts)


def test_an_assay_without_answers_says_nothing_of_the_pair(both: Registry) -> None:
    test = KinshipTest().fit(both, assay="functional-100", beside="cladist")
    (each,) = test.alone("m0", [NAMES[-1]])
    assert [a.decides for a in each] == [True]
    assert KinshipTest().fit(both, assay="cladist").alone("m0", ["m1"]) == [()]


def test_two_of_a_kind_and_other_panels_are_refused(both: Registry, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="same kind of answers"):
        KinshipTest().fit(both, assay="cladist", beside="cladist")
    with pytest.raises(UsageError, match="one registry"):
        KinshipTest().fit(
            both, assay="cladist", beside="functional-100", panel=tmp_path / "p", models=["m0"]
        )


def test_the_command_tells_both(folder: Path) -> None:
    words = ["compare", "kinship", "m0", "m1", "-r", str(folder), "-a", "functional-100"]
    shown = CliRunner().invoke(app, [*words, "--with", "cladist"])
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.count("  alone     ") == 2
    told = json.loads(CliRunner().invoke(app, [*words, "--with", "cladist", "--json"]).stdout)
    assert [len(each) for each in told["alone"]] == [2]
    plain = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert "alone" not in plain
    assert plain["results"] == told["results"]
    refused = CliRunner().invoke(app, [*words, "--with", "cladist", "--ask"])
    assert isinstance(refused.exception, UsageError)
