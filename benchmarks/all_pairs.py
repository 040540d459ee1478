"""Kinship of all pairs of many models: time, processor and memory.

    python benchmarks/all_pairs.py --models 1600

The models are the recorded ones of `rand`, and again with their answers moved on by some probes,
which says of cost what other models would. The first `--probes` are asked of all.
"""

from __future__ import annotations

import argparse
import resource
import time

from assays import load

from cladist.core.responses import ResponseSet
from cladist.kinship.inference.pairs import pair_evidence
from cladist.kinship.inference.sequential import first_probes


def moved(one: ResponseSet, by: int) -> ResponseSet:
    """The same answers under other probes."""
    slots = one.slots[by:] + one.slots[:by]
    return ResponseSet(f"{one.model}+{by}", one.probe_ids, slots)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=1600)
    parser.add_argument("--probes", type=int, default=100)
    args = parser.parse_args()
    count = args.models
    recorded, _ = load("rand")
    models = [
        first_probes(moved(s, 37 * k), args.probes)
        for k in range(-(-count // len(recorded)))
        for s in recorded
    ]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    start, used = time.perf_counter(), time.process_time()
    pair_evidence(models[:count])
    print(
        f"{count} models x {len(models[0].probe_ids)} probes: "
        f"{time.perf_counter() - start:.1f} s, {time.process_time() - used:.1f} of processor, peak "
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB "
        f"({before:.2f} of it answers and libraries)"
    )


if __name__ == "__main__":
    main()
