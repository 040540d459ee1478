"""Texts and distributions of the same models as one evidence, under the one decision.

Each assay's likeness is put into the unit of its own unrelated pairs, and the two are added. What
the sum of unrelated pairs comes to is counted on the same strangers, as of either alone
(`calibration`), so it need not be assumed that the two are independent, and they are not. Style is
matched on both. The two checks over probes are made over the probes of both.

Equal weights are no choice made on what is scored: where a weight was fitted on bred models with
one founder's line left out at a time, sampled texts got about that of distributions, and greedy
ones none (docs/functional.md). So greedy texts are told beside a verdict and are no part of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cladist.errors import InputError
from cladist.kinship.evidence.similarity import unrelated_spread
from cladist.kinship.evidence.standard import Floats
from cladist.kinship.inference.calibration import calibrate
from cladist.kinship.inference.facts import Gatherer
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.pairs import PairEvidence, Rows

__all__ = ["JoinedEvidence", "JoinedGatherer", "join_evidence", "join_gatherers"]


@dataclass(frozen=True, eq=False)
class JoinedEvidence(PairEvidence):
    """Evidence of all pairs from two assays.

    other_style  float64 (n, n) in 0..1: the style of the second, matched on as that of the first
    shares       what either adds to the score, each float64 (n, n)
    """

    other_style: Floats = field(kw_only=True)
    shares: tuple[Floats, Floats] = field(kw_only=True)

    def covariates(self, a: Rows, b: Rows) -> Floats:
        """What explains a score without kinship, float64 (4, ...): those of `PairEvidence`, and
        the style of the second assay."""
        return np.concatenate([super().covariates(a, b), self.other_style[a, b][None]])


@dataclass(frozen=True, eq=False)
class JoinedGatherer(Gatherer):
    """What facts of pairs of two assays are gathered from.

    parts  the gatherers of either assay, by themselves
    """

    parts: tuple[Gatherer, Gatherer] = field(kw_only=True)

    def probe_excess(self, i: int, j: int) -> Floats:
        """Evidence of the pair on the common probes of both assays, float64 (m,)."""
        a, b = self.pairs.models[i], self.pairs.models[j]
        return np.concatenate(
            [p.probe_excess(p.pairs.index(a), p.pairs.index(b)) for p in self.parts]
        )

    def mismatch(self, i: int, j: int) -> float:
        """p-value against the same answers on shuffled probes: twice the lesser (Bonferroni)."""
        a, b = self.pairs.models[i], self.pairs.models[j]
        each = [p.mismatch(p.pairs.index(a), p.pairs.index(b)) for p in self.parts]
        return min(1.0, 2 * min(each))

    def indexed(self) -> Gatherer:
        """The same."""
        return self

    def _texts(self, i: int) -> Mapping[str, str]:
        texts = self.parts[1]
        return texts._texts(texts.pairs.index(self.pairs.models[i]))


def join_evidence(first: PairEvidence, second: PairEvidence) -> JoinedEvidence:
    """Evidence of two assays together, of the models that have both, in the order of `first`.

    Raises `InputError` for fewer than two such models. O(n^2).
    """
    models = tuple(m for m in first.models if m in set(second.models))
    if len(models) < 2:
        raise InputError("two models at least must have answered both assays")
    rows = [np.array([p.index(m) for m in models]) for p in (first, second)]
    everybody = np.ones(len(models), np.bool_)

    def of(matrix: Floats, which: int) -> Floats:
        return matrix[np.ix_(rows[which], rows[which])]

    def unit(one: Floats, two: Floats) -> tuple[Floats, Floats]:
        return _in_unit(of(one, 0), everybody), _in_unit(of(two, 1), everybody)

    shares = unit(first.score, second.score)
    halves = [np.add(*unit(first.scored(h), second.scored(h))) for h in (0, 1)]
    return JoinedEvidence(
        models,
        np.add(*unit(first.combined, second.combined)),
        shares[0] + shares[1],
        (halves[0], halves[1]),
        of(first.style, 0),
        of(first.tokenizer, 0) + of(second.tokenizer, 1),
        np.concatenate([first.present[rows[0]], second.present[rows[1]]], axis=1),
        tuple(first.digest[i] + second.digest[j] for i, j in zip(*rows, strict=True)),
        first.reasoning[rows[0]] | second.reasoning[rows[1]],
        other_style=of(second.style, 1),
        shares=shares,
    )


def _in_unit(score: Floats, members: NDArray[np.bool_]) -> Floats:
    """Scores around 0 in the unit of unrelated pairs, zero diagonal."""
    middle, scale = unrelated_spread(score, members)
    found = (score - middle) / scale
    np.fill_diagonal(found, 0.0)
    return found


def join_gatherers(first: Gatherer, second: Gatherer, labels: Labels | None) -> JoinedGatherer:
    """Calibrate on the models that answered both; `labels` are theirs, in the order of `first`.

    Flags are those of texts, as `second` has them. A panel too small to calibrate on is no error:
    facts then say so. Raises as `join_evidence` does. Cost: that of `calibrate`.
    """
    pairs = join_evidence(first.pairs, second.pairs)
    places = [second.pairs.index(m) for m in pairs.models]
    flags = tuple(second.flags[k] for k in places)
    missing, calibration = "", None
    try:
        calibration = calibrate(pairs, labels, np.array([f.speaks for f in flags], np.bool_))
    except InputError as problem:
        missing = str(problem)
    return JoinedGatherer(
        (), pairs, labels, calibration, missing, flags, second.seed,
        {**first.doubted, **second.doubted}, parts=(first, second),
    )  # fmt: skip
