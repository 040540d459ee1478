"""Estimators keep scikit-learn's own contract; those that take no matrix say so."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

import cladist
from cladist.apply.baselines import FamilyMean, NearestModel, PhyloLMRecipe
from cladist.apply.checks import FeaturesError, UnfittedError
from cladist.apply.questions import QuestionFeatures
from cladist.apply.route_baselines import MatrixFactors, NearestQuestions
from cladist.apply.routing import Router
from cladist.apply.scores import ScorePredictor
from cladist.errors import InputError, UsageError

ESTIMATORS = [ScorePredictor(), FamilyMean(), NearestModel(), PhyloLMRecipe(bounds=None)]
ASKING = [Router(), QuestionFeatures(), NearestQuestions(), MatrixFactors()]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks(ESTIMATORS)
def test_the_contract_of_scikit_learn(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.parametrize("estimator", ASKING, ids=lambda e: type(e).__name__)
def test_what_learns_from_questions_is_exempt_and_has_parameters(estimator: Any) -> None:
    assert get_tags(estimator)._skip_test and not get_tags(estimator).input_tags.two_d_array
    first = next(iter(estimator.get_params()))
    assert type(estimator)(**estimator.get_params()).get_params()[first] == getattr(
        estimator, first
    )


def test_wrong_input_is_an_error_of_both_kinds() -> None:
    with pytest.raises(UnfittedError, match="call fit first") as unfitted:
        NearestModel().predict([[1.0]])
    with pytest.raises(FeaturesError, match="NaN") as wrong:
        NearestModel().fit([[1.0], [float("nan")], [2.0]], [1.0, 2.0, 3.0])
    for problem in (unfitted.value, wrong.value):
        assert isinstance(problem, InputError) and isinstance(problem, ValueError)


def test_a_kinship_test_is_cloned_and_set_and_is_no_estimator() -> None:
    test = cladist.KinshipTest(alpha=0.05, adjust="bh")
    copy = clone(test)
    assert copy is not test and copy.get_params() == {"alpha": 0.05, "adjust": "bh"}
    assert copy.set_params(alpha=0.1).alpha == 0.1 and copy.adjust == "bh"
    for wrong in ({"adjust": "x"}, {"beta": 1}):
        with pytest.raises(UsageError):
            copy.set_params(alpha=0.2, **wrong)
    assert copy.alpha == 0.1 and not isinstance(copy, BaseEstimator)
