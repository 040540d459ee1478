"""Does an endpoint serve the model that it names? The whole ladder, as one call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cladist.core.progress import NOBODY, Listener
from cladist.errors import UsageError
from cladist.extraction.opening import open_any
from cladist.ladder.claimed import at_hand
from cladist.ladder.climb import LadderDecision, climb, decided
from cladist.ladder.rung import Rung
from cladist.ladder.rungs import NO_LIMITS, Question
from cladist.models.budget import Budget, Limits, within
from cladist.models.served import TellsItself

__all__ = ["Claim", "check_endpoint"]


@dataclass(frozen=True, slots=True)
class Claim:
    """What is claimed of an endpoint.

    name    of the model that is said to answer, '' for that of its URI
    beside  the claimed model at hand: its URI, or the file of a watch by token of it; '' for none
    """

    name: str = ""
    beside: str = ""


def check_endpoint(
    uri: str,
    *,
    claim: str | Claim = "",
    alpha: float = 0.01,
    limits: Limits = NO_LIMITS,
    texts: bool | str = True,
    registry: str | Path | None = None,
    told: Callable[[Rung], None] = lambda rung: None,
    listener: Listener = NOBODY,
) -> LadderDecision:
    """Ask an endpoint, the cheapest questions first, until the claim is settled.

    What the server says of itself; how it counts tokens, which tells tokenizers apart; border
    inputs of the claimed model, where it is at hand; first-token log probabilities; and its texts,
    held against an installed reference.

    Parameters
    ----------
    uri : str
        The endpoint: openai:MODEL@BASE-URL.
    claim : str or Claim
        Name of the model that is said to answer, MODEL unless told; a `Claim` has the model itself
        too, where it is at hand.
    alpha : float
        Rate at which a right claim may be called wrong.
    limits : Limits
        Calls, tokens and cost at most, and prices.
    texts : bool or str
        Whether to go on to its texts, which cost most; the name of a reference to hold them
        against it, else one that fits is taken.
    registry : path or None
        Keep answers to texts there.
    told : callable
        Called with each rung as it is climbed.
    listener : Listener
        Told of progress.

    Raises
    ------
    UsageError
        For what is no endpoint.
    EndpointError
        Where the key is refused or nobody answers.

    Examples
    --------
    >>> import cladist
    >>> uri = "openai:m@http://127.0.0.1:8080/v1"
    >>> found = cladist.check_endpoint(uri, claim="SmolLM2-135M-Instruct")  # doctest: +SKIP
    """
    said = claim if isinstance(claim, Claim) else Claim(claim)
    model = open_any(uri)
    try:
        if not isinstance(model, TellsItself):
            raise UsageError(f"'{uri[:80]}' is no endpoint; write openai:MODEL@BASE-URL")
        rungs: list[Rung] = []
        with at_hand(said.beside, model, progress=listener.progress) as own:
            asked = Question(
                within(model, _budget(limits)),
                said.name or model.identity.name,
                alpha,
                limits,
                texts if isinstance(texts, str) else "",
                None if registry is None else Path(registry),
                listener.progress,
                own,
            )
            for rung in climb(asked, texts=bool(texts)):
                rungs.append(rung)
                told(rung)
    finally:
        model.close()
    return decided(asked.claim, tuple(rungs), alpha)


def _budget(limits: Limits) -> Budget | None:
    """The budget for what is metered: one call is that for the list of models, which is not."""
    if limits == NO_LIMITS:
        return None
    calls = None if limits.calls is None else limits.calls - 1
    return Budget(Limits(calls, limits.tokens, limits.cost, limits.price_in, limits.price_out))
