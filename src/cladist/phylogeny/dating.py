"""Trees in time: roots by dates, speeds, tests of equal speed, dates of ancestors.

Dates are years with fractions. Leaves without a date take no part in fits. Neighbours in a tree
share most of their path from the root, so their points in a regression are not independent:
intervals and p-values here are those of ordinary least squares and are too narrow by an unknown
amount; read them as a lower bound of the uncertainty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cladist.core.tree import Tree
from cladist.errors import InputError
from cladist.phylogeny.arrays import FloatVector, build, optional, to_arrays
from cladist.phylogeny.edges import distances_to_branches
from cladist.phylogeny.rooting import Rooting, reroot, unrooted_arrays


@dataclass(frozen=True)
class Clock:
    """Root-to-tip regression: distance from the root = rate (date - origin).

    rate      distance per year; (low, high) is its 95% interval
    origin    date of the root, where the line meets zero; NaN if the rate is not positive
    r2        share of the variance in root-to-tip distance that dates explain
    p         of a rate of zero, two-sided
    models    dated leaves
    """

    rate: float
    low: float
    high: float
    origin: float
    r2: float
    p: float
    models: int


def root_to_tip(tree: Tree, dates: Mapping[str, float]) -> Clock:
    """The regression of depth on date over the dated leaves of a rooted tree. O(n)."""
    if not tree.rooted:
        raise InputError("root-to-tip regression needs a rooted tree; root it first")
    depth, when, _ = _points(tree, dates)
    return _clock(depth, when)


def _points(tree: Tree, dates: Mapping[str, float]) -> tuple[FloatVector, FloatVector, list[str]]:
    flat = to_arrays(tree)
    depth = flat.depths()
    rows = [i for i in flat.leaves.tolist() if flat.names[i] in dates]
    names = [flat.names[i] for i in rows]
    when = np.array([dates[n] for n in names], dtype=np.float64)
    if not np.isfinite(when).all():
        raise InputError(f"'{names[int(np.argmin(np.isfinite(when)))]}' has a date of NaN")
    if len(rows) < 3 or np.ptp(when) <= 0:
        raise InputError(
            f"dates: at least three leaves need dates, not all the same; {len(rows)} have one"
        )
    return depth[rows], when, names


def _clock(depth: FloatVector, when: FloatVector) -> Clock:
    from scipy import stats  # takes half a second to import

    fit = stats.linregress(when, depth)
    rate, error = float(fit.slope), float(fit.stderr)
    half = float(stats.t.ppf(0.975, len(when) - 2)) * error
    origin = float(when.mean() - depth.mean() / rate) if rate > 0 else float("nan")
    return Clock(
        rate, rate - half, rate + half, origin, float(fit.rvalue) ** 2, float(fit.pvalue), len(when)
    )


def root_by_dates(tree: Tree, dates: Mapping[str, float]) -> Rooting:
    """The root that fits a clock best: least squares of depth on date, rate above zero.

    The best place on each branch is found exactly. Where no root gives a positive rate, that is
    an error: the dates say nothing about this tree. O(n^2) time.
    """
    flat = unrooted_arrays(tree)
    rows = np.array([k for k, n in enumerate(flat.leaf_names) if n in dates], dtype=np.int64)
    when = np.array([dates[flat.leaf_names[k]] for k in rows], dtype=np.float64)
    if len(rows) < 3 or np.ptp(when) <= 0:
        raise InputError(
            f"dates: at least three leaves need dates, not all the same; {len(rows)} have one"
        )
    basis, _ = np.linalg.qr(np.stack([np.ones(len(when)), when - when.mean()], axis=1))
    slope = (when - when.mean()) / float(((when - when.mean()) ** 2).sum())
    place = np.zeros(len(flat) - 1)
    score = np.full(len(flat) - 1, np.inf)
    for i, u in distances_to_branches(flat):
        sign = np.ones(len(flat.leaves))
        sign[flat.leaf_start[i] : flat.leaf_stop[i]] = -1
        a, s = u[rows], sign[rows]
        ra, rs = a - basis @ (basis.T @ a), s - basis @ (basis.T @ s)
        curve = float(rs @ rs)
        at = -float(ra @ rs) / curve if curve > 1e-12 else 0.0
        at = min(max(at, 0.0), float(flat.length[i]))
        gap = ra + at * rs
        if float(slope @ (a + at * s)) > 0:
            place[i - 1], score[i - 1] = at, float(gap @ gap)
    if not np.isfinite(score).any():
        raise InputError("root by dates: on no branch do later models lie farther from the root")
    order = np.argsort(score, kind="stable")
    best = int(order[0])
    second = float(score[order[1]]) if len(order) > 1 else np.inf
    ambiguity = float(np.sqrt(score[best] / second)) if 0 < second < np.inf else 0.0
    rooted = reroot(flat, best + 1, float(place[best]), tree.method)
    note = f"rooted by the dates of {len(rows)} models; ambiguity {ambiguity:.2f}"
    if ambiguity > 0.95:
        note += ": another branch would do nearly as well, so read the root with care"
    return Rooting(rooted, "dates", ambiguity, note)


@dataclass(frozen=True)
class Speeds:
    """Speed of evolution by family, and whether one speed would do.

    clocks      by family, those with at least three dated models at two dates or more
    f, p        F test of one common rate against a rate for each family, each family with an
                intercept of its own; NaN with fewer than two families or no freedom left
    """

    clocks: dict[str, Clock]
    f: float
    p: float


def family_speeds(tree: Tree, dates: Mapping[str, float], groups: Mapping[str, str]) -> Speeds:
    """Root-to-tip rates of families on one rooted tree. O(n)."""
    if not tree.rooted:
        raise InputError("speeds of families need a rooted tree; root it first")
    depth, when, names = _points(tree, dates)
    labels = np.array([groups.get(n, "") for n in names])
    clocks: dict[str, Clock] = {}
    own = common_xx = common_xy = common_yy = 0.0
    used = 0
    for group in sorted(set(labels.tolist()) - {""}):
        rows = labels == group
        if rows.sum() < 3 or np.ptp(when[rows]) <= 0:
            continue
        clocks[group] = _clock(depth[rows], when[rows])
        x, y = when[rows] - when[rows].mean(), depth[rows] - depth[rows].mean()
        own += float(((y - clocks[group].rate * x) ** 2).sum())
        common_xx, common_xy = common_xx + float(x @ x), common_xy + float(x @ y)
        common_yy += float(y @ y)
        used += len(x)
    k = len(clocks)
    freedom = used - 2 * k
    if k < 2 or freedom < 1 or own <= 0:
        return Speeds(clocks, float("nan"), float("nan"))
    shared = common_yy - common_xy**2 / common_xx
    f = max(shared - own, 0.0) / (k - 1) / (own / freedom)
    from scipy.stats import f as fisher

    return Speeds(clocks, f, float(fisher.sf(f, k - 1, freedom)))


def node_dates(tree: Tree, dates: Mapping[str, float], rate: float) -> tuple[float, ...]:
    """Dates of all nodes in the order of `tree.root.preorder()`, under one speed for all.

    Least squares of branch length against rate x time, each branch weighted by the inverse of
    its length (To et al. 2016, Syst Biol 65:82, without their bounds inside the fit); dated
    leaves are held where they are, and a parent that comes out younger than a child is moved
    back to it afterwards. O(n), a sparse system.
    """
    if not tree.rooted or not rate > 0:
        raise InputError("dating needs a rooted tree and a rate above zero")
    flat = to_arrays(tree)
    m = len(flat)
    fixed = np.array([dates.get(n, np.nan) if n else np.nan for n in flat.names])
    if np.isnan(fixed).all():
        raise InputError("dating needs at least one dated model")
    floor = max(float(flat.length.max()) * 1e-3, 1e-12)
    rows, columns, values, right = [], [], [], np.zeros(m)
    for i in range(1, m):
        p, weight = int(flat.parent[i]), 1 / max(float(flat.length[i]), floor)
        span = float(flat.length[i]) / rate
        for a, b, sign in ((i, p, 1.0), (p, i, -1.0)):
            if np.isnan(fixed[a]):
                rows += [a, a]
                columns += [a, b]
                values += [weight, -weight]
                right[a] += sign * weight * span
    known = np.flatnonzero(~np.isnan(fixed)).tolist()
    rows += known
    columns += known
    values += [1.0] * len(known)
    right[known] = fixed[known]
    from scipy import sparse
    from scipy.sparse.linalg import spsolve

    system = sparse.csr_matrix((values, (rows, columns)), shape=(m, m))
    when = np.asarray(spsolve(system, right), dtype=np.float64)
    for i in range(m - 1, 0, -1):
        when[flat.parent[i]] = min(when[flat.parent[i]], when[i])
    return tuple(when.tolist())


def time_tree(tree: Tree, when: Sequence[float]) -> Tree:
    """The same tree with branches in years, given the dates of its nodes in preorder. O(n)."""
    flat = to_arrays(tree)
    years = [when[i] - when[p] if p >= 0 else None for i, p in enumerate(flat.parent.tolist())]
    root = build(flat.children(), years, flat.names, optional(flat.support), 0)
    return Tree(root, tree.rooted, tree.method)
