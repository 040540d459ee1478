"""Lists of strangers: counted as the tool would judge them, makers alike in weight."""

from __future__ import annotations

import math

import numpy as np

import cladist
from cladist.kinship.inference.calibration import calibrate
from cladist.kinship.inference.decision import adjust
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.pairs import PairEvidence, Pairwise
from cladist.kinship.inference.searched import lists_with_strangers

MAKERS = 40


def strangers() -> tuple[PairEvidence, Labels]:
    """Forty makers of one to five models that have nothing in common but chance."""
    draw = np.random.default_rng(4)
    names = [f"maker {k}" for k in range(MAKERS) for _ in range(1 + k % 5)]
    n = len(names)
    halves = [np.triu(draw.normal(size=(n, n)), 1) for _ in range(2)]
    even, odd = (Pairwise(h + h.T) for h in halves)
    both, nothing = Pairwise((even[:] + odd[:]) / 2), Pairwise(np.zeros((n, n)))
    digest = tuple(k.to_bytes(16, "little") for k in range(n))
    return PairEvidence(
        tuple(map(str, range(n))), both, both, (even, odd), nothing, nothing,
        np.ones((n, 4), np.bool_), digest, np.zeros(n, np.bool_),
    ), Labels(tuple(names))  # fmt: skip


def test_lists_are_judged_as_the_tool_judges_them() -> None:
    pairs, labels = strangers()
    fitted = calibrate(pairs, labels)
    names, n = np.array(labels.makers), len(labels.makers)
    for alpha in (0.05, 0.2):
        said: dict[str, list[bool]] = {}
        for i in range(n):
            apart = np.flatnonzero(names != names[i])
            nearest = sorted(apart, key=lambda k: -pairs.combined[i, k])[:10]
            p = fitted.p(pairs, np.full(10, i), np.array(nearest))
            said.setdefault(names[i], []).append(bool((adjust(p.tolist()) <= alpha).any()))
        expected = np.mean([np.mean(s) for s in said.values()])
        found = lists_with_strangers(pairs, fitted, labels, np.ones(n, np.bool_), 10, alpha)
        assert found == expected
        assert alpha < found < 1, "the head of a list was searched for"


def test_models_without_a_maker_or_that_say_nothing_take_no_part() -> None:
    pairs, labels = strangers()
    n = len(labels.makers)
    speaks = np.arange(n) != 3
    hidden = Labels(tuple("" if k == 7 else f for k, f in enumerate(labels.families)))
    fitted = calibrate(pairs, hidden, speaks)
    found = lists_with_strangers(pairs, fitted, hidden, speaks, 5, 0.2)
    quiet = Labels(tuple("" if k == 3 else f for k, f in enumerate(hidden.families)))
    assert found == lists_with_strangers(pairs, fitted, quiet, np.ones(n, np.bool_), 5, 0.2) > 0
    alone = Labels(tuple("one" if k < 4 else "" for k in range(n)))
    assert math.isnan(lists_with_strangers(pairs, fitted, alone, speaks, 5, 0.2))


def test_a_list_with_a_relative_says_what_its_search_does() -> None:
    with cladist.toy_registry() as lab:
        told = cladist.neighbors(lab, "m00-chat", 2, labels=cladist.toy_families())
        untold = cladist.neighbors(lab, "m00-chat", 2)
    share = told.to_dict()["lists_with_strangers"]
    assert 0 <= share <= 1
    assert "in this panel up to" in told.searched() and "choice from" in told.searched()
    assert untold.to_dict()["lists_with_strangers"] is None
    assert "in this panel" not in untold.searched()
