"""cladist relatives: who is nearest to a model."""

from __future__ import annotations

from typing import Annotated

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    AssayOption,
    JsonOption,
    MetricOption,
    RegistryOption,
    one_line,
    out,
    print_json,
    table,
)


def relatives(
    model: Annotated[str, typer.Argument(help="Name of the model, as 'list' shows it.")],
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: AssayOption = "",
    metric: MetricOption = "",
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many to show.")] = 10,
    json: JsonOption = False,
) -> None:
    """The nearest relatives of a model in the registry.

    Nearest does not mean related: in a registry without kin somebody is nearest all the same.

    Examples: `cladist relatives smollm2`, `cladist relatives smollm2 -n 3 --json`
    """
    from cladist.compare import distances, resolve_assay
    from cladist.registry import Registry

    with Registry.open(registry, create=False) as store:
        store.model(model)
        chosen = resolve_assay(store, assay)
        store.dnas(chosen, [model])
        matrix = distances(store, chosen, None, metric or None)
    nearest = matrix.nearest(model, count)
    if json:
        print_json(
            {
                "model": model,
                "assay": chosen.short,
                "metric": matrix.metric,
                "compared": len(matrix) - 1,
                "relatives": [{"model": n, "distance": d} for n, d in nearest],
            }
        )
        return
    rows = table(
        "",
        "model",
        "distance",
        right=("distance",),
        title=f"nearest to {one_line(model)} of {len(matrix) - 1}: {matrix.metric}, {chosen.short}",
    )
    for rank, (name, distance) in enumerate(nearest, 1):
        rows.add_row(str(rank), one_line(name), f"{distance:.4f}")
    out().print(rows)
