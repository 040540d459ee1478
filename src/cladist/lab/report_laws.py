"""What docs/lab.md says of laws: inheritance, empirical bi-Lipschitz constants, and the clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from cladist.lab.tables import images
from cladist.lab.tables import number as _n
from cladist.lab.tables import share as _pc
from cladist.lab.tables import table_of as _table

__all__ = ["at_every_step", "laws_section"]

Scores = Mapping[str, Any]


def at_every_step(s: Scores) -> str:
    """In how many series DNA distance does so without exception, '' where none was bred."""
    series: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for p in s["laws"]["points"]:
        # Fewer bits are more change; of all else more is more.
        amount = -p["amount"] if p["series"] == "bits" else p["amount"]
        series.setdefault((p["series"], p["start"]), []).append((amount, p["dna"]))
    if not series:
        return ""
    far = [[d for _, d in sorted(points)] for points in series.values()]
    rising = sum(all(x <= y for x, y in pairwise(d)) for d in far)
    return f", at every step in {rising} of {len(far)} series"


def laws_section(s: Scores, pictures: Sequence[str]) -> str:
    """The section, with its pictures where they were drawn."""
    found = s["laws"]
    rows = [
        [
            p["series"], p["start"], f"{p['amount']:g}", _n(p["dna"], 2), _n(p["functional"]),
            _pc(p["differing"]),
        ]
        for p in found["points"]
    ]  # fmt: skip
    constants = [
        [
            name,
            str(c["pairs"]),
            *(_n(c[k], 2) for k in ("low", "fifth", "middle", "ninetyfifth", "high")),
            _n(c["distortion"], 2),
            _n(c["rank"], 2),
        ]
        for name, c in found["constants"].items()
    ]
    clocks = [
        [c["what"], str(c["models"]), *(_n(c[k], 2) for k in ("exponent", "r2", "rank"))]
        for c in found["clocks"]
    ]
    idle = [t for t in found["tips"] if t["tokens"] == 0]
    moved = sum(t["dna"] for t in idle) / max(len(idle), 1)
    return (
        "## Laws\n\n### Inheritance and determinism\n\nDNA distance is that of the default "
        "assay's DNA (Euclidean). Functional distance is d_H of arXiv 2509.24496 between next-byte "
        "distributions at 300 prompts, which all tokenizers have in common.\n\n"
        + _table(["series", "from", "amount", "DNA", "functional", "answers that differ"], rows)
        + "\n\nEmpirical bi-Lipschitz constants over all pairs of scored models, that is ratios of "
        "DNA to functional distance. Theory promises some 0 < c1 < c2; what was extracted from "
        "sampled or greedy text has the quantiles below. The upper constant fails where a small "
        "change tips an answer over. The largest ratios are of equal weights in two deployments, "
        "whose functional distance is rounding: they mean nothing.\n\n"
        + _table(
            ["DNA", "pairs", "least", "5%", "median", "95%", "largest", "(c2-c1)/(c2+c1)", "rho"],
            constants,
        )
        + "\n\n### The clock\n\nExponent k and R² of distance ~ training^k on logarithms, and "
        "Spearman's rho:\n\n"
        + _table(["what", "models", "k", "R²", "rho"], clocks)
        + "\n\nAlong one training run distance grows with steps, slower than in proportion, and "
        "levels off when answers have all changed. Across operations the clock breaks: "
        f"{len(idle)} of the descendants were never trained since the founder and lie "
        f"{moved:.2f} from it on average, and rate, corpus and kind of training matter more than "
        "tokens. What to do: date trees only within one kind of change, and let `cladist "
        "tree clock` show its R² before believing a date."
        + images(pictures, "lab-laws.png", "lab-function.png")
    )
