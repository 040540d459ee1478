"""One rung after another, the cheapest first, until the claim is settled or nothing is left.

Rungs share the rate that is stated (`rungs.REFUTE`, `rungs.CONFIRM`). Each that can speak against a
claim gives an e-value, and the mean of these by their weights is one too, whatever they hang
together like: a claim is called wrong where that mean reaches 1 / alpha.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from cladist.ladder.border import first_tokens, of_border
from cladist.ladder.rung import Rung, Spent
from cladist.ladder.rungs import REFUTE, Question, of_counts, of_itself, of_texts

__all__ = ["RUNGS", "LadderDecision", "against_all", "climb", "decided"]

RUNGS: tuple[tuple[str, Callable[[Question], Rung]], ...] = (
    ("server", of_itself),
    ("tokenizer", of_counts),
    ("border", of_border),
    ("first tokens", first_tokens),
    ("texts", of_texts),
)
"""From cheap to dear."""


@dataclass(frozen=True)
class LadderDecision:
    """What the ladder came to.

    verdict  of the claim
    error    rate at which such a verdict is wrong, None for 'undecided'
    settle   what would settle it, '' where it is settled
    against  ln of the e-value against the claim, all rungs together
    """

    claim: str
    verdict: Literal["fits", "does not fit", "undecided"]
    error: float | None
    reason: str
    settle: str
    rungs: tuple[Rung, ...]
    against: float = 0.0

    @property
    def spent(self) -> Spent:
        """All rungs together."""
        return Spent(
            sum(r.spent.calls for r in self.rungs),
            sum(r.spent.tokens for r in self.rungs),
            sum(r.spent.cost for r in self.rungs),
        )


def climb(asked: Question, *, texts: bool = True) -> Iterator[Rung]:
    """The rungs one by one; ends with the first that settles the claim.

    `texts` False leaves out the last one, which asks by far the most. Raises `EndpointError` as
    asking does where the key is refused or nobody answers.
    """
    made: list[Rung] = []
    for name, ask in RUNGS:
        if name == "texts" and not texts:
            return
        if name == "border" and asked.own is None:
            continue
        found = asked.metered(lambda ask=ask: ask(asked))  # type: ignore[misc]
        made.append(found)
        yield found
        if found.stand in ("fits", "does not fit") or _refuted(made, asked.alpha):
            return


def against_all(rungs: Sequence[Rung]) -> float:
    """ln of the mean of the rungs' e-values against the claim, by weight; a rung without one is 1.

    >>> against_all([Rung("tokenizer", "undecided", ("x",), Spent(), against=5.0)])
    5.0
    """
    weights = REFUTE[any(r.name == "border" for r in rungs)]
    by = {r.name: r.against for r in rungs if r.against is not None}
    logs = [math.log(w) + by.get(name, 0.0) for name, w in weights.items()]
    top = max(logs)
    return top + math.log(sum(math.exp(x - top) for x in logs))


def _refuted(rungs: Sequence[Rung], alpha: float) -> bool:
    return against_all(rungs) >= -math.log(alpha)


def decided(claim: str, rungs: tuple[Rung, ...], alpha: float = 0.01) -> LadderDecision:
    """One decision from all rungs, at the rate that they shared.

    Examples
    --------
    >>> decided("m", (Rung("tokenizer", "does not fit", ("x",), Spent(), error=0.01),)).verdict
    'does not fit'
    """
    last, against = rungs[-1], against_all(rungs)
    if last.stand in ("fits", "does not fit"):
        why = f"by its {last.name}: {last.said[-1]}"
        return LadderDecision(claim, last.stand, last.error, why, "", rungs, against)
    if _refuted(rungs, alpha):
        why = f"by its rungs together: e = {math.exp(min(against, 600.0)):.3g} against the claim"
        return LadderDecision(claim, "does not fit", alpha, why, "", rungs, against)
    settle = _settle(claim, rungs)
    return LadderDecision(claim, "undecided", None, "no rung settles it", settle, rungs, against)


def _settle(claim: str, rungs: tuple[Rung, ...]) -> str:
    """What would settle an open claim, the cheapest first."""
    by = {r.name: r for r in rungs}
    texts, wanted = by.get("texts"), []
    if "border" not in by:
        wanted.append(f"'{claim}' itself on a machine of yours, asked too: --beside URI")
    if texts is None:
        wanted.append("its texts, held against an installed reference: leave --no-texts away")
    elif texts.stand == "not asked":
        wanted.append(f"a reference for its texts ({texts.said[0]})")
    else:
        wanted.append(
            f"all probes put to '{claim}' itself too: cladist extract, cladist compare same"
        )
    return "; or ".join(wanted)
