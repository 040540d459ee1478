"""Fits of families and of sets of them: all that 'whose descendant is it?' needs of a panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from cladist.errors import InputError
from cladist.kinship.inference.facts import Gatherer
from cladist.kinship.inference.family_sets import Scores, SetCalibration, fit_sets
from cladist.kinship.inference.identify import FamilyModel, fit_identifier
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.pairs import PairEvidence

__all__ = ["FamilyFits", "family_fits", "fit_families", "fits_from", "fits_to"]

_SCORES = ("here", "alone", "gone")


@dataclass(frozen=True, eq=False)
class FamilyFits:
    """Fits of the probabilities of families, and of sets of them."""

    model: FamilyModel
    sets: SetCalibration


def fit_families(
    pairs: PairEvidence, labels: Labels, *, prior: float = 0.5, without: str = ""
) -> FamilyFits:
    """Fit on the labelled models of a panel, `without` the one in question.

    Raises what `fit_identifier` raises. Cost: that of `fit_sets`, twice.
    """
    model = fit_identifier(pairs, labels, prior=prior, without=without)
    return FamilyFits(model, fit_sets(pairs, labels, prior=prior, without=without))


def family_fits(made: Gatherer, model: str, prior: float = 0.5) -> FamilyFits:
    """The fits without a model in question, from another run where the gatherer's keeper has them.

    A model without a label takes no part in them, so all such models have the same. Raises
    `InputError` without labels, for a model that is not there, and as `fit_families` does;
    `CoverageError` for a model whose answers say nothing of its descent.
    """
    if made.labels is None:
        raise InputError("no families are declared")
    made.require_voice(model)
    labels = made.labels
    without = model if labels.families[made.pairs.index(model)] else ""
    on = ["families", without, prior]
    return fits_from(
        made.keep(
            on,
            lambda: fits_to(fit_families(made.pairs, labels, prior=prior, without=without)),
        )
    )


def fits_to(fits: FamilyFits) -> dict[str, Any]:
    """Plain data that `fits_from` makes the same fits of."""
    sets = fits.sets
    scores = {
        name: [getattr(sets, name).value.tolist(), getattr(sets, name).fold.tolist(),
               getattr(sets, name).maker.tolist()]
        for name in _SCORES
    }  # fmt: skip
    return {
        "model": _model_to(fits.model),
        "folds": [_model_to(f) for f in sets.folds],
        "makers": list(sets.makers),
        "refused": sets.refused,
        **scores,
    }


def fits_from(told: Mapping[str, Any]) -> FamilyFits:
    """The fits from what `fits_to` gave."""
    here, alone, gone = (
        Scores(np.array(v, np.float64), np.array(f, np.int64), np.array(m, np.int64))
        for v, f, m in (told[name] for name in _SCORES)
    )
    folds = tuple(_model_from(f) for f in told["folds"])
    sets = SetCalibration(folds, here, alone, gone, tuple(told["makers"]), told["refused"])
    return FamilyFits(_model_from(told["model"]), sets)


def _model_to(model: FamilyModel) -> dict[str, Any]:
    return {**asdict(replace(model, weights=np.zeros(0))), "weights": model.weights.tolist()}


def _model_from(told: Mapping[str, Any]) -> FamilyModel:
    return FamilyModel(**{**told, "weights": np.array(told["weights"], np.float64)})
