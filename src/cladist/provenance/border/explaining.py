"""What changed: the kinds of change under which the answers are likeliest.

After a change a few more questions are asked: border inputs twice each, and inputs far from the
border once. Counted is whether the answer is the reference's, that of its rival, or another one,
and whether the second asking brings the same. Where log-probabilities are told, those of contexts
that nothing was chosen by are read again, and how far they moved, and how alike, is a part of it
(`shift`). A table holds the same of real deployments with known changes, and of such that did not
change. Under each of them what was seen has a likelihood (Dirichlet-multinomial, so that another
model than those measured may differ as much as they do from each other; normal for a shift); that
of a kind is the mean of its deployments', and kinds are equally probable beforehand.
"""

from __future__ import annotations

import json
import math
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from cladist.errors import InputError
from cladist.provenance.border.asking import Asker
from cladist.provenance.border.inputs import Border, BorderInput, Reading
from cladist.provenance.border.shift import Shift, shifted

__all__ = [
    "JOINED",
    "THE_SAME",
    "Known",
    "Observed",
    "explanations",
    "known_changes",
    "known_from",
    "observed",
    "told_as",
    "worded",
]

TWICE = 14
"""Border inputs that are asked twice each."""
JOINED = dict.fromkeys(
    ("quantisation", "another snapshot", "another engine"), "precision, engine or tuning"
)
"""Kinds that are told as one: held apart, by models that were left out, one in four was told wrong
(docs/endpoints.md). All turn near ties to the rival, and leave the rest as it was."""
THE_SAME = "the same"
"""Kind of deployments that did not change: asked again, or the file written again."""
CONCENTRATION = 16.0
"""How far a deployment of a kind may lie from those measured: as counts of so many would."""
SIZES, SHARES = 0.5, 0.15
"""The same of a shift: standard deviations of the logarithm of its size, and of what is shared.
Set before the table was measured."""
UNMOVED = 0.001
"""Size of a shift below which nothing moved but by rounding."""


@dataclass(frozen=True, slots=True)
class Observed:
    """Answers after a change.

    border  at border inputs: those of the reference, of its rival, others
    firm    the same at inputs far from the border
    again   second askings that brought the same, and those that did not
    shift   of log-probabilities, None where they are not told
    """

    border: tuple[int, int, int]
    firm: tuple[int, int, int]
    again: tuple[int, int]
    shift: Shift | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A deployment whose change is known: its kind, the model it is of, what was observed."""

    kind: str
    model: str
    name: str
    seen: Observed


def observed(asker: Asker, border: Border, draw: random.Random) -> Observed:
    """Ask what tells kinds of change apart: some forty one-token queries, and `shift.MOST` more
    where log-probabilities are told."""
    near = [i for i in border.inputs if i.kind == "token"]
    near = draw.sample(near, min(TWICE, len(near)))
    texts = [i.text for i in near]
    first, second = asker.say(texts), asker.say(texts)
    firm = asker.say([i.text for i in border.firm]) if border.firm else []
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if a.answered and b.answered]
    same = sum(a.token == b.token for a, b in pairs)
    moved = None
    if border.profile and asker.scores and not asker.trouble:
        now = asker.score([p.text for p in border.profile])
        moved = shifted([p.tops for p in border.profile], [r.tops for r in now])
    return Observed(
        _counts(near, first), _counts(border.firm, firm), (same, len(pairs) - same), moved
    )


def explanations(
    seen: Observed, known: Sequence[Known] | None = None, *, unchanged: float = 1.0
) -> tuple[tuple[str, float], ...]:
    """Kinds of change with their probabilities, the likeliest first; () where nothing was seen.

    `unchanged` is how probable 'the same' is beforehand beside each other kind: after a change was
    called, one over what betting on it had won.

    >>> from cladist.provenance.border.explaining import Observed, explanations
    >>> dict(explanations(Observed((4, 7, 3), (12, 0, 0), (3, 11))))["temperature"] > 0.9
    True
    """
    if sum(seen.border) == 0:
        return ()
    kinds: dict[str, list[float]] = defaultdict(list)
    table = known_changes() if known is None else known
    if any(k.seen.shift is None for k in table):
        seen = replace(seen, shift=None)
    for deployment in table:
        kinds[told_as(deployment.kind)].append(_log_likelihood(seen, deployment.seen))
    if not kinds:
        return ()
    highest = max(max(logs) for logs in kinds.values())
    means = {k: sum(math.exp(x - highest) for x in logs) / len(logs) for k, logs in kinds.items()}
    if THE_SAME in means and len(means) > 1:
        means[THE_SAME] *= unchanged
    whole = sum(means.values())
    order = sorted(means, key=lambda k: -means[k])
    return tuple((kind, round(means[kind] / whole, 4)) for kind in order)


def told_as(kind: str) -> str:
    """The kind as it is told, with others that it cannot be told from.

    >>> told_as("quantisation"), told_as("temperature")
    ('precision, engine or tuning', 'temperature')
    """
    return JOINED.get(kind, kind)


def worded(explained: Sequence[tuple[str, float]]) -> str:
    """The likeliest kinds in words.

    >>> worded([("temperature", 0.9), ("quantisation", 0.08), ("another model", 0.02)])
    'Likeliest: temperature (90%), quantisation (8%)'
    """
    told = [f"{kind} ({share:.0%})" for kind, share in explained[:3] if share >= 0.05]
    return f"Likeliest: {', '.join(told)}"


@cache
def known_changes() -> tuple[Known, ...]:
    """Deployments with known changes, and unchanged ones (`benchmarks/watching.py`).

    Raises `InputError` when the table of the installation is damaged.
    """
    try:
        text = (files("cladist.data") / "changes.json").read_text("utf-8")
        return tuple(known_from(entry) for entry in json.loads(text)["deployments"])
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise InputError(f"the table of known changes is damaged ({problem})") from None


def known_from(entry: Mapping[str, object]) -> Known:
    """One row of the table; `KeyError` or `ValueError` for what is none."""
    kind, model, name = (str(entry[k]) for k in ("kind", "model", "name"))
    counts: dict[str, tuple[int, ...]] = {}
    for key, places in (("border", 3), ("firm", 3), ("again", 2)):
        told = entry[key]
        if not isinstance(told, list) or len(told) != places:
            raise ValueError(f"counts of '{name}'")
        counts[key] = tuple(int(n) for n in told)
    b, f, a = counts["border"], counts["firm"], counts["again"]
    moved = entry.get("shift")
    if moved is not None and not (isinstance(moved, list) and len(moved) == 2):
        raise ValueError(f"shift of '{name}'")
    shift = None if moved is None else Shift(float(moved[0]), float(moved[1]))
    seen = Observed((b[0], b[1], b[2]), (f[0], f[1], f[2]), (a[0], a[1]), shift)
    return Known(kind, model, name, seen)


def _counts(inputs: Sequence[BorderInput], told: Sequence[Reading]) -> tuple[int, int, int]:
    same = rival = other = 0
    for known, reading in zip(inputs, told, strict=True):
        if not reading.answered:
            continue
        if reading.token == known.token:
            same += 1
        elif known.rival and reading.token == known.rival:
            rival += 1
        else:
            other += 1
    return same, rival, other


def _log_likelihood(seen: Observed, known: Observed) -> float:
    moved = 0.0
    if seen.shift is not None and known.shift is not None:
        moved = _normal(seen.shift, known.shift)
    return moved + sum(
        _dirichlet(a, b)
        for a, b in (
            (seen.border, known.border), (seen.firm, known.firm), (seen.again, known.again),
        )
    )  # fmt: skip


def _normal(seen: Shift, known: Shift) -> float:
    """Log-likelihood of a shift, but for a constant."""
    sizes = math.log(max(seen.size, UNMOVED) / max(known.size, UNMOVED))
    still = seen.size < UNMOVED or known.size < UNMOVED  # nothing moved, so nothing is shared
    shares = 0.0 if still else seen.shared - known.shared
    return -((sizes / SIZES) ** 2 + (shares / SHARES) ** 2) / 2


def _dirichlet(seen: Sequence[int], known: Sequence[int]) -> float:
    """Log-likelihood of counts, of a deployment like the one that was measured."""
    total = sum(known) + 0.5 * len(known)
    weights = [CONCENTRATION * (n + 0.5) / total for n in known]
    value = math.lgamma(CONCENTRATION) - math.lgamma(CONCENTRATION + sum(seen))
    for n, weight in zip(seen, weights, strict=True):
        value += math.lgamma(weight + n) - math.lgamma(weight)
    return value
