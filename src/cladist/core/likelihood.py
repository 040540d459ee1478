"""How likely a model finds a given text, token by token: nothing is generated.

Tokens are a matter of the tokenizer, bytes are not: `bits_per_byte` is what models with different
tokenizers are compared by. A token that nothing precedes has no probability, which is not the same
as one of nought; it is left out, with its bytes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Likelihood"]


@dataclass(frozen=True, slots=True)
class Likelihood:
    """The log-likelihood of a text.

    tokens     bytes of each token, in order; together they are the text
    log_probs  natural logarithms of the probability of each token after those before it, float64
               (k,); nan for the first where nothing precedes it
    error      why there is none; then there are no tokens
    """

    tokens: tuple[bytes, ...]
    log_probs: NDArray[np.float64]
    error: str = ""

    @classmethod
    def failed(cls, error: str) -> Likelihood:
        """A text that got no likelihood."""
        return cls((), np.empty(0), error)

    @classmethod
    def of(
        cls, text: str, tokens: Sequence[bytes], log_probs: Sequence[float] | NDArray[np.float64]
    ) -> Likelihood:
        """A likelihood from what a model told of a text; what does not fit becomes an error.

        Tokens must make the text. Some tokenizers put a blank before a text; it is taken off.

        Examples
        --------
        >>> found = Likelihood.of("a b", [b"a", b" b"], [float("nan"), -0.5])
        >>> found.total, found.scored
        (-0.5, 2)
        >>> Likelihood.of("a b", [b"a"], [-0.5]).error
        "the tokens told are not those of the text: b'a' for b'a b'"
        """
        wanted = text.encode("utf-8", "surrogatepass")
        said = list(tokens)
        if said and b"".join(said) == b" " + wanted:
            said[0] = said[0][1:]
        joined = b"".join(said)
        if joined != wanted or len(said) != len(log_probs):
            at = next((i for i, (x, y) in enumerate(zip(joined, wanted)) if x != y), 0)
            near = slice(max(0, at - 8), at + 12)
            return cls.failed(
                f"the tokens told are not those of the text: {joined[near]!r} for {wanted[near]!r}"
            )
        found = np.asarray(log_probs, dtype=np.float64)
        if np.isnan(found[1:]).any():
            return cls.failed("the model gave log probabilities that are no numbers (NaN)")
        if (found[~np.isnan(found)] > 1e-3).any():
            return cls.failed("the model gave a probability above 1")
        return cls(tuple(said), found)

    @property
    def scored(self) -> int:
        """Bytes that have a probability."""
        sizes = np.array([len(t) for t in self.tokens], dtype=np.int64)
        return int(sizes[~np.isnan(self.log_probs)].sum())

    @property
    def total(self) -> float:
        """Natural logarithm of the probability of all that has one; 0 of nothing."""
        return float(np.nansum(self.log_probs))

    @property
    def bits_per_byte(self) -> float:
        """What models are compared by, lower for likelier; nan where no byte was scored."""
        return -self.total / math.log(2) / self.scored if self.scored else float("nan")
