"""cladist relatives: who is nearest to a model."""

from __future__ import annotations

from typing import Annotated

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    AssayOption,
    JsonOption,
    MetricOption,
    QuietOption,
    RegistryOption,
    note,
    one_line,
    out,
    print_json,
    progress_bars,
    table,
)


def relatives(
    model: Annotated[str, typer.Argument(help="Name of the model, as 'list' shows it.")],
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: AssayOption = "",
    metric: MetricOption = "",
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many to show.")] = 10,
    approximate: Annotated[
        bool,
        typer.Option(
            "--approximate", help="Faster in registries of millions; may miss some. Needs [search]."
        ),
    ] = False,
    candidates: Annotated[
        int,
        typer.Option(
            min=0,
            help="By kinship among more than 1,000 models: of how many, nearest by DNA, kinship is "
            "measured. 0 compares everybody with everybody.",
        ),
    ] = 100,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """The nearest relatives of a model in the registry.

    Nearest does not mean related: in a registry without kin somebody is nearest all the same.
    By DNA (euclidean, cosine) the answer is exact in a registry of any size, unless
    --approximate is given.

    Examples:

    `cladist relatives smollm2`

    `cladist relatives smollm2 -n 3 --metric cosine --json`
    """
    from cladist.compare import resolve_assay
    from cladist.nearest import nearest
    from cladist.registry import Registry

    with Registry.open(registry, create=False) as store, progress_bars(quiet) as report:
        store.model(model)
        chosen = resolve_assay(store, assay)
        found = nearest(
            store,
            chosen,
            model,
            count,
            metric or None,
            approximate=approximate,
            candidates=candidates,
            report=report,
        )
    if found.left_out:
        note(f"{found.left_out} models have a DNA of zeros, without a direction to compare")
    if json:
        print_json(
            {
                "model": model,
                "assay": chosen.short,
                "metric": found.metric,
                "compared": found.compared,
                "exact": found.route in ("all pairs", "exact search"),
                "route": found.route,
                "measured": found.measured,
                "reference": found.reference,
                "relatives": [{"model": n.model, "distance": n.distance} for n in found.relatives],
            }
        )
        return
    rows = table(
        "",
        "model",
        "distance",
        right=("distance",),
        title=f"nearest to {one_line(model)} of {found.compared}: {found.metric}, {chosen.short}",
    )
    for rank, near in enumerate(found.relatives, 1):
        rows.add_row(str(rank), one_line(near.model), f"{near.distance:.4f}")
    console = out()
    console.print(rows)
    if found.route == "approximate search":
        console.print("An approximate search: a nearer one may have been missed.")
    if found.route == "two stages":
        console.print(
            f"Kinship of the {found.measured} nearest by DNA, against {found.reference} models of "
            "this registry; kin that DNA does not show may have been missed (--candidates)."
        )
