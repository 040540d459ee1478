"""One pair tested in a registry too large to hold all pairs against each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cladist.atlas.source import AtlasSource
from cladist.atlas.verdicts import TestedPair, make_tests
from cladist.kinship.inference.decision import Policy
from cladist.kinship.inference.pairs import pair_evidence
from cladist.registry import Registry

__all__ = ["PANEL", "sampled_pair"]

PANEL = 300
"""Models drawn at random that the pair is held against."""


def sampled_pair(
    registry: Registry, source: AtlasSource, i: int, j: int, distance: float, alpha: float = 0.01
) -> tuple[TestedPair, NDArray[np.float32]]:
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
    tests = make_tests(responses, pairs, None, source.assay, Policy(alpha))
    found = tests.alone(len(others), len(others) + 1, distance)
    note = f"{found.note}; against {len(others)} models drawn at random"
    return replace(found, index=j, note=note), tests.by_probe(len(others), len(others) + 1)
