"""Time and memory of a calibration, and of the questions that it answers, for many models.

    OMP_NUM_THREADS=1 python benchmarks/calibration.py --models 10000 [--unlabelled]

Scores are drawn at random, of makers of unequal sizes: what is measured does not depend on them.
Without labels families are guessed, once of each half of the probes and once of all, and each half
has a null. Nobody has kin here, so every model is a family of its own: nothing takes more memory.
Peaks are of the process up to that line.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from cladist.kinship.inference.calibration import calibrate
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.null import guess_families
from cladist.kinship.inference.pairs import PairEvidence, Pairwise

BLOCK = 1000
Made = TypeVar("Made")


def drawn(draw: np.random.Generator, n: int) -> np.ndarray:
    """A symmetric matrix, float32 (n, n)."""
    made = draw.standard_normal((n, n), dtype=np.float32)
    for k in range(0, n, BLOCK):
        made[k : k + BLOCK, :k] = made[:k, k : k + BLOCK].T
        corner = made[k : k + BLOCK, k : k + BLOCK]
        corner += corner.T.copy()
    return made


def evidence(draw: np.random.Generator, n: int) -> PairEvidence:
    """Evidence of pairs of n models without kin, each part of it in memory of its own."""
    even, odd = drawn(draw, n), drawn(draw, n)
    score = (even + odd) / 2
    style, tokenizer = np.abs(drawn(draw, n)) / 10, drawn(draw, n) / 10
    whole = score.copy(), score, even, odd, style, tokenizer
    read = [Pairwise(part) for part in whole]
    digests = tuple(k.to_bytes(16, "little") for k in range(n))
    return PairEvidence(
        tuple(map(str, range(n))), read[0], read[1], (read[2], read[3]), read[4], read[5],
        np.ones((n, 4), np.bool_), digests, np.zeros(n, np.bool_),
    )  # fmt: skip


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def measured(what: str, work: Callable[[], Made]) -> Made:
    """Do it, and say what it took."""
    start = time.process_time()
    made = work()
    print(f"{what}: {time.process_time() - start:.3g} CPU s, peak {peak():.2f} GiB", flush=True)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=10_000)
    parser.add_argument("--unlabelled", action="store_true", help="guess families")
    args = parser.parse_args()
    n = args.models
    draw = np.random.default_rng(0)
    pairs = measured("evidence drawn", lambda: evidence(draw, n))
    labels = None
    if args.unlabelled:
        scores = pairs.scored(0).stored
        measured("families of one half guessed", lambda: guess_families(scores))
    else:
        numbers = np.minimum(draw.geometric(0.01, n), 500).tolist()
        labels = Labels(tuple(f"maker {k}" for k in numbers))
    fitted = measured("calibrated", lambda: calibrate(pairs, labels))
    for what, rows in (("one pair", np.array([5])), ("one with everybody", np.arange(n))):
        measured(f"p of {what}", lambda rows=rows: fitted.p(pairs, np.full(len(rows), 3), rows))


if __name__ == "__main__":
    main()
