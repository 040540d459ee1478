"""Evidence of kinship from next-byte distributions, and the distance d_H between functions.

Two models that are kin err alike: what one finds likelier than models do on the average, the other
does too. So each distribution is taken as its centred log ratios (Aitchison 1986), less the panel's
mean at the same context, and the likeness of two models is the mean of their cosines at all common
contexts, each weighing the same.

A panel is seldom even: where one line fills a third of it, what that line shares is the mean, and
what all others lack looks like kinship. So models share their weight with those whose functions
lie near theirs, as sequences of an alignment do (Sibbald and Argos 1990, J. Mol. Biol. 216:813;
Henikoff and Henikoff 1994, J. Mol. Biol. 243:574): a line counts about once, whatever its size.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from cladist.core.distances import DistanceMatrix, symmetric
from cladist.core.distributions import function_of, holds_distributions
from cladist.core.responses import ResponseSet
from cladist.errors import InputError, NotComparableError
from cladist.kinship.config import EVIDENCE
from cladist.kinship.evidence.similarity import lacking, unrelated_spread
from cladist.kinship.evidence.standard import Floats, standardise

__all__ = [
    "Functional",
    "Functions",
    "ResampledFunctions",
    "apart",
    "context_cosines",
    "crossed_kernel",
    "functional_distances",
    "functional_evidence",
    "lineage_weights",
    "log_ratios",
    "of_one_kind",
    "read_functions",
    "resampled_functions",
    "tells_functions",
]

_CHUNK = 16
"""Contexts that are compared at a time, in double precision."""


@dataclass(frozen=True, eq=False)
class Functions:
    """Distributions of n models after the same p contexts.

    roots    float32 (n, p, 257), rows of length 1; nought where a context is not usable
    present  bool (n, p)
    digests  one hash a model of everything that was told
    """

    models: tuple[str, ...]
    contexts: tuple[str, ...]
    roots: NDArray[np.float32]
    present: NDArray[np.bool_]
    digests: tuple[bytes, ...]


@dataclass(frozen=True, eq=False)
class Functional:
    """Evidence of all pairs, in the terms of `kinship.inference.pairs.PairEvidence`.

    combined  float64 (n, n): what ranks relatives, copies put apart
    score     float64 (n, n): likeness beyond the panel's
    halves    the same of even and of odd contexts
    style     float64 (n, n) in 0..1: likeness across different contexts
    """

    combined: Floats
    score: Floats
    halves: tuple[Floats, Floats]
    style: Floats


def of_one_kind(responses: Iterable[ResponseSet]) -> Iterator[ResponseSet]:
    """The same, one by one; `NotComparableError` where some are distributions, some are texts."""
    kinds: set[bool] = set()
    for r in responses:
        if r.usable().any():
            kinds.add(holds_distributions(r))
        if len(kinds) > 1:
            raise NotComparableError("some of the answers are texts and some are distributions")
        yield r


def tells_functions(responses: Iterable[ResponseSet]) -> bool:
    """Whether answers are distributions. Raises as `of_one_kind` does."""
    return {holds_distributions(r) for r in of_one_kind(responses) if r.usable().any()} == {True}


def read_functions(responses: Sequence[ResponseSet]) -> Functions:
    """Distributions by model and context. Raises `InputError` where a name occurs twice or the
    models were not asked the same contexts. O(n p) memory, 1 KB each."""
    names = tuple(r.model for r in responses)
    if len(set(names)) != len(names):
        twice = sorted({m for m in names if names.count(m) > 1})[:3]
        raise InputError(f"kinship: models were given twice: {', '.join(map(repr, twice))}")
    contexts = responses[0].probe_ids if responses else ()
    if any(r.probe_ids != contexts for r in responses):
        raise InputError("the models were asked for what comes after different contexts")
    read = [function_of(r) for r in responses]
    return Functions(
        names,
        contexts,
        np.stack([roots for roots, _ in read]),
        np.stack([usable for _, usable in read]),
        tuple(_digest(r) for r in responses),
    )


def _digest(answers: ResponseSet) -> bytes:
    said = blake2b(digest_size=16)
    for probe, slot in zip(answers.probe_ids, answers.slots, strict=True):
        said.update(probe.encode("utf-8", "surrogatepass") + b"\0")
        said.update(b"".join(r.distribution for r in slot if r.usable) + b"\0")
    return said.digest()


def log_ratios(roots: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logarithms of probabilities less their mean over outcomes, (..., 257); nought rows stay.

    Probabilities below `EVIDENCE.unlikely` count as that.
    """
    logs = 2.0 * np.log(np.maximum(roots, np.float32(np.sqrt(EVIDENCE.unlikely))))
    ratios = logs - logs.mean(axis=-1, keepdims=True)
    return np.asarray(ratios * (roots.max(axis=-1, keepdims=True) > 0), dtype=np.float32)


def _squares(read: Functions) -> tuple[Floats, Floats]:
    """Squared distances of roots, added up over common contexts, and their number, (n, n)."""
    n = len(read.models)
    square, count = np.zeros((n, n)), np.zeros((n, n))
    for start in range(0, len(read.contexts), _CHUNK):
        part = slice(start, start + _CHUNK)
        x = read.roots[:, part].astype(np.float64).reshape(n, -1)
        here = read.present[:, part].astype(np.float64)
        size = np.einsum("npk,npk->np", read.roots[:, part], read.roots[:, part], dtype=np.float64)
        square += size @ here.T + here @ size.T - 2 * (x @ x.T)
        count += here @ here.T
    return np.maximum(square, 0.0), count


def apart(read: Functions) -> Floats:
    """d_H of all pairs, float64 (n, n); NaN where two have no context in common. O(n^2 p)."""
    square, count = _squares(read)
    found = np.sqrt(np.divide(square, count, out=np.full_like(square, np.nan), where=count > 0))
    np.fill_diagonal(found, 0.0)
    return found


def lineage_weights(read: Functions, members: NDArray[np.bool_]) -> Floats:
    """How much each member of a panel counts, float64 (n,): 1 without near ones, 0 outside.

    1 / (sum over members of exp(-(d_H / `EVIDENCE.lineage`)^2)), itself counted in. O(n^2 p).
    """
    square, count = _squares(read)
    apart = square / np.maximum(count, 1.0)
    near = np.where(count > 0, np.exp(-apart / EVIDENCE.lineage**2), 0.0)
    np.fill_diagonal(near, 1.0)
    return np.asarray(members / np.maximum(near @ members.astype(np.float64), 1e-12), np.float64)


def _beyond(read: Functions, weights: Floats) -> NDArray[np.float32]:
    """Directions of log ratios less the panel's mean at each context, (n, p, 257), length 1 or 0.

    `weights` float64 (n,) say how much each model counts in the mean, 0 outside the panel.
    """
    x = log_ratios(read.roots)
    counted = (read.present * weights[:, None]).astype(np.float32)
    total = np.maximum(counted.sum(axis=0), np.float32(1e-12))
    x -= (np.einsum("np,npk->pk", counted, x) / total[:, None])[None]
    x *= read.present[:, :, None]
    length = np.linalg.norm(x, axis=-1, keepdims=True)
    return np.asarray(x / np.maximum(length, np.float32(1e-6)), dtype=np.float32)


def _cosines(
    x: NDArray[np.float32], present: NDArray[np.bool_], counted: Floats | None = None
) -> Floats:
    """Mean cosine of all pairs over their common contexts, (n, n); 0 where there is none.

    `counted` float64 (p,) says how often each context counts.
    """
    n, p = present.shape
    often = np.ones(p) if counted is None else counted
    flat = (x * np.sqrt(often).astype(np.float32)[:, None]).reshape(n, -1)
    common = (present * often) @ present.T.astype(np.float64)
    found = (flat @ flat.T).astype(np.float64)
    return np.divide(found, common, out=np.zeros((n, n)), where=common > 0)


def _across(x: NDArray[np.float32]) -> Floats:
    """Likeness across different contexts, in 0..1, (n, n)."""
    total = x.sum(axis=1, dtype=np.float64)
    flat = x.reshape(len(x), -1)
    cross = total @ total.T - flat @ flat.T
    length = np.linalg.norm(total, axis=1)
    scale = np.outer(length, length)
    found = np.divide(cross, scale, out=np.zeros_like(cross), where=scale > 1e-12)
    return np.asarray((1 + np.clip(found, -1, 1)) / 2)


def functional_evidence(read: Functions, members: NDArray[np.bool_]) -> Functional:
    """Evidence of all pairs with those in `members`, bool (n,), as the panel. O(n^2 p) time."""
    n = len(read.models)
    if n < 2:
        nothing = np.zeros((n, n))
        return Functional(nothing, nothing, (nothing, nothing), nothing)
    weights = lineage_weights(read, members)
    x = _beyond(read, weights)
    own = _own(read.digests, members)

    def standing(part: slice) -> Floats:
        return standardise(_cosines(x[:, part], read.present[:, part]), members, own, weights)

    whole = standing(slice(None))
    halves = standing(slice(0, None, 2)), standing(slice(1, None, 2))
    combined = _combined(whole, read.present, members, _copies(read))
    return Functional(combined, whole, halves, _across(x))


def _combined(
    whole: Floats, present: NDArray[np.bool_], members: NDArray[np.bool_], copies: NDArray[np.bool_]
) -> Floats:
    """Likeness in the unit of unrelated pairs, 0 where no context is common, copies put apart."""
    middle, unit = unrelated_spread(whole, members)
    common = present.astype(np.float64) @ present.T.astype(np.float64)
    found = np.where(common > 0, (whole - middle) / unit, 0.0)
    np.fill_diagonal(found, 0.0)
    return np.asarray(found + lacking(found, copies))


@dataclass(frozen=True, eq=False)
class ResampledFunctions:
    """Evidence of n models that can be taken over any draw of the p contexts.

    ids     n names
    whole   float64 (n, n): the evidence with every context once
    """

    ids: tuple[str, ...]
    whole: Floats
    _directions: NDArray[np.float32] = field(repr=False)
    _weights: Floats = field(repr=False)
    _present: NDArray[np.bool_] = field(repr=False)
    _copies: NDArray[np.bool_] = field(repr=False)

    def combined(self, weights: Floats) -> Floats:
        """All evidence with context k counted `weights[k]` times, float64 (n, n). O(p n^2)."""
        drawn = np.flatnonzero(weights)
        n, members = len(self.ids), np.ones(len(self.ids), np.bool_)
        if n < 2:
            return np.zeros((n, n))
        present = self._present[:, drawn]
        likeness = _cosines(self._directions[:, drawn], present, weights[drawn])
        whole = standardise(likeness, members, np.full(n, -1), self._weights)
        return _combined(whole, present, members, self._copies)


def resampled_functions(responses: Sequence[ResponseSet]) -> ResampledFunctions:
    """Read all contexts once; 1 KB a model and context. Raises `InputError` as `read_functions`."""
    read = read_functions(responses)
    members = np.ones(len(read.models), np.bool_)
    found = functional_evidence(read, members)
    counted = lineage_weights(read, members)
    x = _beyond(read, counted)
    return ResampledFunctions(read.models, found.combined, x, counted, read.present, _copies(read))


def _copies(read: Functions) -> NDArray[np.bool_]:
    _, code = np.unique(np.array(read.digests), return_inverse=True)
    same = (code[:, None] == code[None, :]) & (read.present.sum(axis=1) >= 3)[:, None]
    np.fill_diagonal(same, False)
    return np.asarray(same, np.bool_)


def _own(digests: Sequence[bytes], members: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each model outside the panel the first member that tells exactly the same, or -1."""
    first: dict[bytes, int] = {}
    for i in np.flatnonzero(members).tolist():
        first.setdefault(digests[i], i)
    own = [-1 if inside else first.get(d, -1) for d, inside in zip(digests, members, strict=True)]
    return np.array(own, dtype=np.int64)


def functional_distances(responses: Sequence[ResponseSet], *, assay: str = "") -> DistanceMatrix:
    """d_H between all models: the root of the mean squared distance of roots of distributions.

    That is sqrt(2) times the root mean square of Hellinger distances over the contexts that both
    answered, 0 for equal functions and at most sqrt(2). Raises `InputError` for two models
    without a common context, and for answers that are texts. O(n^2 p) time.
    """
    if not tells_functions(responses):
        raise InputError(
            "metric 'hellinger' compares distributions, and these answers are texts; extract with "
            "--assay functional-100"
        )
    read = read_functions(responses)
    square, count = _squares(read)
    if (count == 0).any():
        i, j = (int(k[0]) for k in np.nonzero(count == 0))
        raise InputError(
            f"'{read.models[i]}' and '{read.models[j]}' have no context in common that both tell "
            "enough of"
        )
    found = np.sqrt(square / count)
    found[(found < 1e-6) | _copies(read)] = 0.0
    return symmetric(read.models, found, "hellinger", assay)


def context_cosines(
    read: Functions, rows: Sequence[int], against: Sequence[int]
) -> NDArray[np.float64]:
    """Cosine at every context of models `rows` with models `against`, (r, a, p).

    Of log ratios beyond the mean of all models, those of one line sharing their weight.
    """
    unit = _beyond(read, lineage_weights(read, np.ones(len(read.models), np.bool_)))
    found = np.einsum("rpk,apk->rap", unit[list(rows)], unit[list(against)], dtype=np.float64)
    return np.asarray(found, np.float64)


def crossed_kernel(a: ResponseSet, b: ResponseSet) -> Floats:
    """Likeness of a's distribution at each common context with b's at each, (m, m).

    Cosines of log ratios, each model less its own mean, so that no panel is needed.
    """
    read = read_functions([a, b])
    both = read.present.all(axis=0)
    x = log_ratios(read.roots[:, both]).astype(np.float64)
    x -= x.mean(axis=1, keepdims=True) if x.shape[1] else 0.0
    unit = x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-12)
    return np.asarray(unit[0] @ unit[1].T)
