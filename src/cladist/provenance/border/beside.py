"""A deployment held beside a reference of the model that it is said to be, token by token.

The reference has inputs of two kinds. Far from its border every deployment of the model answers
alike: other precisions, other engines, with a system prompt. At the border only the same weights
do. So departures far from the border speak against the claim, and answers that stay at the border
speak for it. Inputs are drawn at random, afresh for each query, so both bets are good at every
moment (`kinship/inference/shares.py`) and asking ends as soon as one of them may be called.

`MAY` and `OTHERS` rest on deployments bred here (`benchmarks/first_tokens.py --table`): far from
the border system prompts depart at up to 28%, other families from 48%; at the border other models
from 67%, other precisions at up to 53%.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from cladist.kinship.inference.departures import largest_share
from cladist.kinship.inference.shares import against_less, against_more
from cladist.provenance.border.asking import Asker
from cladist.provenance.border.explaining import Observed
from cladist.provenance.border.inputs import Border, BorderInput, Reading

__all__ = ["MAY", "OTHERS", "Beside", "Levels", "held_beside"]

MAY = 1 / 3
"""Share of the inputs far from the border at which a deployment of the model may depart."""
OTHERS = 0.5
"""Share of the border inputs at which another model departs at least."""
BATCH = 4
MOST = 60
AGAIN = 8
"""Border inputs that are asked a second time, to see whether the server samples."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Rates at which a right claim may be called wrong (`refute`), and a wrong one right."""

    refute: float = 0.01
    confirm: float = 0.01


@dataclass(frozen=True)
class Beside:
    """What answers beside a reference come to.

    seen     counts by kind of input: the reference's answer, its rival's, others; and repeats
    against  ln e-value against 'a deployment of this model': departures far from the border
    towards  ln e-value against 'another model': answers that stay at the border
    within   share of border inputs that can still depart (99%): equivalent to within that
    asked    one-token queries that were answered
    failed   why queries were not answered, '' where all were
    steady   whether the same question brings the same answer
    """

    seen: Observed
    against: float
    towards: float
    within: float
    asked: int
    failed: str = ""
    steady: bool = True


def held_beside(
    asker: Asker, border: Border, draw: random.Random, levels: Levels | None = None,
    most: int = MOST,
) -> Beside:  # fmt: skip
    """Ask inputs of a reference until a claim may be called right or wrong, `most` at most.

    After a first batch of both kinds that kind is asked which may still decide: at the border
    while most answers stay, else far from it. The choice rests on what was seen before, so the
    bets stay fair.
    """
    asked_levels = levels or Levels()
    near = [i for i in border.inputs if i.kind == "token"]
    asker.limit = border.limit
    found: dict[bool, list[int]] = {True: [], False: []}  # outcomes of firm and border inputs
    kept: list[tuple[BorderInput, Reading]] = []
    failed = ""
    while sum(map(len, found.values())) < most and not asker.trouble:
        before = sum(map(len, found.values()))
        for firm, pool in _pools(found, border.firm, near):
            chosen = [draw.choice(pool) for _ in range(BATCH)] if pool else []
            for known, reading in zip(chosen, asker.say([i.text for i in chosen]), strict=True):
                if reading.answered:
                    found[firm].append(outcome(reading, known))
                    kept += [] if firm else [(known, reading)]
                failed = failed or reading.error
        against, towards = _bets(found)
        decided = against >= -math.log(asked_levels.refute)
        if decided or towards >= -math.log(asked_levels.confirm):
            break
        if sum(map(len, found.values())) == before:
            break
    same = _repeats(asker, kept[-AGAIN:])
    against, towards = _bets(found)
    departed = sum(o > 0 for o in found[False])
    seen = Observed(_counts(found[False]), _counts(found[True]), same)
    return Beside(
        seen, against, towards, largest_share(departed, len(found[False]), 0.01),
        sum(map(len, found.values())) + sum(same), failed, same[1] * 3 <= sum(same),
    )  # fmt: skip


def _pools(
    found: dict[bool, list[int]], firm: Sequence[BorderInput], near: Sequence[BorderInput]
) -> list[tuple[bool, Sequence[BorderInput]]]:
    """What is asked next: both kinds at first, then the kind that may still decide."""
    told = found[False]
    if len(told) < BATCH or not firm or not near:
        return [(True, firm), (False, near)]
    stays = sum(o > 0 for o in told) < OTHERS * len(told)
    return [(False, near)] if stays else [(True, firm)]


def outcome(reading: Reading, known: BorderInput) -> int:
    """0 for the reference's answer, 1 for that of its rival, 2 for another."""
    if reading.token == known.token:
        return 0
    return 1 if known.rival and reading.token == known.rival else 2


def _bets(found: dict[bool, list[int]]) -> tuple[float, float]:
    firm, near = ([float(o > 0) for o in found[k]] for k in (True, False))
    return against_less(firm, MAY), against_more(near, OTHERS)


def _repeats(asker: Asker, kept: Sequence[tuple[BorderInput, Reading]]) -> tuple[int, int]:
    """How often a second asking brings the same, and how often not."""
    again = asker.say([i.text for i, _ in kept]) if kept and not asker.trouble else []
    told = [(a, b) for (_, a), b in zip(kept, again, strict=False) if b.answered]
    same = sum(a.token == b.token for a, b in told)
    return same, len(told) - same


def _counts(outcomes: Sequence[int]) -> tuple[int, int, int]:
    return outcomes.count(0), outcomes.count(1), outcomes.count(2)
