"""Walking a tree branch by branch with the distances of all leaves at hand."""

from __future__ import annotations

from collections.abc import Iterator

from cladist.phylogeny.arrays import FloatVector, TreeArrays


def distances_to_branches(flat: TreeArrays) -> Iterator[tuple[int, FloatVector]]:
    """(node, distances of all leaves to the upper end of its branch) for every branch.

    Leaves are in the order of `flat.leaves`; those below the node are a run, from
    `leaf_start` to `leaf_stop`. The array is shared between siblings: copy before changing it.
    O(n) per branch; at most as many arrays are alive as the tree is deep.
    """
    parent, length = flat.parent.tolist(), flat.length.tolist()
    waiting = [len(c) for c in flat.children()]
    at = {0: flat.depths()[flat.leaves]}
    for i in range(1, len(flat)):
        u = at[parent[i]]
        waiting[parent[i]] -= 1
        if not waiting[parent[i]]:
            del at[parent[i]]
        if waiting[i]:
            v = u + length[i]
            v[flat.leaf_start[i] : flat.leaf_stop[i]] -= 2 * length[i]
            at[i] = v
        yield i, u
