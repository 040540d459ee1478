"""Answers side by side: on which probes two models agree as nobody else does, and where not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cladist.core.responses import ResponseSet
from cladist.kinship.inference.facts import Gatherer
from cladist.provenance.material import Material
from cladist.registry.answers import StoredAnswers

__all__ = ["Exhibit", "exhibits"]

LONGEST = 600
FOR, AGAINST = 4, 3


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One probe: the prompt's end, both answers (cut), and what speaks.

    side     'for' or 'against' kinship of the two
    excess   evidence of this probe beyond the controls', NaN where there are no controls
    shared   characters from the start on which the answers agree
    others   of `asked` other models, those that begin with the same characters
    """

    other: str
    side: str
    probe: str
    prompt: str
    mine: str
    theirs: str
    excess: float
    shared: int
    others: int
    asked: int


def exhibits(material: Material, model: str, other: str, made: Gatherer) -> list[Exhibit]:
    """The probes that speak most for and against kinship, strongest first on each side.

    Of other models only the answers to these probes are read.
    """
    pairs = material.pairs
    i, j = pairs.index(model), pairs.index(other)
    value, both = made.probe_excess(i, j), made.probes_of(i, j)
    mine, theirs = material.responses[i].texts(), material.responses[j].texts()
    length = np.array([_shared(mine[p] or "", theirs[p] or "") for p in both.tolist()])
    known = len(value) == len(both) and len(value) > 0
    score = value if known else length.astype(np.float64)
    order = np.argsort(-score, kind="stable").tolist()
    chosen = [(k, "for") for k in order[:FOR] if length[k] > 0]
    taken = {k for k, _ in chosen}
    low = [k for k in reversed(order) if k not in taken and (mine[both[k]] != theirs[both[k]])]
    chosen += [(k, "against") for k in low[:AGAINST]]
    everybody = _texts_at(material.responses, [int(both[k]) for k, _ in chosen])
    out = []
    for k, side in chosen:
        p, shared = int(both[k]), int(length[k])
        said = [t for n, t in enumerate(everybody[p]) if t and n not in (i, j)]
        opening = (mine[p] or "")[:shared]
        out.append(
            Exhibit(
                other, side, pairs_probe(material, p), material.prompts[p][-LONGEST:],
                (mine[p] or "")[:LONGEST], (theirs[p] or "")[:LONGEST],
                float(value[k]) if known else float("nan"), shared,
                sum(t.startswith(opening) for t in said) if shared else 0, len(said),
            )
        )  # fmt: skip
    return out


def _texts_at(
    responses: Sequence[ResponseSet], probes: Sequence[int]
) -> dict[int, list[str | None]]:
    if isinstance(responses, StoredAnswers):
        return responses.at(probes)
    said = [r.texts() for r in responses]
    return {p: [texts[p] for texts in said] for p in probes}


def pairs_probe(material: Material, p: int) -> str:
    """Id of a probe by number."""
    return material.responses[0].probe_ids[p]


def _shared(a: str, b: str) -> int:
    """Characters from the start on which two texts agree."""
    return next((k for k, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
