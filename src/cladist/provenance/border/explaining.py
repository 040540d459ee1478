"""What changed: the kinds of change under which the answers are likeliest.

After a change a few more questions are asked: border inputs twice each, and inputs far from the
border once. Counted is whether the answer is the reference's, that of its rival, or another one,
and whether the second asking brings the same. A table holds such counts of real deployments with
known changes. Under each of them the counts have a likelihood (Dirichlet-multinomial, so that
another model than those measured may differ as much as they do from each other); that of a kind is
the mean of its deployments', and kinds are equally probable beforehand.
"""

from __future__ import annotations

import json
import math
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from cladist.errors import InputError
from cladist.provenance.border.asking import Asker
from cladist.provenance.border.inputs import Border, BorderInput, Reading

__all__ = [
    "JOINED",
    "THE_SAME",
    "Known",
    "Observed",
    "explanations",
    "known_changes",
    "known_from",
    "observed",
    "worded",
]

TWICE = 14
"""Border inputs that are asked twice each."""
JOINED = {"quantisation": "precision or tuning", "another snapshot": "precision or tuning"}
"""Kinds that are told as one: held against each other they were told wrong more often than right.
Both turn near ties to the rival and leave the rest."""
THE_SAME = "the same"
"""Kind of deployments that did not change: asked again, or the file written again."""
CONCENTRATION = 16.0
"""How far a deployment of a kind may lie from those measured: as counts of so many would."""


@dataclass(frozen=True, slots=True)
class Observed:
    """Answers after a change.

    border  at border inputs: those of the reference, of its rival, others
    firm    the same at inputs far from the border
    again   second askings that brought the same, and those that did not
    """

    border: tuple[int, int, int]
    firm: tuple[int, int, int]
    again: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Known:
    """A deployment whose change is known: its kind, the model it is of, what was observed."""

    kind: str
    model: str
    name: str
    seen: Observed


def observed(asker: Asker, border: Border, draw: random.Random) -> Observed:
    """Ask what tells kinds of change apart, some forty one-token queries."""
    near = [i for i in border.inputs if i.kind == "token"]
    near = draw.sample(near, min(TWICE, len(near)))
    texts = [i.text for i in near]
    first, second = asker.say(texts), asker.say(texts)
    firm = asker.say([i.text for i in border.firm]) if border.firm else []
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if a.answered and b.answered]
    same = sum(a.token == b.token for a, b in pairs)
    return Observed(
        _counts(near, first), _counts(border.firm, firm), (same, len(pairs) - same)
    )  # fmt: skip


def explanations(
    seen: Observed, known: Sequence[Known] | None = None
) -> tuple[tuple[str, float], ...]:
    """Kinds of change with their probabilities, the likeliest first; () where nothing was seen.

    >>> from cladist.provenance.border.explaining import Observed, explanations
    >>> dict(explanations(Observed((4, 7, 3), (12, 0, 0), (3, 11))))["temperature"] > 0.9
    True
    """
    if sum(seen.border) == 0:
        return ()
    kinds: dict[str, list[float]] = defaultdict(list)
    for deployment in known_changes() if known is None else known:
        kinds[JOINED.get(deployment.kind, deployment.kind)].append(
            _log_likelihood(seen, deployment.seen)
        )
    if not kinds:
        return ()
    highest = max(max(logs) for logs in kinds.values())
    means = {k: sum(math.exp(x - highest) for x in logs) / len(logs) for k, logs in kinds.items()}
    whole = sum(means.values())
    order = sorted(means, key=lambda k: -means[k])
    return tuple((kind, round(means[kind] / whole, 4)) for kind in order)


def worded(explained: Sequence[tuple[str, float]]) -> str:
    """The likeliest kinds in words.

    >>> worded([("temperature", 0.9), ("precision or tuning", 0.08), ("another model", 0.02)])
    'Likeliest: temperature (90%), precision or tuning (8%)'
    """
    told = [f"{kind} ({share:.0%})" for kind, share in explained[:3] if share >= 0.05]
    return f"Likeliest: {', '.join(told)}"


def known_changes(*, same: bool = False) -> tuple[Known, ...]:
    """Deployments with known changes, as they were measured (`benchmarks/watching.py`).

    With `same` also those that did not change, which explain nothing after a change. Raises
    `InputError` when the table of the installation is damaged.
    """
    return tuple(k for k in _table() if same or k.kind != THE_SAME)


@cache
def _table() -> tuple[Known, ...]:
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
    return Known(kind, model, name, Observed((b[0], b[1], b[2]), (f[0], f[1], f[2]), (a[0], a[1])))


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
    return sum(
        _dirichlet(a, b)
        for a, b in (
            (seen.border, known.border), (seen.firm, known.firm), (seen.again, known.again),
        )
    )  # fmt: skip


def _dirichlet(seen: Sequence[int], known: Sequence[int]) -> float:
    """Log-likelihood of counts, of a deployment like the one that was measured."""
    total = sum(known) + 0.5 * len(known)
    weights = [CONCENTRATION * (n + 0.5) / total for n in known]
    value = math.lgamma(CONCENTRATION) - math.lgamma(CONCENTRATION + sum(seen))
    for n, weight in zip(seen, weights, strict=True):
        value += math.lgamma(weight + n) - math.lgamma(weight)
    return value
