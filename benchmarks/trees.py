"""Time, memory and accuracy of trees: `python benchmarks/trees.py [exact|grouped|error|bootstrap]`.

Vectors walk at random along trees that grow by splitting, so squared distances add up along the
true tree. Each measurement runs in a process of its own, whose peak memory is reported.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time

import numpy as np


def simulate(n: int, length: int = 128, seed: int = 0) -> tuple[list[str], np.ndarray, object]:
    """Names, float32 vectors and the true tree of n models."""
    from cladist.core.tree import Node, Tree

    rng = np.random.default_rng(seed)
    tips = [0]
    parent, branch = [-1], [0.0]
    while len(tips) < n:
        k = int(rng.integers(len(tips)))
        split, tips[k] = tips[k], tips[-1]
        tips.pop()
        for _ in range(2):
            parent.append(split)
            branch.append(float(rng.exponential()))
            tips.append(len(parent) - 1)
    x = np.zeros((len(parent), length), dtype=np.float32)
    for i in range(1, len(parent)):
        x[i] = x[parent[i]] + np.sqrt(branch[i] / length) * rng.standard_normal(length)
    tips.sort()
    name = {t: f"model-{k:06d}" for k, t in enumerate(tips)}
    kids: list[list[int]] = [[] for _ in parent]
    for i in range(1, len(parent)):
        kids[parent[i]].append(i)
    made: dict[int, Node] = {}
    for i in range(len(parent) - 1, -1, -1):
        below = tuple(made.pop(c) for c in kids[i])
        made[i] = Node(name.get(i, ""), branch[i] if i else None, below)
    return [name[t] for t in tips], x[tips], Tree(made[0])


def exact(n: int) -> str:
    from cladist.phylogeny.scale import join_vectors

    names, x, _ = simulate(n)
    start, cpu = time.perf_counter(), time.process_time()
    join_vectors(names, x, "euclidean", exact=True)
    return timing(n, start, cpu)


def grouped(n: int) -> str:
    from cladist.phylogeny.scale import join_vectors

    names, x, _ = simulate(n)
    start, cpu = time.perf_counter(), time.process_time()
    join_vectors(names, x, "euclidean", exact=False)
    return timing(n, start, cpu)


def timing(n: int, start: float, cpu: float) -> str:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    wall = time.perf_counter() - start
    return f"{n} models: {wall:.1f} s, {time.process_time() - cpu:.1f} s CPU, peak {peak:.2f} GB"


def error(n: int) -> str:
    from cladist.phylogeny.compare import robinson_foulds
    from cladist.phylogeny.scale import join_vectors

    out = []
    for metric in ("squared", "euclidean"):
        names, x, truth = simulate(n)
        whole = join_vectors(names, x, metric, exact=True)
        parts = join_vectors(names, x, metric, exact=False)
        splits = 2 * (n - 3)
        out.append(
            f"{n} models, {metric}: Robinson-Foulds share grouped/exact "
            f"{robinson_foulds(whole, parts) / splits:.3f}, exact/truth "
            f"{robinson_foulds(whole, truth) / splits:.3f}, grouped/truth "
            f"{robinson_foulds(parts, truth) / splits:.3f}"
        )
    return "\n".join(out)


def bootstrap(n: int) -> str:
    from cladist.core.distances import dna_distances
    from cladist.core.dna import of_blocks
    from cladist.phylogeny.joining import neighbor_joining
    from cladist.phylogeny.support import block_distances
    from cladist.phylogeny.support import bootstrap as run

    probes, length = 100, 128
    names, x, _ = simulate(n, probes * length)
    present = np.ones(probes, dtype=np.bool_)
    dnas = [
        of_blocks(name, "0" * 64, row.reshape(probes, length), present, ())
        for name, row in zip(names, x)
    ]
    tree = neighbor_joining(dna_distances(dnas))
    start, cpu = time.perf_counter(), time.process_time()
    run(tree, block_distances(dnas), probes, 1000)
    plain = timing(n, start, cpu)
    start, cpu = time.perf_counter(), time.process_time()
    run(tree, block_distances(dnas), probes, 1000, kind="transfer")
    return f"1,000 replicates, Felsenstein, {plain}\n1,000 replicates, transfer, " + timing(
        n, start, cpu
    )


JOBS = {
    "exact": (exact, (1_000, 3_000, 10_000)),
    "grouped": (grouped, (10_000, 100_000)),
    "error": (error, (3_000, 10_000)),
    "bootstrap": (bootstrap, (345,)),
}


def main(chosen: list[str]) -> None:
    if len(chosen) == 2 and chosen[1].isdigit():
        print(JOBS[chosen[0]][0](int(chosen[1])), flush=True)
        return
    for job in chosen or list(JOBS):
        for n in JOBS[job][1]:
            done = subprocess.run(
                [sys.executable, __file__, job, str(n)], capture_output=True, text=True, check=True
            )
            print(f"{job}: {done.stdout.strip()}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
