"""One rung after another, the cheapest first, until the claim is settled or nothing is left.

Rungs share the rate that is stated: of the `RATED` ones that can say 'does not fit' or 'fits'
each has its own bound, and what is said in the end keeps to the bound of the rung that said it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from cladist.ladder.rung import Rung, Spent
from cladist.ladder.rungs import Question, first_tokens, of_counts, of_itself, of_texts

__all__ = ["RUNGS", "Decision", "climb", "decided"]

RUNGS: tuple[tuple[str, Callable[[Question], Rung]], ...] = (
    ("server", of_itself),
    ("tokenizer", of_counts),
    ("first tokens", first_tokens),
    ("texts", of_texts),
)
"""From cheap to dear."""


@dataclass(frozen=True)
class Decision:
    """What the ladder came to.

    verdict  of the claim
    error    rate at which such a verdict is wrong, None for 'undecided'
    settle   what would settle it, '' where it is settled
    """

    claim: str
    verdict: Literal["fits", "does not fit", "undecided"]
    error: float | None
    reason: str
    settle: str
    rungs: tuple[Rung, ...]

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
    for name, ask in RUNGS:
        if name == "texts" and not texts:
            return
        found = asked.metered(lambda ask=ask: ask(asked))  # type: ignore[misc]
        yield found
        if found.stand in ("fits", "does not fit"):
            return


def decided(claim: str, rungs: tuple[Rung, ...]) -> Decision:
    """One decision from all rungs.

    Examples
    --------
    >>> decided("m", (Rung("tokenizer", "does not fit", ("x",), Spent(), error=0.01),)).verdict
    'does not fit'
    """
    last = rungs[-1]
    if last.stand in ("fits", "does not fit"):
        return Decision(
            claim, last.stand, last.error, f"by its {last.name}: {last.said[-1]}", "", rungs
        )
    by = {r.name: r for r in rungs}
    texts = by.get("texts")
    if texts is None:
        settle = "its texts, held against an installed reference: leave --no-texts away"
    elif texts.stand == "not asked":
        settle = f"a reference for its texts ({texts.said[0]})"
    else:
        settle = (
            f"'{claim}' itself on a machine of yours, asked too: cladist extract, "
            "cladist compare same"
        )
    return Decision(claim, "undecided", None, "no rung settles it", settle, rungs)
