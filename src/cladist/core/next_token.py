"""What a model says of the token after a context: its function, as far as it can be had.

The LLM DNA paper (arXiv 2509.24496, section 3) defines a model's DNA on this function. How much of
it a model gives differs: an engine that holds the weights gives every token, an endpoint gives the
few likeliest, and any model at all gives one token that it sampled. What was not given is missing
mass, never zero.

Tokens are a matter of the tokenizer, so models are compared by the next byte: 256 bytes, or the end
(any special token). The distribution of the next byte is that of the tokens, added up by the byte
that each begins with; it is exact, given the tokens of the context.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Gives = Literal["all", "top", "sampled"]
"""How much of a distribution a model gives: every token, the likeliest few, or one sample."""

END = 256
"""Place of the end of the text, and of every other special token, behind the 256 bytes."""

OUTCOMES = 257
"""What can come next: a byte, or the end."""

_EXCESS = 0.02
"""By how much probabilities may add up to more than 1: some endpoints round them."""


GRIDS = (1.0, 0.5, 0.25, 0.2, 0.125, 0.1, 0.0625, 0.05)
"""Steps that log probabilities are held against: what is finer moves a function less than engines
do."""
_FEW = 5
"""Tokens below which numbers may lie on a grid by chance."""


@dataclass(frozen=True, slots=True)
class Context:
    """A text, and the question which token comes after it.

    interface  raw: the text as it stands; chat: the first token of the answer to it
    system     system message (chat), or a text put before the context (raw); '' for none
    top        how many of the likeliest tokens are wanted; 0 for all that can be had
    then       tokens that stand behind the text, by their numbers in the model's vocabulary (as
               `NextToken.numbers` told them); a model that cannot be asked so refuses
    """

    text: str
    interface: Literal["raw", "chat"] = "raw"
    system: str = ""
    top: int = 0
    then: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class NextToken:
    """The distribution of the token after a context, likeliest first.

    tokens     bytes of each token; None for a special token, as the end of the text
    log_probs  natural logarithms of their probabilities, float64 (k,), falling
    gives      how much this is of the whole. With `all` nothing was left out but tokens without a
               known text (padding of the vocabulary, the unknown token), which `missing` counts
    error      why there is no answer; then there are no tokens
    note       what must be known of an answer, as that its numbers are rounded
    numbers    each token's number in the model's vocabulary; () where a model tells none, or
               cannot be asked what comes after one (`Context.then`)
    """

    tokens: tuple[bytes | None, ...]
    log_probs: NDArray[np.float64]
    gives: Gives
    error: str = ""
    note: str = ""
    numbers: tuple[int, ...] = ()

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

    @classmethod
    def of(
        cls,
        tokens: Sequence[bytes | None],
        log_probs: Sequence[float] | NDArray[np.float64],
        gives: Gives,
        numbers: Sequence[int] = (),
    ) -> NextToken:
        """A distribution from what a model told, in any order; nonsense becomes an error.

        Tokens of no probability are left out. Tokens that were told without a known text have to
        be left out by the caller: they are missing mass.

        Examples
        --------
        >>> said = NextToken.of([b" a", None], [-1.0, -0.5], "top")
        >>> said.tokens, round(said.missing, 3)
        ((None, b' a'), 0.026)
        """
        found = np.asarray(log_probs, dtype=np.float64)
        step = rounding(found)
        wrong = improbable(found, step)
        if wrong:
            return cls.failed(wrong)
        order = np.argsort(-found, kind="stable")
        order = order[np.isfinite(found[order])]
        found = found[order]
        return cls(
            tuple(tokens[i] for i in order.tolist()),
            found,
            gives,
            note=f"{ROUNDED}{step:g}" if step else "",
            numbers=tuple(numbers[i] for i in order.tolist()) if numbers else (),
        )


ROUNDED = "log probabilities rounded to "
"""How the note of rounded numbers begins; the step follows."""


def rounding(log_probs: NDArray[np.float64]) -> float:
    """The step of a coarse grid that log probabilities all lie on; 0 where they are fine enough.

    Rounded to .05 they are off by 1.3% on the mean, which is a distance of .007 by itself.
    """
    finite = log_probs[np.isfinite(log_probs)]
    if len(finite) < _FEW:
        return 0.0
    for step in GRIDS:
        if np.allclose(finite / step, np.rint(finite / step), atol=1e-6, rtol=0):
            return step
    return 0.0


def improbable(log_probs: NDArray[np.float64], step: float = 0.0) -> str:
    """Why numbers cannot be logarithms of probabilities; '' when they can.

    Numbers rounded to `step` may add up to more than 1 by what rounding moves them.
    """
    if np.isnan(log_probs).any():
        return "the model gave log probabilities that are no numbers (NaN)"
    finite = log_probs[np.isfinite(log_probs)]
    if not finite.size:
        return "the model gave no token any probability"
    most = max(1 + _EXCESS, float(np.exp(step / 2)))
    if (log_probs == np.inf).any() or float(np.exp(np.minimum(finite, 700)).sum()) > most:
        return "the model gave probabilities that add up to more than 1"
    return ""


def as_sampled(said: NextToken, temperature: float, top_p: float, top: int = 0) -> NextToken:
    """What a whole distribution becomes at a temperature and a top-p; temperature 0 is greedy.

    Tokens of equal probability at the edge of top-p stay in the order that they are told in.

    Examples
    --------
    >>> said = NextToken.of([b"a", b"b"], [-0.1, -2.35], "all")
    >>> as_sampled(said, 0.0, 1.0).tokens
    (b'a',)
    """
    count = 1 if temperature == 0 else len(said.tokens)
    log_probs = said.log_probs[:count] / (temperature or 1.0)
    log_probs = log_probs - float(np.logaddexp.reduce(log_probs))
    before = np.concatenate([[0.0], np.cumsum(np.exp(log_probs))[:-1]])
    kept = max(1, int((before < top_p).sum()))
    log_probs = log_probs[:kept] - float(np.logaddexp.reduce(log_probs[:kept]))
    shown = min(top or kept, kept)
    gives: Gives = "top" if shown < kept else "all"
    return NextToken(said.tokens[:shown], log_probs[:shown], gives, numbers=said.numbers[:shown])


@dataclass(frozen=True)
class NextByte:
    """The distribution of what comes after a context: a byte, or the end.

    mass     probabilities of the 256 bytes in order and of the end, float64 (257,)
    missing  probability of what was not told; mass and missing add up to 1
    error    why there is no answer; then mass is nought and everything is missing
    note     what must be known of it, as that the numbers told were rounded
    """

    mass: NDArray[np.float64]
    missing: float = 0.0
    error: str = ""
    note: str = ""

    @classmethod
    def failed(cls, error: str) -> NextByte:
        """A context that got no answer."""
        return cls(np.zeros(OUTCOMES), 1.0, error)


def next_byte(said: NextToken) -> NextByte:
    """The next byte after a context, from the next token; exact, in time linear in the tokens.

    A single sample is no distribution and becomes an error.

    Examples
    --------
    >>> found = next_byte(NextToken.of([b"ab", b"a", None], [-1.5, -1.5, -1.0], "top"))
    >>> [round(float(found.mass[i]), 3) for i in (97, END)], round(found.missing, 3)
    ([0.446, 0.368], 0.186)
    """
    if said.error:
        return NextByte.failed(said.error)
    if said.gives == "sampled":
        return NextByte.failed("one sampled token tells no probabilities")
    places = np.array([END if t is None else t[0] for t in said.tokens], dtype=np.int64)
    found = gathered(places, np.exp(said.log_probs))
    return NextByte(found.mass, found.missing, note=said.note)


def gathered(places: NDArray[np.int64], chances: NDArray[np.float64]) -> NextByte:
    """Probabilities of tokens, added up by the outcome that each belongs to (-1 for none)."""
    known = places >= 0
    mass = np.zeros(OUTCOMES)
    mass += np.bincount(places[known], weights=chances[known], minlength=OUTCOMES)
    total = float(mass.sum())
    if total > 1.0:  # by rounding; more than that is refused before
        return NextByte(mass / total, 0.0)
    return NextByte(mass, 1.0 - total)


@dataclass(frozen=True)
class Vocabulary:
    """What each token of a tokenizer means, by its number.

    pieces      the bytes that a token stands for; None for a special token; b'' where it stands
                for no text, or for none that is known
    """

    pieces: tuple[bytes | None, ...]

    @cached_property
    def places(self) -> NDArray[np.int64]:
        """The outcome that each token begins with: a byte, `END`, or -1 where nothing is known."""
        found = [END if p is None else p[0] if p else -1 for p in self.pieces]
        return np.array(found, dtype=np.int64)

    def places_for(self, outputs: int) -> NDArray[np.int64]:
        """`places` for a model with so many outputs; those beyond the tokenizer have no text."""
        found = np.full(outputs, -1, dtype=np.int64)
        size = min(outputs, len(self.pieces))
        found[:size] = self.places[:size]
        return found

    def distribution(self, log_probs: NDArray[np.float64], top: int = 0) -> NextToken:
        """The next token from the logarithms of all probabilities, (outputs,).

        The `top` likeliest outputs, all where it is 0; those without a known text are left out.
        """
        wrong = improbable(log_probs)
        if wrong:
            return NextToken.failed(wrong)
        order = np.argsort(-log_probs, kind="stable")
        wanted = order[:top] if top else order
        keep = (self.places_for(len(log_probs))[wanted] >= 0) & np.isfinite(log_probs[wanted])
        wanted = wanted[keep]
        gives: Gives = "top" if 0 < top < len(log_probs) else "all"
        numbers = tuple(wanted.tolist())
        pieces = tuple(self.pieces[i] for i in numbers)
        return NextToken(pieces, log_probs[wanted], gives, numbers=numbers)
