"""Border inputs of a server that tells tokens alone, found by bisection.

Two contexts have the same last words and other words before them, and the server says different
tokens after them. Words of the one are put in place of the other's, the farthest first, and
somewhere on that way the token turns. Halving the way finds where, with one query a step; the two
contexts around it differ in one far word, so both lie near the border. Then the far words are put
in another order until the token turns again, and the way between the two orders is halved too:
neighbouring contexts on it differ in the order of two words, which moves the margin less still.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from cladist.core.progress import Progress, silent
from cladist.provenance.border.asking import Asker
from cladist.provenance.border.contexts import words

__all__ = ["DRAWN", "FAR", "ORDERS", "Pair", "bisected"]

FAR, LAST = 20, 4
"""Words that are exchanged, and words behind them that stay."""
ORDERS = 5
"""Other orders of the far words that are tried."""
DRAWN = 24
"""Pairs of contexts that are drawn at once."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two neighbouring contexts, and the tokens that are said after them."""

    texts: tuple[str, str]
    tokens: tuple[str, str]


@dataclass
class _Way:
    """Contexts from one to another; the token at `low` is not the one at `high`."""

    states: Sequence[Sequence[str]]
    tokens: tuple[str, str]
    low: int = 0
    high: int = field(default=-1)

    def __post_init__(self) -> None:
        self.high = len(self.states) - 1

    @property
    def open(self) -> bool:
        return self.high - self.low > 1

    @property
    def middle(self) -> int:
        return (self.low + self.high) // 2

    def step(self, token: str) -> None:
        """Go to the half in which the token turns; a third token counts as the farther one."""
        if token == self.tokens[0]:
            self.low = self.middle
        else:
            self.high, self.tokens = self.middle, (self.tokens[0], token)

    @property
    def pair(self) -> Pair:
        ends = " ".join(self.states[self.low]), " ".join(self.states[self.high])
        return Pair(ends, self.tokens)


def bisected(
    asker: Asker, pairs: int, most: int, seed: int, progress: Progress = silent
) -> list[Pair]:
    """So many pairs near the border, the nearest first, with `most` queries or a few more.

    Fewer where the queries are spent, or where the server stops answering.
    """
    dice, begun = random.Random(seed), asker.queries  # noqa: S311 - the seed is secret
    close: list[Pair] = []
    less: list[Pair] = []
    while len(close) < pairs and asker.queries - begun < most and not asker.trouble:
        found = _turned(asker, [_drawn(dice) for _ in range(DRAWN)])
        if not found:
            break
        _halve(asker, found)
        finer = _reordered(asker, found, dice)
        _halve(asker, list(finer.values()))
        close += [way.pair for way in finer.values()]
        less += [way.pair for i, way in enumerate(found) if i not in finer]
        progress("searching border inputs", min(len(close), pairs), pairs)
    return [*close, *less][:pairs]


def _drawn(dice: random.Random) -> tuple[list[str], list[str], list[str]]:
    chosen = dice.sample(words(), 2 * FAR + LAST)
    return chosen[:FAR], chosen[FAR : 2 * FAR], chosen[2 * FAR :]


def _turned(
    asker: Asker, drawn: Sequence[tuple[list[str], list[str], list[str]]]
) -> list[_Way]:  # fmt: skip
    """Ways whose ends are answered by different tokens."""
    ways = [
        [[*other[:k], *one[k:], *last] for k in range(FAR + 1)] for one, other, last in drawn
    ]  # fmt: skip
    told = asker.say([" ".join(w[i]) for w in ways for i in (0, -1)])
    ends = [(told[2 * i].token, told[2 * i + 1].token) for i in range(len(ways))]
    return [_Way(w, (a, b)) for w, (a, b) in zip(ways, ends, strict=True) if a and b and a != b]


def _halve(asker: Asker, ways: Sequence[_Way]) -> None:
    """Halve all ways at once, until each is one step long."""
    while (left := [w for w in ways if w.open]) and not asker.trouble:
        told = asker.say([" ".join(w.states[w.middle]) for w in left])
        for way, reading in zip(left, told, strict=True):
            if reading.token is None:
                way.low, way.high = way.middle, way.middle  # given up
            else:
                way.step(reading.token)
    for way in ways:
        if way.low == way.high:
            way.tokens = ("", "")


def _reordered(asker: Asker, ways: Sequence[_Way], dice: random.Random) -> dict[int, _Way]:
    """Ways between two orders of the far words, where another order turns the token."""
    found: dict[int, _Way] = {}
    for _ in range(ORDERS):
        open_ones = [i for i, w in enumerate(ways) if i not in found and w.tokens[0]]
        if not open_ones or asker.trouble:
            break
        orders = []
        for i in open_ones:
            far = list(ways[i].states[ways[i].low][:FAR])
            dice.shuffle(far)
            orders.append([*far, *ways[i].states[ways[i].low][FAR:]])
        told = asker.say([" ".join(o) for o in orders])
        for i, order, reading in zip(open_ones, orders, told, strict=True):
            token = ways[i].tokens[0]
            if reading.token and reading.token != token:
                begun = list(ways[i].states[ways[i].low])
                found[i] = _Way(_between(begun, order), (token, reading.token))
    return found


def _between(one: list[str], other: list[str]) -> list[list[str]]:
    """From one order to another, two neighbouring words at a time.

    >>> _between(["a", "b", "c"], ["c", "a", "b"])
    [['a', 'b', 'c'], ['a', 'c', 'b'], ['c', 'a', 'b']]
    """
    now, made = list(one), [list(one)]
    for place, word in enumerate(other):
        at = now.index(word, place)
        for j in range(at, place, -1):
            now[j - 1], now[j] = now[j], now[j - 1]
            made.append(list(now))
    return made
