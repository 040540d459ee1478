"""Verdicts on many pairs of one registry: those of `kinship.inference.decision`, in an atlas.

One calibration serves all pairs. Of a list of nearest models p is adjusted for those listed; a
pair that somebody names is decided by itself, and declared links are decided together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cladist.core.assay import Assay
from cladist.core.responses import ResponseSet
from cladist.kinship.inference.decision import (
    Decision,
    PairFacts,
    Policy,
    Verdict,
    decide,
    test_candidates,
    test_declared,
)
from cladist.kinship.inference.facts import Gatherer, gatherer
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.pairs import PairEvidence

__all__ = ["TestedPair", "Tests", "Verdict", "make_tests", "untested"]


@dataclass(frozen=True)
class TestedPair:
    """What is known of a model and another one.

    index       the other
    similarity  evidence of kinship, around 0 for unrelated ones; None where only DNA was compared
    reason      code of the reason of the verdict
    p           p-value among unrelated pairs, adjusted in lists of relatives; None where nothing
                was tested
    alpha       false-positive rate that the verdict keeps to; None where nothing was tested
    note        the reason in words
    """

    index: int
    distance: float
    similarity: float | None
    verdict: Verdict
    reason: str
    p: float | None
    alpha: float | None
    note: str


def untested(index: int, distance: float, note: str) -> TestedPair:
    """A relation of which only the distance is known."""
    return TestedPair(index, distance, None, "not tested", "no-panel", None, None, note)


@dataclass(frozen=True, eq=False)
class Tests:
    """What verdicts on pairs of n models are gathered from, and the policy that they keep to.

    rows  int64 (n,): where each model stands in the panel; None where all of it is meant. The
          panel holds all models that answered, as it does for every command.
    """

    made: Gatherer
    policy: Policy
    rows: NDArray[np.int64] | None = None

    @property
    def missing(self) -> str:
        """Why nothing is tested, '' where something is."""
        return self.made.missing

    def listed(self, i: int, others: Sequence[int], distances: Sequence[float]) -> list[TestedPair]:
        """The nearest models of model i, p adjusted for all of them."""
        facts = [self._facts(i, j) for j in others]
        decisions = test_candidates(facts, self.policy)
        return self._relations([(i, j) for j in others], decisions, distances)

    def alone(self, i: int, j: int, distance: float) -> TestedPair:
        """Models i and j as one pair that somebody asked about."""
        found = decide(self._facts(i, j), self.policy)
        return self._relations([(i, j)], [found], [distance])[0]

    def declared(
        self, pairs: Sequence[tuple[int, int]], distances: Sequence[float]
    ) -> list[TestedPair]:
        """Pairs that somebody declares to be kin, decided together."""
        facts = [self._facts(i, j) for i, j in pairs]
        return self._relations(pairs, test_declared(facts, self.policy), distances)

    def together(
        self, pairs: Sequence[tuple[int, int]], distances: Sequence[float]
    ) -> list[TestedPair]:
        """Pairs that somebody asks about at once, p adjusted for all of them."""
        facts = [self._facts(i, j) for i, j in pairs]
        return self._relations(pairs, test_candidates(facts, self.policy), distances)

    def by_probe(self, i: int, j: int) -> NDArray[np.float32]:
        """Evidence of a pair on every probe beyond its controls, float32 (p,); NaN where none is.

        What the sign flips of a verdict look at.
        """
        made = self.made
        out = np.full(made.pairs.present.shape[1], np.nan, np.float32)
        rows = self._row(i), self._row(j)
        excess, probes = made.probe_excess(*rows), made.probes_of(*rows)
        if len(excess) == len(probes):
            out[probes] = excess
        return out

    def _relations(
        self,
        pairs: Sequence[tuple[int, int]],
        decisions: Sequence[Decision],
        distances: Sequence[float],
    ) -> list[TestedPair]:
        p = [None if math.isnan(d.p) else d.p for d in decisions]
        return [
            TestedPair(
                index=j,
                distance=distance,
                similarity=self._similarity(i, j),
                verdict=d.verdict,
                reason=d.reason,
                p=value,
                alpha=None if value is None else self.policy.alpha,
                note=d.sentence,
            )
            for (i, j), d, value, distance in zip(pairs, decisions, p, distances, strict=True)
        ]

    def _similarity(self, i: int, j: int) -> float:
        pairs, rows = self.made.pairs, (self._row(i), self._row(j))
        return float(pairs.score[rows] + pairs.tokenizer[rows])

    def _row(self, i: int) -> int:
        return i if self.rows is None else int(self.rows[i])

    def _facts(self, i: int, j: int) -> PairFacts:
        return self.made.facts(self._row(i), self._row(j), self.policy)


def make_tests(
    responses: Sequence[ResponseSet],
    pairs: PairEvidence,
    labels: Labels | None,
    assay: Assay,
    policy: Policy,
    doubted: Mapping[str, tuple[str, ...]] | None = None,
) -> Tests:
    """Calibrate on all models, once; too small a panel is no error, and nothing is tested then.

    `doubted` are models and settings in which they may differ from the others, in words.
    """
    prompts = [p.text for p in assay.protocol.probes.probes]
    made = gatherer(responses, pairs, labels, prompts=prompts, doubted=doubted)
    return Tests(made, policy)
