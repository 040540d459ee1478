"""cladist place: a model on a tree that is there already."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    WEIGHING,
    AssayOption,
    JsonOption,
    MetricOption,
    RegistryOption,
    TreeNumberOption,
    note,
    one_line,
    out,
    print_json,
    progress_bars,
)


def place(
    model: Annotated[str, typer.Argument(help="A model of the registry.")],
    tree: Annotated[Path, typer.Option("--tree", "-t", help="The tree: Newick, NEXUS, ...")],
    tree_number: TreeNumberOption = None,
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: AssayOption = "",
    metric: MetricOption = "",
    replicates: Annotated[
        int, typer.Option(min=0, help="How often to draw the probes anew for the confidence.")
    ] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Of the resampling.")] = 0,
    file: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the tree with the model on it.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Put one model on an existing tree; the rest of the tree stays as it is.

    The branch is that on which the model's distances to all leaves fit best; they must be of the
    kind that the tree was made of (the same assay and --metric). Confidence is the share of
    redrawn probe sets that choose the same branch. All leaves must be in the registry.

    Examples:

    `cladist place newcomer --tree family.nwk`

    `cladist place newcomer -t family.nwk --replicates 100 --out larger.nwk`
    """
    import numpy as np

    from cladist.compare import resampled_distances, resolve_assay, tree_distances
    from cladist.core.distances import DistanceMatrix
    from cladist.formats.files import write_text
    from cladist.phylogeny.placement import place_model
    from cladist.registry import Registry
    from cladist.workflows.tree_files import Annotations, read_tree, writer_of

    writer = writer_of(file) if file is not None else None
    given = read_tree(tree, tree_number, hear=note)
    leaves = given.leaves()

    def row(matrix: DistanceMatrix) -> dict[str, float]:
        return dict(zip(matrix.ids, matrix.matrix[matrix.index(model)].tolist(), strict=True))

    with Registry.open(registry, create=False) as store, progress_bars(json, WEIGHING):
        store.model(model)
        chosen = resolve_assay(store, assay)
        names = [*(n for n in leaves if n != model), model]
        measured = row(tree_distances(store, chosen, names, metric or None))
        again: list[dict[str, float]] = []
        if replicates:
            weighted, probes = resampled_distances(store, chosen, names, metric or None)
            rng = np.random.default_rng(seed)
            for _ in range(replicates):
                drawn = rng.multinomial(probes, np.full(probes, 1 / probes)).astype(np.float64)
                again.append(row(weighted(drawn)))
    found = place_model(given, model, measured, again)
    if file is not None and writer is not None:
        write_text(file, writer(found.tree, Annotations({})))
        note(f"wrote the tree of {len(leaves) + 1} models to {file}")
    if json:
        print_json(
            {
                "model": model,
                "assay": chosen.short,
                "metric": metric or chosen.method.metric,
                "below": list(found.below),
                "place": found.place,
                "pendant": found.pendant,
                "residual": found.residual,
                "confidence": found.confidence,
                "replicates": replicates,
                "rivals": [{"below": list(b), "share": s} for b, s in found.rivals],
            }
        )
        return
    console = out()
    console.print(f"{one_line(model)} joins {_clade(found.below)}")
    if found.confidence is None:
        console.print("  confidence  not assessed (--replicates 0)")
    else:
        console.print(f"  confidence  {found.confidence:.0%} of {replicates} redrawn probe sets")
    console.print(
        f"  own branch  {found.pendant:.4g}; misfit of its distances {found.residual:.1%}"
    )
    for below, share in found.rivals:
        shown = f"{share:.0%}" if replicates else "next best"
        console.print(f"  or          {_clade(below)} ({shown})")


def _clade(names: Sequence[str]) -> str:
    if len(names) == 1:
        return one_line(names[0], 60)
    shown = ", ".join(one_line(n, 40) for n in names[:4])
    return f"the clade of {shown}" + (f" and {len(names) - 4} more" if len(names) > 4 else "")
