"""What speaks for and against a kinship, probe by probe, for many pairs at once.

For the eye only: no verdict rests on it. It is near the quantity that the test of one pair looks
at (`kinship.inference.probe_checks.probe_excess`): shared openings and shared wording, less what
models of the same style but another family share, in units of their spread. Computed for all
pairs together it costs thousandths of it a pair, as controls are chosen once a model, not once a
pair, and openings are weighed over all models.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cladist.core.progress import Progress, silent
from cladist.kinship.evidence.corpus import Corpus
from cladist.kinship.evidence.functional import Functions, beyond_panel
from cladist.kinship.evidence.style import opening_keys
from cladist.kinship.inference.probe_checks import CONTROLS, READ, shingles

__all__ = ["probe_weights"]

Floats = NDArray[np.float64]
Index = NDArray[np.int64]
_STEP = 200_000


def context_weights(
    read: Functions, family: Index, style: Floats, pairs: Index
) -> NDArray[np.float32]:
    """`probe_weights` of distributions: cosines of log ratios beyond those with the controls."""
    n, p = read.present.shape
    controls = _controls(family, style, np.asarray(read.present.any(axis=1), dtype=np.bool_))
    unit = beyond_panel(read)
    ground, level = np.zeros((n, p)), [np.zeros(0)] * n
    for i, chosen in enumerate(controls):
        if len(chosen):
            found = np.einsum("pk,cpk->cp", unit[i], unit[chosen], dtype=np.float64)
            ground[i], level[i] = found.mean(axis=0), found.mean(axis=1)
    a, b = pairs[:, 0], pairs[:, 1]
    out = np.full((len(pairs), p), np.nan)
    for row, (i, j) in enumerate(pairs.tolist()):
        if min(len(controls[i]), len(controls[j])) < 2:
            continue
        spread = max(float(np.concatenate([level[i], level[j]]).std()), 1e-6)
        mine = np.einsum("pk,pk->p", unit[i], unit[j], dtype=np.float64)
        out[row] = (mine - (ground[i] + ground[j]) / 2) / spread
    out[~(read.present[a] & read.present[b])] = np.nan
    return out.astype(np.float32)


def probe_weights(
    corpus: Corpus,
    family: Index,
    style: Floats,
    pairs: Index,
    progress: Progress = silent,
) -> NDArray[np.float32]:
    """Evidence of m pairs of models on every probe, float32 (m, p); NaN where one is missing.

    family  int64 (n,): controls of a model are of another one
    style  float64 (n, n): controls are those nearest in style
    pairs   int64 (m, 2) rows of the corpus

    Positive speaks for kinship. All NaN where a model has no two controls. Time: p times the
    openings and wordings of n CONTROLS + m pairs.
    """
    n, p = corpus.length.shape
    answered = np.asarray(corpus.present.any(axis=1), dtype=np.bool_)
    controls = _controls(family, style, answered)
    owner = np.repeat(np.arange(n), [len(c) for c in controls])
    against = np.column_stack([owner, np.concatenate(controls)]) if n else np.empty((0, 2), int)
    every = np.concatenate([against, pairs]).astype(np.int64)
    size = np.maximum(np.bincount(owner, minlength=n), 1)
    keys = opening_keys(corpus.codes)
    out = np.zeros((2, len(pairs), p))
    ground = np.zeros((2, n, p))
    level = np.zeros((2, len(against)))
    for probe in range(p):
        texts = [row[probe][:READ] for row in corpus.texts]
        for kind, values in enumerate(
            (_openings([k[:, probe] for k in keys], every), _wordings(texts, every))
        ):
            mine = values[: len(against)]
            level[kind] += mine / p
            ground[kind, :, probe] = np.bincount(owner, mine, n) / size
            out[kind, :, probe] = values[len(against) :]
        progress("evidence by probe", probe + 1, p)
    total = np.zeros((len(pairs), p))
    a, b = pairs[:, 0], pairs[:, 1]
    for kind in range(2):
        spread = _spread(owner, level[kind], n, a, b)
        excess = out[kind] - (ground[kind][a] + ground[kind][b]) / 2
        total += excess / np.maximum(spread, 1e-6)[:, None]
    total /= 2
    few = np.array([len(c) < 2 for c in controls], dtype=np.bool_)
    total[~(corpus.present[a] & corpus.present[b])] = np.nan
    total[few[a] | few[b]] = np.nan
    return np.asarray(total, dtype=np.float32)


def _controls(family: Index, style: Floats, present: NDArray[np.bool_]) -> list[Index]:
    out = []
    for i in range(len(family)):
        free = np.flatnonzero((family != family[i]) & present)
        order = np.argsort(-style[i, free], kind="stable")[:CONTROLS]
        out.append(free[order])
    return out


def _spread(owner: Index, level: Floats, n: int, a: Index, b: Index) -> Floats:
    """Standard deviation of the mean levels of both models' controls taken together, (m,)."""
    count = np.bincount(owner, minlength=n).astype(np.float64)
    first, second = np.bincount(owner, level, n), np.bincount(owner, level**2, n)
    size = np.maximum(count[a] + count[b], 1)
    mean = (first[a] + first[b]) / size
    return np.sqrt(np.maximum((second[a] + second[b]) / size - mean**2, 0.0))


def _openings(keys: Sequence[NDArray[np.uint64]], pairs: Index) -> Floats:
    """Nats of the longest shared opening of each pair on one probe."""
    out = np.zeros(len(pairs))
    for key in keys:
        _, place, count = np.unique(key, return_inverse=True, return_counts=True)
        nats = np.log((len(key) + 1) / (count + 1))[place]
        a, b = pairs[:, 0], pairs[:, 1]
        same = (key[a] == key[b]) & (key[a] > 0)
        out = np.maximum(out, np.where(same, nats[a], 0.0))
    return out


def _wordings(texts: Sequence[str], pairs: Index) -> Floats:
    """Square-rooted cosines of the wording of each pair on one probe."""
    if not any(texts):
        return np.zeros(len(pairs))
    rows = shingles(texts)
    # Kin often say the very same: each pair of different texts is compared once.
    number = {text: k for k, text in enumerate(dict.fromkeys(texts))}
    of = np.array([number[t] for t in texts])
    first = np.full(len(number), len(texts))
    np.minimum.at(first, of, np.arange(len(texts)))
    low = np.minimum(of[pairs[:, 0]], of[pairs[:, 1]])
    high = np.maximum(of[pairs[:, 0]], of[pairs[:, 1]])
    code, place = np.unique(low * len(number) + high, return_inverse=True)
    left, right = first[code // len(number)], first[code % len(number)]
    cosine = np.concatenate(
        [
            np.asarray(
                rows[left[at : at + _STEP]].multiply(rows[right[at : at + _STEP]]).sum(axis=1)
            ).ravel()
            for at in range(0, max(len(code), 1), _STEP)
        ]
    )
    return np.asarray(np.sqrt(np.clip(cosine, 0.0, None))[place])
