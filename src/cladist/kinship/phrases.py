"""Phrases: word for word, which way a model goes where models part.

The counterpart of alleles on long and sampled answers. Per probe, every word of the opening is
a choice in the context of the word before it (two words before do as well on completions and
worse on chat), and carries -ln(share) nats among the panel's members that stood there: a fixed
expression is one choice, a rare turn of speech is a strong one. It carries no more than
-ln(share) among the model's own answers to other probes: what it says anyway says little of this
probe. Cosines of each probe are square-rooted (many probes with a little in common say more than
one with much), averaged over the probes that both answered, centred on the panel and shrunk along
its main axes, which carry manner more than descent.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from cladist.errors import InputError
from cladist.kinship.alleles import FEW
from cladist.kinship.choices import CODE, Choices, read_choices
from cladist.kinship.corpus import Corpus
from cladist.kinship.standard import Floats, in_turn

__all__ = ["phrase_cosines", "phrase_kernel"]

RIDGE = 0.01
"""Ridge of the spectral shrinkage, as a share of all variance: axes that carry more are flattened.
One value serves greedy completions and sampled chat; .8% to 2% differ by .003 AUC."""

FAMILY = 4
"""Models whose axis is not flattened, however alike they are: the ridge is no less than this many
mean eigenvalues. In a panel of few families the main axes are the families. From 2 to 8 recorded
panels lose .01 of average precision, and small ones of known descent gain .05."""

ALIVE = 0.1
"""Share of probes with an answer below which a model takes no part: it is no evidence."""

_OWNER = np.uint64(16)


def _features(
    choices: Sequence[Choices], probe: int, members: NDArray[np.bool_]
) -> tuple[sparse.csr_array, NDArray[np.float64]]:
    """Weighted choices of one probe, rows of norm 1 before rare columns go, and those norms."""
    n = len(choices)
    parts = [slice(int(c.begin[probe]), int(c.begin[probe + 1])) for c in choices]
    made = np.concatenate([c.pair[s] for c, s in zip(choices, parts, strict=True)])
    if not len(made):
        return sparse.csr_array(np.zeros((n, 0), np.float32)), np.zeros(n)
    owner = np.repeat(np.arange(n, dtype=np.uint64), [s.stop - s.start for s in parts])
    packed = np.sort(made << _OWNER | owner)
    pair, row = packed >> _OWNER, packed.astype(np.uint16)
    new = np.concatenate([[True], pair[1:] != pair[:-1]])
    column, first = np.cumsum(new) - 1, np.flatnonzero(new)
    context = pair >> CODE
    opens = np.concatenate([[True], context[1:] != context[:-1]])
    m = max(int(members.sum()), 1)
    inside = members[row]
    shown = np.add.reduceat(inside, first, dtype=np.int64)
    # A model stands at a context once, however many ways it goes on from there.
    place = np.cumsum(opens) - 1
    stands = np.sort(place.astype(np.uint64) << _OWNER | row)
    once = np.concatenate([[True], stands[1:] != stands[:-1]])
    stood = np.bincount(
        (stands[once] >> _OWNER).astype(np.int64), members[stands[once].astype(np.uint16)]
    )[place[first]]
    share = (shown + 0.5) / (stood + 0.5 + 2.0 / m)
    nats = -np.log(share)
    if m > FEW:
        nats[stood <= shown] = 0.0
    # Each model's choices rise here as they do in its own list, so places are found by counting.
    own = np.argsort(row, kind="stable")
    used, at = (
        np.concatenate([getattr(c, what)[s] for c, s in zip(choices, parts, strict=True)])
        for what in ("used", "stood")
    )
    habit = np.empty(len(row))
    habit[own] = (used - 1 + share[column[own]]) / at
    weight = np.minimum(nats[column], -np.log(habit))
    norm = np.sqrt(np.bincount(row, weight**2, n))
    value = (weight / np.maximum(norm[row], 1e-12)).astype(np.float32)
    shared = np.diff(np.append(first, len(column))) > 1  # others touch the norm alone
    number = np.cumsum(shared) - 1
    kept = shared[column] & (value > 0)
    x = sparse.csr_array(
        (value[kept], (row[kept].astype(np.int64), number[column[kept]])),
        shape=(n, int(shared.sum())),
    )
    return x, norm


def phrase_kernel(corpus: Corpus, members: NDArray[np.bool_] | None = None) -> Floats:
    """Mean over common probes of the square-rooted cosine of choices, float64 (n, n) in 0..1.

    Zero where two models have no probe in common. Without `members` all models are the panel
    that shares are taken of. O(characters + sum over choices of (models
    that make it)^2) time; one probe at a time.
    """
    n, p = corpus.length.shape
    if n > 1 << 16:
        raise InputError(f"kinship compares up to 65,536 models at once, {n} given")
    inside = np.ones(n, np.bool_) if members is None else members
    choices = read_choices(corpus)
    total = np.zeros((n, n), np.float32)
    spoke = np.zeros(n)

    def of_probe(j: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        x, norm = _features(choices, j, inside)
        return np.sqrt((x @ x.T).toarray()), np.asarray(norm > 0, np.bool_)

    for cosine, said in in_turn(of_probe, p):
        total += cosine
        spoke += said
    np.fill_diagonal(total, spoke)
    have = corpus.present.astype(np.float64)
    both = have @ have.T
    return np.asarray(np.clip(total / np.maximum(both, 1.0), 0.0, 1.0), np.float64)


def phrase_cosines(kernel: Floats, alive: NDArray[np.bool_], members: NDArray[np.bool_]) -> Floats:
    """Cosines after centring on the panel and spectral shrinkage, float64 (n, n).

    Rows of models that are not alive are zero. Of the mean only the part (m - 2)/m is removed,
    since a panel of two has no background but itself. Models outside the panel are placed by
    Nystroem's formula, which gives a member its own place again. O(m^3 + n m^2) time.
    """
    n = len(kernel)
    out = np.zeros((n, n))
    here, base = np.flatnonzero(alive), np.flatnonzero(alive & members)
    m = len(base)
    if m < 2:
        return out
    k = kernel[np.ix_(here, base)]
    mean = k.mean(1) * ((m - 2) / m)
    column = kernel[np.ix_(base, base)].mean(0) * ((m - 2) / m)
    k = k - mean[:, None] - column + float(column.mean())
    square = k[np.searchsorted(here, base)]
    values, vectors = np.linalg.eigh((square + square.T) / 2)
    kept = values > 1e-9 * max(float(values[-1]), 1e-12)
    values, vectors = values[kept], vectors[:, kept]
    x = k @ (vectors / np.sqrt(values * (values + max(RIDGE, FAMILY / m) * values.sum())))
    x /= np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)
    out[np.ix_(here, here)] = x @ x.T
    return out
