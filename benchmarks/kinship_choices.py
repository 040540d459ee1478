"""What stands in `cladist.kinship.config`, chosen on all sets but one and scored on that one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from kinship_sets import KEYS, ORDERS, Labelled, read_grams, substituted

from cladist.kinship.config import EVIDENCE, SPREADS
from cladist.kinship.evidence.standard import standardise
from cladist.kinship.evidence.wording import ProbeGrams, wording

COPIED = (0.01, 0.05, 0.2)
WORDS = (200, 400, 800)
SINGLE = (0.0, 0.5, 1.0)
SEQUENCES = (2, 3, 4)
TOKENIZER = (0.0, 0.5, 1.0, 2.0)
PROJECTS = {"can_ai_code_senior": "can_ai_code"}
"""Sets of one project have many models in common and are left out together."""


@dataclass(frozen=True, order=True)
class Choice:
    """One setting of the constants; `sequence` is the longest sequence of words that is read."""

    copied: float
    words: int
    single: float
    sequence: int
    tokenizer: float

    def __str__(self) -> str:
        return " | ".join(f"{x:g}" for x in self.parts())

    def parts(self) -> tuple[float, ...]:
        """The constants in order."""
        return self.copied, self.words, self.single, self.sequence, self.tokenizer


SHIPPED = Choice(
    EVIDENCE.copied, EVIDENCE.words, EVIDENCE.single, EVIDENCE.orders, EVIDENCE.tokenizer
)
NAMES = ("copied", "words", "single", "longest sequence", "tokenizer")
GRID = (COPIED, WORDS, SINGLE, SEQUENCES, TOKENIZER)


class Kernels:
    """Standardised likeness of wording of one set for every order and constant, and tokenizers."""

    def __init__(self, d: Labelled, grams: list[ProbeGrams], tokenizer: np.ndarray) -> None:
        members = np.ones(len(d.corpus), np.bool_)
        self.tokenizer = tokenizer
        self.standing: dict[tuple[float, int], list[np.ndarray]] = {}
        for count in WORDS:
            read = grams if count == EVIDENCE.words else read_grams(d.corpus, count)
            for copied in COPIED:
                with substituted(read, ORDERS, copied=copied):
                    found = wording(d.corpus, members)
                self.standing[copied, count] = [
                    standardise(found.of(order), members, beyond=SPREADS.beyond).astype(np.float32)
                    for order in range(ORDERS)
                ]

    def of(self, c: Choice) -> np.ndarray:
        """All evidence under a choice, float64 (n, n)."""
        orders = self.standing[c.copied, c.words][: c.sequence]
        weights = [c.single, *[1.0] * (c.sequence - 1)]
        total = sum(w * k.astype(np.float64) for w, k in zip(weights, orders, strict=True))
        return np.asarray(total / sum(weights) + c.tokenizer * self.tokenizer)


def choices() -> Iterator[Choice]:
    """The whole grid."""
    return (Choice(*parts) for parts in product(*GRID))


def scores(d: Labelled, kernels: Kernels) -> dict[Choice, tuple[float, float]]:
    """AUC and AP of every choice on one set."""
    return {c: d.quick(kernels.of(c)) for c in choices()}


def chosen_without(left: str, found: Mapping[str, Mapping[Choice, tuple[float, float]]]) -> Choice:
    """The best mean of AUC and AP over all sets of other projects than that of `left`."""
    project = PROJECTS.get(left, left)
    others = [s for name, s in found.items() if PROJECTS.get(name, name) != project]
    return max(choices(), key=lambda c: float(np.mean([np.mean(s[c]) for s in others])))


def sensitivity(
    found: Mapping[str, Mapping[Choice, tuple[float, float]]],
) -> list[tuple[str, list[str]]]:
    """Mean AUC and AP over the sets with one constant changed and the others as they ship."""
    rows = []
    for place, (name, values) in enumerate(zip(NAMES, GRID, strict=True)):
        cells = []
        for value in values:
            parts: list[Any] = list(SHIPPED.parts())
            parts[place] = value
            both = np.mean([s[Choice(*parts)] for s in found.values()], axis=0)
            mark = "**" if value == SHIPPED.parts()[place] else ""
            cells.append(f"{mark}{value:g}{mark}: {both[0]:.3f} / {both[1]:.3f}")
        rows.append((name, ["; ".join(cells)]))
    return rows


def mean_and_worst(rows: Mapping[str, Mapping[str, float]]) -> tuple[list[float], list[float]]:
    """Mean and least of each figure over sets."""
    table = np.array([[row[k] for k in KEYS] for row in rows.values()])
    return table.mean(0).tolist(), table.min(0).tolist()
