"""Answers side by side: on which probes two models agree as nobody else does, and where not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cladist.kinship.inference.calibration import Labels
from cladist.kinship.inference.probe_checks import probe_excess
from cladist.provenance.material import Material

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


def exhibits(
    material: Material, model: str, other: str, labels: Labels | None = None
) -> list[Exhibit]:
    """The probes that speak most for and against kinship, strongest first on each side."""
    pairs = material.pairs
    i, j = pairs.index(model), pairs.index(other)
    both = np.flatnonzero(pairs.present[i] & pairs.present[j])
    mine, theirs = material.responses[i].texts(), material.responses[j].texts()
    length = np.array([_shared(mine[p] or "", theirs[p] or "") for p in both.tolist()])
    value = probe_excess(material.responses, pairs, i, j, labels)
    known = len(value) == len(both) and len(value) > 0
    score = value if known else length.astype(np.float64)
    order = np.argsort(-score, kind="stable").tolist()
    chosen = [(k, "for") for k in order[:FOR] if length[k] > 0]
    taken = {k for k, _ in chosen}
    low = [k for k in reversed(order) if k not in taken and (mine[both[k]] != theirs[both[k]])]
    chosen += [(k, "against") for k in low[:AGAINST]]
    out = []
    for k, side in chosen:
        p, shared = int(both[k]), int(length[k])
        rest = [r.texts()[p] for n, r in enumerate(material.responses) if n not in (i, j)]
        said = [t for t in rest if t]
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


def pairs_probe(material: Material, p: int) -> str:
    """Id of a probe by number."""
    return material.responses[0].probe_ids[p]


def _shared(a: str, b: str) -> int:
    """Characters from the start on which two texts agree."""
    return next((k for k, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
