"""What a model says of the token after a context: its function, as far as it can be had.

The LLM DNA paper (arXiv 2509.24496, section 3) defines a model's DNA on this function. How much of
it a model gives differs: an engine that holds the weights gives every token, an endpoint gives the
few likeliest, and any model at all gives one token that it sampled. What was not given is missing
mass, never zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Gives = Literal["all", "top", "sampled"]
"""How much of a distribution a model gives: every token, the likeliest few, or one sample."""


@dataclass(frozen=True, slots=True)
class Context:
    """A text, and the question which token comes after it.

    interface  raw: the text as it stands; chat: the first token of the answer to it
    system     system message (chat), or a text put before the context (raw); '' for none
    top        how many of the likeliest tokens are wanted; 0 for all that can be had
    """

    text: str
    interface: Literal["raw", "chat"] = "raw"
    system: str = ""
    top: int = 0


@dataclass(frozen=True, slots=True)
class NextToken:
    """The distribution of the token after a context, likeliest first.

    tokens     bytes of each token; None for a special token, as the end of the text
    log_probs  natural logarithms of their probabilities, float64 (k,), falling
    gives      how much this is of the whole: only `all` leaves nothing out
    error      why there is no answer; then there are no tokens
    """

    tokens: tuple[bytes | None, ...]
    log_probs: NDArray[np.float64]
    gives: Gives
    error: str = ""

    @property
    def missing(self) -> float:
        """Probability of what was not told; nan where a single sample is all there is."""
        if self.gives == "sampled":
            return float("nan")
        return max(0.0, 1.0 - float(np.exp(self.log_probs).sum()))

    @classmethod
    def failed(cls, error: str) -> NextToken:
        """A context that got no answer; `error` says why and never holds a key."""
        return cls((), np.empty(0), "sampled", error)
