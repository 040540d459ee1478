"""What the projection of texts keeps: bi-Lipschitz constants, distortion, inheritance, measured.

    python benchmarks/theory.py [--models 200]

Prints tables of docs/theory.md from the recorded completions of ../shared/data/rand. The space
before the projection is that of the default assay's features of all probes; after it, the DNA.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
from assays import load
from bounds import existence, kept
from scipy import sparse

from cladist import catalog
from cladist.core.assay import Method
from cladist.core.features import SparseFeatures
from cladist.core.projection import project
from cladist.core.representation import Representation
from cladist.encoders import represent


def feature_matrix(found: list[Representation]) -> sparse.csr_array:
    """Models x (channel, probe, key), weighted as the projection weighs them."""
    tables, rows, values = [], [], []
    for row, r in enumerate(found):
        for number, channel in enumerate(r.channels):
            features = channel.features
            if not isinstance(features, SparseFeatures):
                raise SystemExit("the default assay is expected to have sparse features alone")
            place = np.uint64(number * len(r.probe_ids)) + features.rows().astype(np.uint64)
            tables.append(features.keys ^ (place * np.uint64(0x9E3779B97F4A7C15)))
            rows.append(np.full(len(place), row))
            values.append(features.values * np.sqrt(channel.weight))
    _, column = np.unique(np.concatenate(tables), return_inverse=True)
    cells = (np.concatenate(values).astype(np.float64), (np.concatenate(rows), column))
    return sparse.csr_array(sparse.coo_array(cells, shape=(len(found), int(column.max()) + 1)))


def distances(gram: np.ndarray) -> np.ndarray:
    own = np.diagonal(gram)
    return np.sqrt(np.maximum(own[:, None] + own - 2 * gram, 0))


def dnas(found: list[Representation], method: Method, dimension: int) -> np.ndarray:
    projection = replace(method.projection, dimension=dimension)
    return np.stack([project(r, projection).sum(0, dtype=np.float64) for r in found])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=200)
    args = parser.parse_args()
    sets, lineage = load("rand")
    place = {s.model: k for k, s in enumerate(sets)}
    rows = lineage.drop_duplicates("model").set_index("model").reindex(list(place))
    by_name = {str(h): m for m, h in rows["hf_id"].items()} | {m: m for m in place}
    pairs = [
        (m, by_name[p])
        for m, p in rows["parent"].items()
        if isinstance(p, str) and by_name.get(p, m) != m
    ]
    named = list(dict.fromkeys(m for pair in pairs for m in pair))[: args.models]
    method = catalog.assay().method
    found = [represent(sets[place[m]], method) for m in named]
    x = feature_matrix(found)
    before = distances((x @ x.T).toarray())
    a, b = np.triu_indices(len(named), 1)
    apart = before[a, b] > 0
    print(f"{len(named)} models, {x.shape[1]:,} features over all probes\n")
    print("| L | models | c1 | c2 | (c2-c1)/(c2+c1) | distortion, median | 99% | largest | bound |")
    print("|---|---|---|---|---|---|---|---|---|")
    rng = np.random.default_rng(0)
    for dimension in (32, 128, 512, 1024, 2048):
        y = dnas(found, method, dimension)
        after = distances(y @ y.T)
        for count in (25, 100, len(named)) if dimension == 1024 else (len(named),):
            some = np.zeros(len(named), bool)
            some[rng.choice(len(named), min(count, len(named)), replace=False)] = True
            used = apart & some[a] & some[b]
            ratios, promise = (
                kept(before[a, b][used], after[a, b][used]),
                existence(dimension, count),
            )
            print(
                f"| {dimension} | {some.sum()} | {ratios.c1:.3f} | {ratios.c2:.3f} "
                f"| {ratios.width:.3f} | {' | '.join(f'{d:.3f}' for d in ratios.distortion)} "
                f"| {f'{promise:.3f}' if np.isfinite(promise) else 'none below 1'} |"
            )
        if dimension == 1024:
            default = after
    index = {m: k for k, m in enumerate(named)}
    inside = [(index[c], index[p]) for c, p in pairs if c in index and p in index]
    c, p = np.array(inside).T
    family = rows.loc[named, "superfamily"].fillna("").to_numpy()
    far = (family[a] != family[b]) & (family[a] != "") & (family[b] != "")
    print(
        "\n| pairs | count | feature distance: 10%, median, 90% | DNA distance: 10%, median, 90% |"
    )
    print("|---|---|---|---|")
    for name, left, right in (("parent and child", c, p), ("unrelated", a[far], b[far])):
        cells = [
            ", ".join(f"{v:.2f}" for v in np.quantile(m[left, right], (0.1, 0.5, 0.9)))
            for m in (before, default)
        ]
        print(f"| {name} | {len(left):,} | {cells[0]} | {cells[1]} |")
    nearer = np.mean(default[c, p][:, None] < default[a[far], b[far]][None, :])
    print(
        f"\nparent and child nearer in DNA than two unrelated models: {nearer:.1%} of comparisons"
    )


if __name__ == "__main__":
    main()
