"""cladist registry dedupe: groups of near-identical models, and which to keep."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    AssayOption,
    JsonOption,
    MetricOption,
    RegistryOption,
    metric_of,
    note,
    one_line,
    out,
    print_json,
    table,
)

if TYPE_CHECKING:
    from cladist.workflows.dedupe import Duplicates


def dedupe(
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: AssayOption = "",
    share: Annotated[
        float, typer.Option(min=0.01, max=1, help="Least share of equal answers in a group.")
    ] = 0.9,
    distance: Annotated[
        float | None,
        typer.Option(min=0, help="Instead: largest distance in a group, by the assay's metric."),
    ] = None,
    metric: MetricOption = "",
    scores: Annotated[
        Path | None, typer.Option("--scores", "-s", help="CSV: keep the model of highest score.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Which models of a registry are nearly the same?

    Finds groups of them, and names the one to keep.

    In a group every two models give the same answer, to the character, to at least --share of
    the probes that both answered; or, with --distance, are no farther apart than that. Sampled
    answers differ even between copies: use --distance for such assays. Kept is the model with
    the highest score (--scores), else with most usable answers; of equals the most central.

    Examples: `cladist registry dedupe`,
    `cladist registry dedupe --share 0.98 --scores scores.csv --json`
    """
    from cladist.registry import Registry
    from cladist.workflows.dedupe import dedupe as run

    with Registry.open(registry, create=False) as store:
        made = run(
            store,
            share=share,
            distance=distance,
            metric=metric_of(metric),
            scores=scores,
            assay=assay,
            hear=note,
        )
    if json:
        print_json(made.to_dict())
        return
    _show(made)


def _show(made: Duplicates) -> None:
    console = out()
    if made.groups:
        rows = table("keep", "instead of", "why", "farthest two", right=("farthest two",))
        for g in made.groups:
            others = ", ".join(one_line(o, 60) for o in g.others)
            rows.add_row(one_line(g.keep, 60), others, g.reason, f"{g.farthest:.3f}")
        console.print(rows)
    console.print(made.headline())
