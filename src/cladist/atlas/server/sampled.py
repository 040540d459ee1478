"""One pair tested in a registry too large to hold all pairs against each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cladist.atlas.evidence import probe_weights
from cladist.atlas.source import Source
from cladist.atlas.verdicts import Relation
from cladist.kinship.evidence.corpus import read_corpus
from cladist.kinship.inference.calibration import guess_families, pair_evidence
from cladist.kinship.inference.pair_test import judge_kinship
from cladist.registry import Registry

__all__ = ["PANEL", "sampled_pair"]

PANEL = 300
"""Models drawn at random that the pair is held against."""


def sampled_pair(
    registry: Registry, source: Source, i: int, j: int, distance: float, rate: float = 0.01
) -> tuple[Relation, NDArray[np.float32]]:
    """Test models i and j against a panel of others; evidence by probe, float32 (p,).

    The panel is the same for every pair but for the two models themselves. About a second.
    """
    draw = np.random.default_rng(0)
    drawn = draw.choice(len(source), min(PANEL + 2, len(source)), replace=False)
    others = [int(k) for k in drawn if k not in (i, j)][:PANEL]
    rows = [*sorted(others), i, j]
    responses = source.answers(registry, rows)
    members = np.arange(len(rows)) < len(others)
    pairs = pair_evidence(responses, members)
    prompts = [p.text for p in source.assay.protocol.probes.probes]
    a, b = source.names[i], source.names[j]
    found = judge_kinship(responses, pairs, a, b, rate=rate, prompts=prompts)
    weights = probe_weights(
        read_corpus(responses),
        np.asarray(guess_families(pairs.score), dtype=np.int64),
        pairs.manner,
        np.array([[len(rows) - 2, len(rows) - 1]]),
    )[0]
    similarity = float(pairs.score[-2, -1] + pairs.clock[-2, -1])
    p = None if np.isnan(found.p) else found.p
    note = f"{found.reason}; against {len(others)} models drawn at random"
    return Relation(j, distance, similarity, found.verdict, p, rate, note), weights
