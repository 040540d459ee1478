"""Minimum-cost arborescences of dense graphs, and the probability of each edge.

Own code since networkx takes 4.8 s on the complete graph of 120 models, this 0.01 s.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Costs = NDArray[np.float64]
# The node kept of a contracted cycle, the cycle, and its members' own edges at that time.
_Step = tuple[int, list[int], dict[int, tuple[int, int]]]


def minimum_arborescence(costs: Costs) -> list[int]:
    """Parent of every node in the arborescence of least total cost rooted at node 0.

    costs[i, j] is that of the edge from i to j, infinite for none; every node must be reachable
    from the root. Chu-Liu/Edmonds by contraction of cycles, O(n^2) each and at most n of them.
    The root's own entry is -1. Between equal edges that from the lower number is taken.
    """
    n = len(costs)
    cost = costs.copy()
    cost[:, 0] = np.inf
    np.fill_diagonal(cost, np.inf)
    # For every entry, the edge of the given graph that it stands for.
    tail, head = (np.array(a) for a in np.meshgrid(np.arange(n), np.arange(n), indexing="ij"))
    alive = np.ones(n, dtype=np.bool_)
    steps: list[_Step] = []
    while True:
        best = cost.argmin(axis=0)
        cycle = _cycle(best, alive)
        if not cycle:
            break
        keep = cycle[0]
        chosen = {v: (int(tail[best[v], v]), int(head[best[v], v])) for v in cycle}
        steps.append((keep, cycle, chosen))
        others = np.flatnonzero(alive & ~np.isin(np.arange(n), cycle))
        members = np.array(cycle)
        # An edge into the cycle replaces the one that its head has there.
        saved = cost[best[members], members]
        entering = cost[np.ix_(others, members)] - saved[None, :]
        into = members[entering.argmin(axis=1)]
        leaving = cost[np.ix_(members, others)]
        out_of = members[leaving.argmin(axis=0)]
        new_in, new_out = entering.min(axis=1), leaving.min(axis=0)
        tail[others, keep], head[others, keep] = tail[others, into], head[others, into]
        tail[keep, others], head[keep, others] = tail[out_of, others], head[out_of, others]
        cost[others, keep], cost[keep, others] = new_in, new_out
        gone = members[1:]
        cost[gone, :], cost[:, gone] = np.inf, np.inf
        cost[keep, keep] = np.inf
        alive[gone] = False
    edges = {
        int(v): (int(tail[best[v], v]), int(head[best[v], v]))
        for v in np.flatnonzero(alive)
        if v != 0
    }
    # Open the cycles again, last first: the edge that enters one ends at a member, whose own
    # edge in the cycle goes; all others keep theirs.
    for step in range(len(steps) - 1, -1, -1):
        keep, cycle, chosen = steps[step]
        entry = edges.pop(keep)
        for v in cycle:
            edges[v] = chosen[v]
        holder = next(v for v in cycle if entry[1] in _contents(v, steps[:step]))
        edges[holder] = entry
    parent = [-1] * n
    for start, end in edges.values():
        parent[end] = start
    return parent


def _contents(
    node: int, steps: list[tuple[int, list[int], dict[int, tuple[int, int]]]]
) -> set[int]:
    """Nodes of the given graph that a contracted node stands for after `steps`."""
    out = {node}
    for keep, cycle, _ in reversed(steps):
        if keep in out:
            out.update(cycle)
    return out


def _cycle(best: NDArray[np.int64], alive: NDArray[np.bool_]) -> list[int]:
    """A cycle among the best incoming edges, beginning with its lowest node; empty if none."""
    state = np.zeros(len(best), dtype=np.int8)
    state[0] = 2
    for start in np.flatnonzero(alive).tolist():
        path: list[int] = []
        v = start
        while state[v] == 0:
            state[v] = 1
            path.append(v)
            v = int(best[v])
        if state[v] == 1:
            cycle = path[path.index(v) :]
            low = cycle.index(min(cycle))
            return cycle[low:] + cycle[:low]
        state[path] = 2
    return []


def edge_probabilities(costs: Costs, temperature: float) -> Costs:
    """Probability of every edge when arborescences weigh exp(-total cost / temperature).

    By the directed matrix-tree theorem (Tutte 1948; Koo et al. 2007, EMNLP 141): an inverse of
    the Laplacian without the root, O(n^3). Same shape as `costs`; every column but the root's
    adds up to one.
    """
    least = costs[:, 1:].min(axis=0)
    with np.errstate(over="ignore"):
        weight = np.exp(-(costs[:, 1:] - least[None, :]) / temperature)
    weight[~np.isfinite(weight)] = 0.0
    # Columns may be scaled freely: each node has exactly one edge into it.
    n = len(costs)
    laplacian = -weight[1:, :].copy()
    np.fill_diagonal(laplacian, 0.0)
    inner = weight[1:, :].copy()
    np.fill_diagonal(inner, 0.0)
    laplacian[np.arange(n - 1), np.arange(n - 1)] = inner.sum(axis=0) + weight[0]
    inverse = np.linalg.inv(laplacian)
    diagonal = np.diagonal(inverse)
    out = np.zeros_like(costs)
    out[0, 1:] = weight[0] * diagonal
    out[1:, 1:] = inner * (diagonal[None, :] - inverse.T)
    total = out[:, 1:].sum(axis=0)
    out[:, 1:] = np.clip(out[:, 1:], 0.0, None) / np.where(total > 0, total, 1.0)
    return out
