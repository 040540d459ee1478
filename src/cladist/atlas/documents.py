"""The documents of an atlas: plain data for JSON, the same for the server and for a folder.

Models go by index, so nothing is keyed by a name, which may be anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist import __version__
from cladist.atlas.build import Atlas
from cladist.atlas.columns import CLUSTER, FAMILY, Column, shortened
from cladist.atlas.forest import ALONE
from cladist.atlas.kin import AnswerKin
from cladist.atlas.verdicts import TestedPair
from cladist.core.responses import ResponseSet
from cladist.kinship.inference.family_sets import FamilySet
from cladist.phylogeny.parents import CONFIDENT

__all__ = [
    "FORMAT",
    "VERSION",
    "answers",
    "compared",
    "head",
    "kept_families",
    "model",
    "pair",
    "probes",
    "relation",
    "written",
]

FORMAT = "cladist-atlas"
VERSION = 2
"""Of the documents; 2 calls the false-positive rate `alpha`, and tells families and their sets."""

LONGEST_NAME = 200
LONGEST_ANSWER = 4_000
LONGEST_PROMPT = 4_000
SPEAKING = 8
"""Probes for and against that are told of each relative."""

MOST_FAMILIES = 10
"""Families of a set that are named."""

EXPLAINED = 5
"""Nearest relatives whose evidence is told probe by probe."""

Document = dict[str, Any]


def head(atlas: Atlas, *, models: bool, answers: bool) -> Document:
    """The document `atlas`; `models` and `answers` say whether those documents are there."""
    source, assay = atlas.source, atlas.source.assay
    return {
        "format": FORMAT,
        "version": VERSION,
        "title": shortened(atlas.title, LONGEST_NAME),
        "generated_by": f"cladist {__version__}",
        "remarks": list(atlas.remarks),
        "assay": {
            "name": assay.name,
            "digest": assay.digest,
            "description": assay.description,
            "probes": len(assay.protocol.probes),
            "samples": assay.protocol.decoding.samples,
            "dimension": assay.method.projection.dimension,
            "metric": atlas.kin.metric,
        },
        "models": {
            "name": [shortened(n, LONGEST_NAME) for n in source.names],
            "columns": [
                {"key": c.key, "label": c.label, "kind": c.kind, "values": list(c.values)}
                for c in atlas.columns
            ],
        },
        "maps": [
            {
                "key": m.key,
                "label": m.label,
                "note": m.note,
                "kept": round(m.kept, 4),
                "near": m.near,
                "x": _rounded(m.xy[:, 0]),
                "y": _rounded(m.xy[:, 1]),
            }
            for m in atlas.maps
        ],
        "tree": None if atlas.forest is None else atlas.forest.data(),
        "declared": None if atlas.lineage is None else dict(atlas.lineage),
        "families": _families(atlas),
        "documents": {"models": models, "answers": answers},
    }


def _families(atlas: Atlas) -> Document:
    """The column that tells families first, how many it has, and of how many models."""
    first: Column = next(c for c in atlas.columns if c.key in (FAMILY, CLUSTER))
    told = [v for v in first.values if v is not None and not (first.key == CLUSTER and v == ALONE)]
    return {
        "column": first.key,
        "origin": atlas.known.origin,
        "count": len(set(told)),
        "models": len(told),
    }


def probes(atlas: Atlas) -> Document:
    """The document `probes`."""
    asked = atlas.source.assay.protocol.probes.probes
    return {
        "id": [shortened(p.id, LONGEST_NAME) for p in asked],
        "text": [shortened(p.text, LONGEST_PROMPT) for p in asked],
    }


def model(atlas: Atlas, i: int, states: Mapping[str, int]) -> Document:
    """The document `model/I`; `states` counts the states of its answers."""
    source = atlas.source
    record, dna = source.records[i], source.dnas[i]
    return {
        "index": i,
        "name": record.name,
        "uri": record.uri,
        "fingerprint": record.fingerprint,
        "metadata": {shortened(k, 60): shortened(v, 1_000) for k, v in atlas.metadata[i].items()},
        "provenance": {
            "usable": dna.usable,
            "probes": dna.probes,
            "notes": list(dna.notes),
            "encoders": list(source.encoders[i]),
            "states": dict(sorted(states.items())),
            "digest": dna.digest,
        },
        "relatives": [relation(r) for r in atlas.kin.relatives(i)],
        "foundation": _foundation(atlas, i),
        "set": _set(atlas, i),
        "parents": _parents(atlas, i),
        "evidence": _evidence(atlas, i),
    }


def answers(found: ResponseSet) -> Document:
    """The document `answers/I`: the first sample of every probe."""
    first = [slot[0] if slot else None for slot in found.slots]
    return {
        "text": [None if r is None else shortened(r.text, LONGEST_ANSWER) for r in first],
        "state": ["missing" if r is None else r.state.value for r in first],
    }


def pair(i: int, found: TestedPair, weights: NDArray[np.float32]) -> Document:
    """The document `pair/I/J`."""
    return {
        "a": i,
        "b": found.index,
        **{k: v for k, v in relation(found).items() if k != "index"},
        "probe": [
            {"probe": int(p), "weight": round(float(weights[p]), 3)}
            for p in np.flatnonzero(np.isfinite(weights))
        ],
    }


def kept_families(found: FamilySet) -> Document:
    """The families that cannot be excluded, the most probable first."""
    return {
        "families": [shortened(f, LONGEST_NAME) for f in found.families[:MOST_FAMILIES]],
        "more": max(0, len(found.families) - MOST_FAMILIES),
        "none": found.none,
        "coverage": found.coverage,
        "best": shortened(found.best, LONGEST_NAME),
        "probability": round(found.probability, 4),
        "refused": found.refused,
        "basis": found.basis,
        "note": found.note,
    }


def compared(chosen: Sequence[int], pairs: Sequence[tuple[int, TestedPair]]) -> Document:
    """Several models held against each other; of each pair its first model and the relation."""
    told = [
        {"a": i, "b": r.index, **{k: v for k, v in relation(r).items() if k != "index"}}
        for i, r in pairs
    ]
    return {"models": list(chosen), "pairs": told}


def relation(r: TestedPair) -> Document:
    """A relation as data, in the digits that it deserves."""
    return {
        "index": r.index,
        "distance": float(f"{r.distance:.7g}"),
        "similarity": None if r.similarity is None else round(r.similarity, 3),
        "verdict": r.verdict,
        "p": None if r.p is None else float(f"{r.p:.3g}"),
        "reason": r.reason,
        "alpha": r.alpha,
        "note": r.note,
    }


def _set(atlas: Atlas, i: int) -> Document | None:
    """Families that cannot be excluded, of a model whose answers say something of its descent."""
    if atlas.families is None or atlas.families.silent(i):
        return None
    return kept_families(atlas.families.of(i)[1])


def _foundation(atlas: Atlas, i: int) -> Document | None:
    if atlas.families is None:
        return None
    why = atlas.families.silent(i)
    if why:
        return {"candidates": [], "note": f"its answers say nothing of its descent: {why}"}
    found = atlas.families.of(i)[0]
    named = [
        {"name": shortened(f, LONGEST_NAME), "probability": round(p, 4)}
        for f, p in zip(found.families[:5], found.probabilities[:5], strict=True)
        if p >= 0.001
    ]
    none = {"name": "none of these", "probability": round(found.none, 4)}
    ranked = sorted([*named, none], key=lambda c: -float(str(c["probability"])))
    note = "; ".join(n for n in (atlas.families_note, found.note) if n)
    return {"candidates": ranked, "note": note}


def _parents(atlas: Atlas, i: int) -> list[Document]:
    """Likely parents, as far as the two are decided to be related: nobody is named on less."""
    kin = atlas.kin
    if atlas.parents is None or not isinstance(kin, AnswerKin):
        return []
    found = atlas.parents[i]
    out = []
    for name, share, rank in (
        (found.parent or "", found.confidence, "most likely parent"),
        (found.second, found.second_confidence, "next likely"),
    ):
        sure = name and found.confidence >= CONFIDENT and share >= 0.01
        if sure and kin.tests.alone(i, int(name[1:]), 0.0).verdict == "related":
            out.append({"index": int(name[1:]), "confidence": round(share, 3), "note": rank})
    return out


def _evidence(atlas: Atlas, i: int) -> list[Document]:
    kin = atlas.kin
    if not isinstance(kin, AnswerKin):
        return []
    out = []
    for j in kin.near[i, :EXPLAINED].tolist():
        weights = kin.by_probe(i, j)
        order = np.argsort(-np.nan_to_num(weights), kind="stable")
        out.append(
            {
                "other": j,
                "for": _speaking(weights, order[:SPEAKING], 1),
                "against": _speaking(weights, order[::-1][:SPEAKING], -1),
            }
        )
    return out


def _speaking(weights: NDArray[np.float32], order: NDArray[np.int64], sign: int) -> list[Document]:
    return [
        {"probe": int(p), "weight": round(float(weights[p]), 3)}
        for p in order
        if np.isfinite(weights[p]) and sign * weights[p] > 0.0005
    ]


def _rounded(values: NDArray[np.float64]) -> list[float]:
    # Adding zero makes a negative zero a plain one.
    return [float(v) + 0.0 for v in np.round(values, 4)]


def written(document: Document) -> str:
    """JSON in ASCII that may stand in a script or a page: no tag, comment or line can begin."""
    text = json.dumps(document, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
