"""Routing: expected accuracies are calibrated, DNA stands in for records, choices keep rules."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

from cladist.apply.decisions import best_value, calibration_error, choose, frontier
from cladist.apply.questions import QuestionFeatures, Questions, lexical_vectors
from cladist.apply.route_baselines import MatrixFactors, NearestQuestions
from cladist.apply.route_evaluation import deal_questions, expected_unseen
from cladist.apply.routing import Router, check_records
from cladist.errors import InputError

from .made import routed


def test_unseen_questions_are_expected_well_and_calibrated() -> None:
    records, questions, *_ = routed()
    router = Router(components=3, neighbours=10)
    expected = expected_unseen(router, records, questions)
    means = np.repeat(records.mean(1)[:, None], len(questions), axis=1)
    assert roc_auc_score(records.ravel(), expected.ravel()) > 0.03 + roc_auc_score(
        records.ravel(), means.ravel()
    )
    assert calibration_error(expected, records) < 0.04
    assert np.array_equal(expected, expected_unseen(clone(router), records, questions))


def test_a_question_never_meets_its_own_record() -> None:
    records, questions, *_ = routed(models=6, count=60)
    before = expected_unseen(Router(), records, questions)
    part = deal_questions(60)[0]
    changed = records.copy()
    changed[:, part] = 1 - changed[:, part]
    assert np.array_equal(before[:, part], expected_unseen(Router(), changed, questions)[:, part])


def test_dna_stands_in_for_records_of_new_models() -> None:
    records, questions, skill, features, groups = routed(models=30)
    old, new = np.arange(24), np.arange(24, 30)
    router = Router(components=3).fit(records[old], questions, features[old], groups[:24])
    assert 0 in router.predictors_
    by_dna = [router.join(features[m]) for m in new]
    assert all(s.dna and s.records == 0 for s in by_dna)
    guess = np.array([s.mean[0] for s in by_dna])
    assert np.corrcoef(guess, skill[new])[0, 1] > 0.9
    blind = router.join()
    assert not blind.dna
    assert blind.covariance[0, 0] > 2 * by_dna[0].covariance[0, 0]
    truth = records[new].mean(1)
    error = np.abs(router.expected(by_dna, questions).mean(1) - truth).mean()
    assert error < 0.5 * np.abs(router.expected([blind], questions).mean() - truth).mean()


def test_records_overrule_dna_and_nothing_else_moves() -> None:
    records, questions, _, features, groups = routed()
    router = Router(components=3).fit(records, questions, features, groups)
    before = [s.mean.copy() for s in router.skills_]
    wrong_dna = features.max(0)
    always_wrong = np.zeros(len(questions))
    found = router.join(wrong_dna, always_wrong, questions)
    assert found.records == len(questions)
    assert router.expected([found], questions).mean() < 0.2
    few = np.where(np.arange(len(questions)) < 4, 0.0, np.nan)
    between = router.join(wrong_dna, few, questions)
    assert found.mean[0] < between.mean[0] < router.join(wrong_dna).mean[0]
    assert all(np.array_equal(a, s.mean) for a, s in zip(before, router.skills_, strict=True))


def test_dna_that_tells_nothing_is_not_used() -> None:
    records, questions, *_, groups = routed()
    noise = np.random.default_rng(5).normal(size=(len(records), 4))
    router = Router(components=2).fit(records, questions, noise, groups)
    assert 0 not in router.predictors_


def test_missing_records_graded_records_and_models_without_dna() -> None:
    records, questions, _, features, _ = routed(models=8, count=60)
    graded = np.where(records == 1, 0.8, 0.3)
    graded[0, 5:] = np.nan
    graded[1] = np.nan
    features = features.copy()
    features[2] = np.nan
    router = Router().fit(graded, questions, features)
    assert [s.records for s in router.skills_[:3]] == [5, 0, 60]
    assert not router.skills_[2].dna
    expected = router.expected(router.skills_, questions)
    assert ((expected > 0.2) & (expected < 0.9)).all()


def test_baselines_learn() -> None:
    records, questions, *_ = routed()
    half = np.arange(80)
    past, new = questions.take(half), questions.take(np.arange(80, 160))
    for made in (NearestQuestions(10), MatrixFactors(2, 4)):
        expected = made.fit(records[:, :80], past).expected(new)
        assert roc_auc_score(records[:, 80:].ravel(), expected.ravel()) > 0.7


def test_choices_keep_their_rule() -> None:
    expected = np.array([[0.5, 0.9, 0.2], [0.7, 0.95, 0.3], [0.8, 0.96, 0.4]])
    costs = [1.0, 1.0, 5.0]
    assert choose(expected, None).tolist() == [2, 2, 2]
    assert choose(expected, costs, 0.6).tolist() == [1, 1, 2]
    assert choose(expected, costs, 0.6, "abstain").tolist() == [1, 1, -1]
    assert best_value(expected, costs, 0.0).tolist() == [2, 2, 2]
    assert best_value(expected, costs, 1.0).tolist() == [1, 1, 1]
    points = frontier(expected, costs, np.ones((3, 3)))
    assert [p.cost for p in points] == sorted(p.cost for p in points)
    assert [p.expected for p in points] == sorted(p.expected for p in points)
    assert points[-1].expected == pytest.approx(expected[2].mean())
    assert all(p.actual == 1 for p in points)


@pytest.mark.parametrize(
    ("costs", "threshold", "message"),
    [
        (None, 0.5, "needs the costs"),
        ([1.0], 0.5, "1 costs for 2"),
        ([1.0, float("nan")], 0.5, "have no cost"),
        ([1.0, -1.0], 0.5, "negative"),
        ([1.0, 1.0], 1.5, "no expected accuracy"),
    ],
)
def test_bad_choices_are_told(costs, threshold: float, message: str) -> None:
    with pytest.raises(InputError, match=message):
        choose(np.full((2, 3), 0.5), costs, threshold)


def test_bad_records_are_told() -> None:
    records, questions, *_ = routed(models=4, count=30)
    for bad, message in (
        (records[:, :-1], "shape"),
        (records * 3, "grade"),
        (np.full_like(records, np.nan), "not a single"),
    ):
        with pytest.raises(InputError, match=message):
            check_records(bad, questions)
    with pytest.raises(InputError, match="two models"):
        Router().fit(np.vstack([records[:1], np.full((1, 30), np.nan)]), questions)
    with pytest.raises(InputError, match="too few"):
        Router().fit(records[:, :5], questions.take(np.arange(5)))
    with pytest.raises(InputError, match="not fitted"):
        Router().join()
    fitted = Router().fit(records, questions)
    with pytest.raises(InputError, match="same encoder"):
        fitted.expected(fitted.skills_, Questions(("x",), np.ones((1, 3))))
    with pytest.raises(InputError, match="without the questions"):
        fitted.join(records=records[0])


def test_all_right_is_no_reason_to_fail() -> None:
    _, questions, *_ = routed(models=4, count=30)
    router = Router().fit(np.ones((4, 30)), questions)
    assert (router.expected(router.skills_, questions) > 0.9).all()


def test_question_features_leave_out_the_question_itself() -> None:
    _, questions, *_ = routed(count=50)
    easy = np.zeros(50)
    easy[7] = 1.0
    made = QuestionFeatures(2, 5)
    inside = made.fit_transform(questions, easy)
    assert inside[7, -1] == inside[:, -1].min()
    assert (inside[:, 0] == 1).all()
    assert np.abs(inside[:, 1:]).max() <= 3
    one, same = lexical_vectors(["a word", "other words"]), lexical_vectors(["a word"])
    assert one[0] == pytest.approx(same[0])
    assert np.linalg.norm(one, axis=1) == pytest.approx([1, 1])
