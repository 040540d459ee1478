"""What a model says of the next few bytes after a context, as far as its tokens tell.

One token tells as many bytes as it has. Where it has enough of them, the distribution of the next
k bytes is that of the tokens, added up by the k bytes that each begins with. A token with fewer
leaves the rest open: its probability is known, and how the text goes on behind it is not. A model
that can be asked what comes after given tokens (`Context.then`) closes such a gap by one more
forward pass, and so on until little enough is open. Nothing is guessed meanwhile: what is open and
what was not told are carried as such.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cladist.core.next_token import END, OUTCOMES, NextByte, NextToken
from cladist.errors import UsageError

__all__ = ["Following", "NextBytes", "next_bytes"]

MOST_BYTES = 8
"""Bytes ahead that can be asked for; the outcomes, and the passes, grow with each."""


@dataclass(frozen=True)
class NextBytes:
    """The distribution of the next `length` bytes after a context.

    The four kinds of probabilities add up to 1.

    whole    by the bytes, `length` of them
    ended    by the bytes that come before the end of the text, fewer than `length`, perhaps none
    open     by the bytes that are known to come, fewer than `length`; what follows them is not
    missing  of what was not told at all
    error    why there is no answer; then everything is missing
    note     what must be known of it, as that the numbers told were rounded
    """

    length: int
    whole: Mapping[bytes, float]
    ended: Mapping[bytes, float]
    open: Mapping[bytes, float]
    missing: float = 0.0
    error: str = ""
    note: str = ""

    @property
    def unknown(self) -> float:
        """Probability whose `length` bytes are not all known: what is open, and what is missing.

        No event of these bytes is less likely than told, or likelier by more than this.
        """
        return self.missing + sum(self.open.values())

    def first(self) -> NextByte:
        """The distribution of the first byte alone: that of `next_byte`."""
        if self.error:
            return NextByte.failed(self.error)
        mass = np.zeros(OUTCOMES)
        for told in (self.whole, self.ended, self.open):
            for text, chance in told.items():
                mass[text[0] if text else END] += chance
        return NextByte(mass, self.missing, note=self.note)


def next_bytes(said: NextToken, length: int) -> NextBytes:
    """The next `length` bytes after a context, from the next token alone.

    Exact for what it tells: a token of `length` bytes or more counts for those that it begins
    with, a shorter one is `open`, a special one the end. Time linear in the tokens.

    Parameters
    ----------
    said : NextToken
        The distribution of the next token, all of it or the likeliest few.
    length : int
        Bytes, 1 to 8.

    Returns
    -------
    NextBytes
        With an `error` where `said` has one, and for a single sampled token.

    Raises
    ------
    UsageError
        For another length.

    Examples
    --------
    >>> said = NextToken.of([b"abc", b"a", None], [-1.5, -1.5, -1.0], "top")
    >>> found = next_bytes(said, 2)
    >>> {k: round(v, 3) for k, v in found.whole.items()}, round(found.ended[b""], 3)
    ({b'ab': 0.223}, 0.368)
    >>> {k: round(v, 3) for k, v in found.open.items()}, round(found.missing, 3)
    ({b'a': 0.223}, 0.186)
    """
    following = Following(length)
    following.learn((), said)
    return following.found()


@dataclass
class Following:
    """The next bytes after one context while they become known, token by token.

    `wanted` says after which tokens the model is to be asked next, `learn` takes what it said.

    Examples
    --------
    >>> following = Following(2)
    >>> following.learn((), NextToken.of([b"ab", b"a"], [-0.7, -0.7], "all", [7, 8]))
    >>> following.wanted(unknown=0.01, most=4)
    [(8,)]
    >>> following.learn((8,), NextToken.of([b"bc", b"c"], [-0.7, -0.7], "all", [5, 9]))
    >>> {k: round(v, 2) for k, v in following.found().whole.items()}
    {b'ab': 0.74, b'ac': 0.25}
    """

    length: int
    _whole: dict[bytes, float] = field(default_factory=dict)
    _ended: dict[bytes, float] = field(default_factory=dict)
    _lost: dict[bytes, float] = field(default_factory=dict)
    _waiting: dict[tuple[int, ...], tuple[bytes, float]] = field(default_factory=dict)
    _missing: float = 1.0
    _error: str = ""
    _note: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.length <= MOST_BYTES:
            raise UsageError(f"the next 1 to {MOST_BYTES} bytes can be had, not {self.length}")

    def wanted(self, unknown: float, most: int) -> list[tuple[int, ...]]:
        """Tokens after the context behind which the model is to be asked, likeliest first.

        As few as bring what is not known down to `unknown`, and `most` at most; none where it is
        there already, and none where no asking can bring it nearer.
        """
        ahead = sum(chance for _, chance in self._waiting.values())
        open_still = self._missing + sum(self._lost.values()) + ahead
        out: list[tuple[int, ...]] = []
        for path, (_, chance) in heapq.nsmallest(
            most, self._waiting.items(), key=lambda item: (-item[1][1], item[0])
        ):
            if open_still <= unknown:
                break
            out.append(path)
            open_still -= chance
        return out

    def learn(self, path: Sequence[int], said: NextToken) -> None:
        """Take what the model said after the context and the tokens `path`, () for none.

        Raises `KeyError` for tokens that were not waited for.
        """
        before, weight = self._taken(tuple(path), said)
        if said.error or said.gives == "sampled":
            self._lose(before, weight)
            return
        chances = np.exp(said.log_probs)
        told = float(chances.sum())
        chances = chances / max(told, 1.0)  # above 1 by rounding; more than that is refused before
        left = weight * max(0.0, 1.0 - told)
        for place, (piece, chance) in enumerate(zip(said.tokens, chances.tolist(), strict=True)):
            here = weight * chance
            if piece is None:
                _add(self._ended, before, here)
            elif not piece:
                left += here
            elif len(before) + len(piece) >= self.length:
                _add(self._whole, (before + piece)[: self.length], here)
            elif said.numbers:
                self._waiting[*path, said.numbers[place]] = (before + piece, here)
            else:
                _add(self._lost, before + piece, here)
        self._lose(before, left)

    def found(self) -> NextBytes:
        """What is known by now."""
        opened = dict(self._lost)
        for text, chance in self._waiting.values():
            _add(opened, text, chance)
        opened = {text: chance for text, chance in opened.items() if chance > 0}
        return NextBytes(
            self.length, dict(self._whole), dict(self._ended), opened, self._missing,
            self._error, self._note,
        )  # fmt: skip

    def _taken(self, path: tuple[int, ...], said: NextToken) -> tuple[bytes, float]:
        """The bytes and the probability of `path`, which is waited for no longer."""
        if path:
            return self._waiting.pop(path)
        if said.error or said.gives == "sampled":
            self._error = said.error or "one sampled token tells no probabilities"
        self._note = said.note
        taken, self._missing = self._missing, 0.0
        return b"", taken

    def _lose(self, before: bytes, chance: float) -> None:
        """What comes after `before` with this probability will not be known."""
        if before:
            _add(self._lost, before, chance)
        else:
            self._missing += chance


def _add(to: dict[bytes, float], text: bytes, chance: float) -> None:
    to[text] = to.get(text, 0.0) + chance
