"""cladist compare relatives: who is nearest to a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    AlphaOption,
    AssayOption,
    JsonOption,
    LabelsOption,
    MetricOption,
    QuietOption,
    RegistryOption,
    listening,
    metric_of,
    one_line,
    out,
    print_json,
    table,
)

if TYPE_CHECKING:
    from cladist.workflows.neighbors import Neighbors


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
    labels: LabelsOption = None,
    alpha: AlphaOption = 0.01,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Which models of a registry are nearest to one of them?

    Nearest does not mean related: in a registry without kin somebody is nearest all the same.
    The verdict is that of 'cladist compare kinship' for each of those listed, at a false-positive
    rate over all of them (--alpha); it is given in registries of up to 2,000 models.
    By DNA (euclidean, cosine) the answer is exact in a registry of any size, unless
    --approximate is given.

    Examples:

    `cladist compare relatives smollm2`

    `cladist compare relatives smollm2 -n 3 --metric cosine --json`
    """
    from cladist.registry import Registry
    from cladist.workflows.neighbors import neighbors

    with Registry.open(registry, create=False) as store, listening(quiet) as listener:
        made = neighbors(
            store, model, count,
            assay=assay, labels=labels, alpha=alpha, listener=listener,
            metric=metric_of(metric), approximate=approximate, candidates=candidates,
        )  # fmt: skip
    if json:
        print_json(made.to_dict())
        return
    _show(made)


def _show(made: Neighbors) -> None:
    found, judged = made.found, made.judged
    rows = table(
        "",
        "model",
        "distance",
        "verdict",
        "p",
        right=("distance", "p"),
        title=one_line(made.headline()),
    )
    for rank, (near, d) in enumerate(zip(found.relatives, judged.decisions, strict=True), 1):
        p = "" if d.p != d.p else f"{d.p:.2g}"
        rows.add_row(str(rank), one_line(near.model), f"{near.distance:.4f}", d.verdict, p)
    console = out()
    console.print(rows)
    if judged.untested:
        console.print(f"Nothing was tested: {one_line(judged.untested)}.")
    else:
        console.print(
            f"{one_line(made.searched())} (docs/verdicts.md). 'cladist compare kinship' tells why."
        )
    if found.route == "approximate search":
        console.print("An approximate search: a nearer one may have been missed.")
    if found.route == "two stages":
        console.print(
            f"Kinship of the {found.measured} nearest by DNA, against {found.reference} models of "
            "this registry; kin that DNA does not show may have been missed (--candidates)."
        )
