"""Recorded sets with their labels, and figures of a matrix of likeness with intervals over makers.

Figures are those of ../shared/tools/score_kinship.py, which is the definition.
"""

from __future__ import annotations

import importlib.util
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
from assays import SHARED, every, load
from constants import changed

from cladist.kinship.config import EVIDENCE
from cladist.kinship.evidence import similarity, wording
from cladist.kinship.evidence.corpus import Corpus, read_corpus, said_once
from cladist.kinship.evidence.wording import ProbeGrams

NAMES = {
    "rand": "804 x 100, greedy completions of classical Chinese",
    "bench6": "196 x 600, exam questions, chat templates, T = 0.7",
    "alpaca": "125 x 161 (every fifth prompt), chat",
    "can_ai_code": "287 x 34, code",
    "can_ai_code_senior": "212 x 6, code, harder tasks",
    "eqbench": "63 x 171, marks for feelings with a critique",
}
KEYS = ("auc", "ap", "tpr_1", "nn")
HEADS = ("AUC", "AP", "TPR at 1%", "nearest is kin")
DRAWS = 200
ORDERS = 4
"""Words of a sequence up to which choices are tried; the package reads `EVIDENCE.orders`."""


def scorer() -> Callable[..., dict[str, float]]:
    """`score` of the tool that defines the figures."""
    path = SHARED / "tools" / "score_kinship.py"
    spec = importlib.util.spec_from_file_location("score_kinship", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise SystemExit(f"{path} is needed for the definitions")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[..., dict[str, float]] = module.score
    return found


class Labelled:
    """A recorded set with its labels, the pairs that count, and its word sequences once read."""

    def __init__(self, name: str) -> None:
        sets, self.lineage = load(name)
        self.name = name
        self.sets = [every(s, 5) for s in sets] if name == "alpaca" else sets
        self.corpus = said_once(read_corpus(self.sets))
        self.ids = list(self.corpus.models)
        self.score = scorer()
        rows = self.lineage.drop_duplicates("model").set_index("model").reindex(self.ids)
        good = (rows.usable.astype(str) == "True") & rows.confidence.isin(["high", "medium"])
        self.keep = np.flatnonzero(good & rows.foundation.notna())
        rows = rows.iloc[self.keep]
        self.foundation = rows.foundation.to_numpy()
        self.family = rows.superfamily.fillna("?" + rows.foundation).to_numpy()
        self.weights = rows.weights_of.fillna(pd.Series(rows.index, index=rows.index)).to_numpy()
        a, b = np.triu_indices(len(self.keep), 1)
        kin = self.is_kin(a, b)
        used = kin | (self.family[a] != self.family[b])
        self.a, self.b, self.kin = a[used], b[used], kin[used]

    def is_kin(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Whether pairs of places in `keep` have one foundation and other weights."""
        same = self.foundation[a] == self.foundation[b]
        return np.asarray(same & (self.weights[a] != self.weights[b]))

    def figures(self, matrix: np.ndarray) -> dict[str, float]:
        """The defining tool's figures."""
        return dict(self.score(self.ids, matrix, self.lineage))

    def values(self, matrix: np.ndarray) -> np.ndarray:
        """Likeness of the pairs that count."""
        s = matrix[np.ix_(self.keep, self.keep)]
        return np.asarray(((s + s.T) / 2)[self.a, self.b])

    def quick(self, matrix: np.ndarray) -> tuple[float, float]:
        """AUC and AP from one sort, as choosing needs them often; ties in the order they come."""
        value = self.values(matrix)
        rank = np.argsort(-value, kind="stable")
        return areas(self.kin[rank].astype(float), (~self.kin[rank]).astype(float))

    def drawn(self, matrix: np.ndarray) -> np.ndarray:
        """Figures with makers drawn anew with replacement, (DRAWS, 4).

        A pair of two makers weighs by both draws, a pair within one maker by its one draw: two
        draws of a maker are two makers, and make no kin of each other. So kin stay as rare.
        """
        value = self.values(matrix)
        rank = np.argsort(-value, kind="stable")
        a, b, kin = self.a[rank], self.b[rank], self.kin[rank]
        near = matrix[np.ix_(self.keep, self.keep)].copy()
        near = (near + near.T) / 2
        same = self.weights[:, None] == self.weights[None, :]
        near[same] = -np.inf
        has = ((self.foundation[:, None] == self.foundation[None, :]) & ~same).any(1)
        hit = self.foundation[near.argmax(1)] == self.foundation
        _, code = np.unique(self.family, return_inverse=True)
        makers = int(code.max()) + 1
        one = self.family[a] == self.family[b]
        rng = np.random.default_rng(zlib.crc32(self.name.encode()))
        out: list[tuple[float, ...]] = []
        while len(out) < DRAWS:
            times = np.bincount(rng.integers(0, makers, makers), minlength=makers)[code]
            w = np.where(one, times[a], times[a] * times[b]).astype(float)
            yes, no = w * kin, w * ~kin
            if not yes.sum() or not no.sum() or not (times * has).sum():
                continue
            below = np.searchsorted(np.cumsum(no), 0.01 * no.sum())
            found = yes[:below].sum() / yes.sum()
            out.append((*areas(yes, no), float(found), float(np.average(hit, weights=times * has))))
        return np.array(out)


def areas(yes: np.ndarray, no: np.ndarray) -> tuple[float, float]:
    """AUC and AP of pairs in falling order of likeness, from the weights of kin and of others."""
    tp, fp = np.cumsum(yes), np.cumsum(no)
    auc = float((yes * (fp[-1] - fp)).sum() / (tp[-1] * fp[-1]))
    return auc, float((yes * tp / np.maximum(tp + fp, 1e-12)).sum() / tp[-1])


@contextmanager
def substituted(
    grams: Sequence[ProbeGrams] | None = None, orders: int | None = None, **constants: Any
) -> Iterator[None]:
    """Other constants for the evidence, and word sequences that were read before."""
    with (
        changed(EVIDENCE, orders=orders or EVIDENCE.orders, **constants),
        patch.object(wording, "probe_grams", _given(grams) if grams else wording.probe_grams),
    ):
        yield


def _given(grams: Sequence[ProbeGrams]) -> Callable[[Corpus, int], ProbeGrams]:
    return lambda corpus, probe: grams[probe]


def read_grams(corpus: Corpus, count: int = EVIDENCE.words) -> list[ProbeGrams]:
    """Word sequences of every probe that two models say; others are part of no sum over pairs."""
    with substituted(orders=ORDERS, words=count, characters=10 * count):
        return [_shared(wording.probe_grams(corpus, j)) for j in range(len(corpus.probe_ids))]


def _shared(grams: ProbeGrams) -> ProbeGrams:
    kept = np.bincount(grams.said.indices, minlength=grams.said.shape[1]) > 1
    number = np.append(np.where(kept, np.cumsum(kept) - 1, -1), -1)
    context = number[grams.context[kept]]
    return ProbeGrams(grams.said[:, np.flatnonzero(kept)], grams.order[kept], context)


def panel_of(
    corpus: Corpus, grams: Sequence[ProbeGrams], rows: np.ndarray, probes: np.ndarray
) -> tuple[Corpus, list[ProbeGrams]]:
    """Some models and some probes of a corpus, as if nothing else had been recorded."""
    part = Corpus(
        tuple(corpus.models[i] for i in rows),
        tuple(corpus.probe_ids[j] for j in probes),
        tuple(tuple(corpus.texts[i][j] for j in probes) for i in rows),
        corpus.codes[np.ix_(rows, probes)],
        corpus.length[np.ix_(rows, probes)],
    )
    return part, [
        _shared(ProbeGrams(grams[j].said[rows], grams[j].order, grams[j].context)) for j in probes
    ]


def evidence_in(corpus: Corpus, grams: Sequence[ProbeGrams]) -> similarity.Evidence:
    """All evidence with everybody as the panel, from sequences read before."""
    with substituted(grams):
        return similarity.evidence_of(corpus, np.ones(len(corpus), np.bool_))


def table(head: str, rows: Sequence[tuple[str, Sequence[str]]], columns: Sequence[str]) -> str:
    """A table of Markdown."""
    lines = [f"| {head} | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    return "\n".join([*lines, *(f"| {name} | {' | '.join(cells)} |" for name, cells in rows)])


def cell(value: float, low: float | None = None, high: float | None = None) -> str:
    """A figure, and its interval where there is one."""
    return f"{value:.2f}" if low is None else f"{value:.2f} ({low:.2f}-{high:.2f})"


def main_guard() -> Path:
    """The folder of recorded data, or a message."""
    if not (SHARED / "data").is_dir():
        raise SystemExit(f"recorded data is needed in {SHARED / 'data'}")
    return SHARED / "data"
