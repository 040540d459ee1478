from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_families import population, taught

from cladist.errors import InputError
from cladist.kinship.inference.identify import fit_identifier, identify
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.pairs import PairEvidence, pair_evidence


@pytest.fixture(scope="module")
def panel() -> tuple[PairEvidence, Labels]:
    models, names = population(families=12, members=4, kept=0.6)
    return pair_evidence(models), Labels(tuple(names))


def test_a_family_is_named_and_its_absence_is_noticed(panel: tuple[PairEvidence, Labels]) -> None:
    pairs, labels = panel
    right = absent = 0
    for f in range(12):
        model = f"f{f}-m0"
        fitted = fit_identifier(pairs, labels, without=model)
        found = identify(pairs, labels, fitted, model)
        right += found.families[0] == f"family{f}" and found.probabilities[0] > found.none
        assert sum(found.probabilities) + found.none == pytest.approx(1)
        assert list(found.probabilities) == sorted(found.probabilities, reverse=True)
        gone = identify(pairs, labels, fitted, model, without=[f"family{f}"])
        assert f"family{f}" not in gone.families
        absent += gone.none > gone.probabilities[0]
    assert right >= 10
    assert absent >= 10


def test_its_own_label_does_not_help(panel: tuple[PairEvidence, Labels]) -> None:
    pairs, labels = panel
    wrong = Labels(("family5", *labels.families[1:]))
    fitted = fit_identifier(pairs, wrong, without="f0-m0")
    assert identify(pairs, wrong, fitted, "f0-m0").families[0] == "family0"
    assert identify(pairs, labels, fitted, "f0-m0") == identify(pairs, wrong, fitted, "f0-m0")


def test_prior_moves_the_probability_of_none(panel: tuple[PairEvidence, Labels]) -> None:
    pairs, labels = panel
    none = [
        identify(pairs, labels, fit_identifier(pairs, labels, prior=p), "f0-m0").none
        for p in (0.1, 0.5, 0.9)
    ]
    assert none == sorted(none)


def test_nearest_member_is_named(panel: tuple[PairEvidence, Labels]) -> None:
    pairs, labels = panel
    found = identify(pairs, labels, fit_identifier(pairs, labels), "f3-m1")
    assert found.members[0][0] in {"f3-m0", "f3-m2", "f3-m3"}


def test_too_few_labels_are_refused(panel: tuple[PairEvidence, Labels]) -> None:
    pairs, labels = panel
    few = Labels(tuple(f if i < 12 else "" for i, f in enumerate(labels.families)))
    with pytest.raises(InputError, match="12 labelled models have a relative here; 20"):
        fit_identifier(pairs, few)
    with pytest.raises(InputError, match="outside 0 to 1"):
        fit_identifier(pairs, labels, prior=1.0)
    fitted = fit_identifier(pairs, labels)
    with pytest.raises(InputError, match="no labelled family is left"):
        identify(pairs, labels, fitted, "f0-m0", without=sorted(set(labels.families)))


@pytest.mark.parametrize("pupils", [2, 8])
def test_a_common_teacher_is_no_family(pupils: int) -> None:
    models, names = taught(pupils)
    pairs, labels = pair_evidence(models), Labels(tuple(names))
    fitted = fit_identifier(pairs, labels, without="pupil0")
    found = identify(pairs, labels, fitted, "pupil0")
    assert np.isinf(fitted.reasoning_excess) == (pupils == 2)
    assert ("1 of the models write reasoning traces" in found.note) == (pupils == 2)
    assert found.none > found.probabilities[0]
    deaf = replace(pairs, reasoning=np.zeros_like(pairs.reasoning))
    heard = identify(deaf, labels, fit_identifier(deaf, labels, without="pupil0"), "pupil0")
    schools = sum(
        p for f, p in zip(heard.families, heard.probabilities, strict=True) if "school" in f
    )
    if pupils == 8:  # what would be said if reasoning traces were not heard
        assert schools > heard.none


def test_a_model_that_nobody_can_be_held_against_is_refused() -> None:
    models, names = taught(2)
    kept = [i for i, name in enumerate(names) if name != "school0"]
    pairs = pair_evidence([*(models[i] for i in kept), models[-2]])
    fitted = fit_identifier(pairs, Labels((*(names[i] for i in kept), "")))
    only = Labels(
        tuple(name if name == "school1" else "" for name in (*[names[i] for i in kept], ""))
    )
    with pytest.raises(
        InputError, match="left to choose from; 1 of the models write reasoning traces"
    ):
        identify(pairs, only, fitted, "pupil0")
