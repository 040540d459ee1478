"""Which tokenizer counts like this? A table of known ones, and likelihoods of counts.

Every text of the table begins and ends alike, so that a server's count of a text less its count of
the first, short text is the tokenizer's own: what a chat template adds cancels out. An observed
difference is that of the table but for a chance of SLIP; then it is near it. A tokenizer that is
not in the table counts within some SPREAD of one that is.

Many relays do not count with the tokenizer of what answers, but with that of another vendor
(`COMMON`), or estimate by characters. So a count can make a claim unlikely and still prove nothing:
`Reading.doubts` says why.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

__all__ = [
    "ANOTHER",
    "BASE",
    "CountReading",
    "Table",
    "best_text",
    "read_counts",
    "tokenizer_table",
]

ANOTHER = "another"
"""The hypothesis that the tokenizer is none of the table."""
BASE = "base"
COMMON = frozenset({"cl100k", "o200k"})
"""Tokenizers that relays count with whatever answers."""
LEAST_ALIKE = 4
"""Texts from which rounded counts can be told: four share a factor of 3 by chance once in 80."""
SLIP = 0.03
SPREAD = 0.15
ESTIMATES: tuple[tuple[str, Callable[[str], float]], ...] = (
    ("characters", lambda t: float(len(t))),
    ("bytes", lambda t: float(len(t.encode()))),
    ("words", lambda t: float(len(t.split()))),
)
"""What servers count in the place of tokens."""


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """A known tokenizer: its name, whose it is, where it was taken from, and names of models."""

    name: str
    about: str
    origin: str
    names: str
    counts: Mapping[str, int]


@dataclass(frozen=True)
class Table:
    """Texts by key, and the tokenizers that were counted."""

    texts: Mapping[str, str]
    tokenizers: tuple[Tokenizer, ...]

    def named(self, model: str) -> Tokenizer | None:
        """The tokenizer that models of this name have, None where no single one is known.

        >>> tokenizer_table().named("Qwen/Qwen2.5-7B-Instruct").name
        'qwen'
        """
        name = model.rpartition("/")[2].casefold()
        fits = [t for t in self.tokenizers if t.names and re.search(t.names, name)]
        return fits[0] if len(fits) == 1 else None

    def difference(self, tokenizer: Tokenizer, key: str) -> int:
        """Tokens of a text beyond those of the first."""
        return tokenizer.counts[key] - tokenizer.counts[BASE]


@lru_cache(maxsize=1)
def tokenizer_table() -> Table:
    """The table of the package (`scripts/tokenizer_table.py` makes it)."""
    data = json.loads((files("cladist") / "data" / "tokenizers.json").read_text("utf-8"))
    rows = tuple(
        Tokenizer(t["name"], t["about"], t["origin"], t["names"], t["counts"])
        for t in data["tokenizers"]
    )
    return Table(data["texts"], rows)


@dataclass(frozen=True)
class CountReading:
    """What counts say.

    posterior   of every tokenizer and of ANOTHER, all alike beforehand
    likelihood  natural logarithms, of the counts under each
    doubts      why the counts may not be those of what answers; then they prove nothing
    """

    posterior: Mapping[str, float]
    likelihood: Mapping[str, float]
    doubts: tuple[str, ...]

    @property
    def best(self) -> str:
        """The likeliest."""
        return max(self.posterior, key=lambda k: self.posterior[k])


def read_counts(table: Table, counts: Sequence[tuple[str, int]]) -> CountReading:
    """Likelihoods of counts, as (text, count) in the order in which they were asked.

    A text may be asked twice; the first count of the base stands for it. Raises nothing: no base
    or nothing else gives the posterior from before.
    """
    base = next((n for key, n in counts if key == BASE), None)
    seen = {key: n for key, n in reversed(counts) if key != BASE}
    shown = {} if base is None else {key: n - base for key, n in seen.items()}
    likelihood = {
        t.name: sum(_near(d, table.difference(t, k)) for k, d in shown.items())
        for t in table.tokenizers
    }
    likelihood[ANOTHER] = _another(table, shown)
    top = max(likelihood.values())
    weight = {name: math.exp(value - top) for name, value in likelihood.items()}
    whole = sum(weight.values())
    posterior = {name: w / whole for name, w in weight.items()}
    return CountReading(posterior, likelihood, _doubts(table, counts, shown, posterior))


def best_text(table: Table, reading: CountReading, asked: Sequence[str]) -> str | None:
    """The text that tells most, by how evenly it splits what is still likely; None when all are
    asked."""
    left = [k for k in table.texts if k not in asked and k != BASE]
    if not left:
        return None
    weight = {t.name: max(reading.posterior[t.name], 1e-6) for t in table.tokenizers}

    def told(key: str) -> float:
        groups: dict[int, float] = {}
        for t in table.tokenizers:
            d = table.difference(t, key)
            groups[d] = groups.get(d, 0.0) + weight[t.name]
        whole = sum(groups.values())
        return -sum(g / whole * math.log(g / whole) for g in groups.values())

    return max(left, key=lambda k: (told(k), -len(table.texts[k]), k))


def _near(seen: int, expected: int) -> float:
    """ln of the chance of a difference under a tokenizer of the table."""
    slip = SLIP * _spread(seen, expected, max(2.0, 0.1 * abs(expected)))
    return math.log((1 - SLIP) * (seen == expected) + slip)


def _another(table: Table, shown: Mapping[str, int]) -> float:
    """ln of the chance of differences under a tokenizer that is like one of the table."""
    logs = [
        sum(
            math.log(_spread(d, e, max(1.5, SPREAD * abs(e))))
            for key, d in shown.items()
            for e in (table.difference(t, key),)
        )
        for t in table.tokenizers
    ]
    top = max(logs)
    return top + math.log(sum(math.exp(x - top) for x in logs) / len(logs))


def _spread(seen: int, expected: int, scale: float) -> float:
    """Chance of a whole number under a Laplace law around another, cut into whole numbers."""
    q = math.exp(-1 / scale)
    return max((1 - q) / (1 + q) * q ** abs(seen - expected), 1e-300)


def _doubts(
    table: Table, counts: Sequence[tuple[str, int]], shown: Mapping[str, int],
    posterior: Mapping[str, float],
) -> tuple[str, ...]:  # fmt: skip
    said = []
    twice = {key: {n for k, n in counts if k == key} for key, _ in counts}
    if uneven := sorted(key for key, found in twice.items() if len(found) > 1):
        said.append(f"the same text ({uneven[0]}) is counted now so, now otherwise")
    if len(shown) > 1 and len(set(shown.values()) | {0}) == 1:
        said.append("every text has the same count, so the counts are not of the texts")
    elif len(shown) > 2 and posterior[ANOTHER] > 0.5 and (word := _estimate(table, counts)):
        said.append(
            f"the counts follow the number of {word}: they are an estimate, of no tokenizer"
        )
    if len(shown) >= LEAST_ALIKE and not said:
        said += _rounded(table, counts, shown)
    best = max(posterior, key=lambda k: posterior[k])
    if best in COMMON:
        said.append(
            f"{best} is what many relays count with, whatever answers: it tells how the relay "
            "counts, and perhaps no more"
        )
    return tuple(said)


def _rounded(
    table: Table, counts: Sequence[tuple[str, int]], shown: Mapping[str, int]
) -> list[str]:
    """Whether counts have a least value, or are rounded to multiples."""
    longer = {k for k in shown if all(table.difference(t, k) > 0 for t in table.tokenizers)}
    if any(shown[k] == 0 for k in longer):
        return ["longer texts have the same count as the shortest: a minimum seems to be charged"]
    step = math.gcd(*(n for _, n in counts))
    return [f"all counts are multiples of {step}: they seem to be rounded"] if step > 2 else []


def _estimate(table: Table, counts: Sequence[tuple[str, int]]) -> str:
    """What counts are proportional to, but for a constant, within a token and a half; or ''."""
    seen = dict(reversed(counts))
    keys = list(seen)
    for word, size in ESTIMATES:
        x = [size(table.texts[k]) for k in keys]
        y = [float(seen[k]) for k in keys]
        mx, my = sum(x) / len(x), sum(y) / len(y)
        spread = sum((a - mx) ** 2 for a in x)
        if not spread:
            continue
        slope = sum((a - mx) * (b - my) for a, b in zip(x, y)) / spread
        if slope > 0 and all(abs(b - my - slope * (a - mx)) <= 1.5 for a, b in zip(x, y)):
            return word
    return ""
