"""Time and memory of a calibration, and of the questions that it answers, for many models.

    OMP_NUM_THREADS=1 python benchmarks/calibration.py --models 10000

Scores are drawn at random, of makers of unequal sizes: what is measured does not depend on them.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np

from cladist.kinship.inference.calibration import calibrate
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.pairs import PairEvidence, Pairwise

BLOCK = 1000


def drawn(draw: np.random.Generator, n: int) -> np.ndarray:
    """A symmetric matrix, float32 (n, n)."""
    made = draw.standard_normal((n, n), dtype=np.float32)
    for k in range(0, n, BLOCK):
        made[k : k + BLOCK, :k] = made[:k, k : k + BLOCK].T
        corner = made[k : k + BLOCK, k : k + BLOCK]
        corner += corner.T.copy()
    return made


def evidence(draw: np.random.Generator, n: int) -> PairEvidence:
    """Evidence of pairs of n models without kin."""
    score = Pairwise(drawn(draw, n))
    style = Pairwise(np.abs(score.stored) / 10)
    nothing = Pairwise(np.zeros((n, n), np.float32))
    digests = tuple(k.to_bytes(16, "little") for k in range(n))
    return PairEvidence(
        tuple(map(str, range(n))), score, score, (score, score), style, nothing,
        np.ones((n, 4), np.bool_), digests, np.zeros(n, np.bool_),
    )  # fmt: skip


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=10_000)
    n = parser.parse_args().models
    draw = np.random.default_rng(0)
    pairs = evidence(draw, n)
    makers = tuple(f"maker {k}" for k in np.minimum(draw.geometric(0.01, n), 500))
    before, start = peak(), time.process_time()
    fitted = calibrate(pairs, Labels(makers))
    took = time.process_time() - start
    print(f"calibrated: {took:.1f} CPU s, peak {peak():.2f} GiB ({before:.2f} of it evidence)")
    for what, rows in (("one pair", np.array([5])), ("one with everybody", np.arange(n))):
        start = time.process_time()
        fitted.p(pairs, np.full(len(rows), 3), rows)
        print(f"p of {what}: {time.process_time() - start:.3f} CPU s")


if __name__ == "__main__":
    main()
