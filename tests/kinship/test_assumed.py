"""What is claimed of models that may have been asked differently from those beside them."""

from __future__ import annotations

import pytest
from made_families import population

from cladist.kinship.inference.assumed import no_exclusion, seen_greedy
from cladist.kinship.inference.decision import PairFacts, Policy, decide
from cladist.kinship.inference.facts import gatherer
from cladist.kinship.inference.family_sets import family_set, fit_sets
from cladist.kinship.inference.identify import fit_identifier, identify
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.pairs import pair_evidence

TOLD = ("temperature", "top-p")


def test_nobody_is_excluded_where_a_setting_is_in_doubt() -> None:
    models, names = population(families=12, members=4, kept=0.6)
    pairs, labels = pair_evidence(models), Labels(tuple(names))
    sets = fit_sets(pairs, labels)
    found = identify(pairs, labels, fit_identifier(pairs, labels), models[0].model)
    plain = family_set(pairs, labels, sets, found)
    doubted = family_set(pairs, labels, sets, found, refused=no_exclusion(TOLD))
    assert len(plain.families) < 12 and not plain.refused
    assert set(doubted.families) == set(names) and doubted.none
    assert "temperature and top-p of the recorded answers may have been another" in str(doubted)
    assert family_set(pairs, labels, sets, found, refused=no_exclusion(())) == plain


def test_no_pair_is_unrelated_where_only_one_was_asked_so() -> None:
    models, names = population(families=12, members=4, kept=0.6)
    pairs, labels = pair_evidence(models), Labels(tuple(names))
    plain = gatherer(models, pairs, labels)
    one, other = models[0].model, models[-1].model
    doubting = gatherer(
        models, pairs, labels, calibration=plain.calibration, doubted={one: ("temperature",)}
    )
    rows, policy = range(1, len(models)), Policy(0.02, 0.1)  # 12 families carry no less
    assert any(plain.decide(0, j, policy).verdict == "unrelated" for j in rows)
    for j in rows:
        before, after = plain.decide(0, j, policy), doubting.decide(0, j, policy)
        assert after.verdict != "unrelated" and after.p == before.p
        assert (after.verdict == "related") == (before.verdict == "related")
        if before.verdict == "unrelated":
            assert "their temperature may differ, so nobody is called" in after.sentence
        assert doubting.facts(j, 0).doubts == ("temperature",)
    both = {one: ("temperature",), other: ("temperature",)}
    alike = gatherer(models, pairs, labels, calibration=plain.calibration, doubted=both)
    assert alike.facts(0, len(models) - 1) == plain.facts(0, len(models) - 1)


@pytest.mark.parametrize(
    ("digests", "silent", "seen"),
    [
        ([b"a", b"a", b"b", b"b", b"c"], (), True),
        ([b"a", b"a", b"a", b"b", b"c"], (), False),  # one model's answers, three times
        ([b"a", b"a", b"b", b"b", b"c"], (3,), False),  # one of them says the same to all
        ([], (), False),
    ],
)
def test_greedy_answers_are_seen_by_those_that_are_the_same(
    digests: list[bytes], silent: tuple[int, ...], seen: bool
) -> None:
    assert seen_greedy(digests, [k not in silent for k in range(len(digests))]) is seen


def test_the_sentence_of_a_doubted_pair_says_which_setting() -> None:
    facts = PairFacts("a", "b", 40, p=0.5, floor=0.001, doubts=TOLD)
    assert "their temperature and top-p may differ" in decide(facts).sentence
