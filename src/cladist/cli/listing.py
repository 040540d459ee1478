"""cladist registry list: what a registry holds."""

from __future__ import annotations

from typing import Annotated

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    JsonOption,
    RegistryOption,
    one_line,
    out,
    print_json,
    table,
)


def list_models(
    registry: RegistryOption = DEFAULT_REGISTRY,
    like: Annotated[
        str, typer.Option("--like", help="Only models whose name holds this, in any case.")
    ] = "",
    count: Annotated[
        int, typer.Option("--count", "-n", min=0, help="Show so many; 0 is all.")
    ] = 40,
    skip: Annotated[
        int, typer.Option("--skip", min=0, help="Leave out so many first: the next page.")
    ] = 0,
    json: JsonOption = False,
) -> None:
    """Which models and assays are in a registry?

    Counts come first. --json has all models that fit, whatever --count says.

    Examples: `cladist registry list`, `cladist registry list --like qwen -n 0 --registry lab`
    """
    import cladist

    with cladist.open_registry(registry, create=False) as store:
        found = cladist.list_models(store, like)
    if json:
        print_json(found.to_dict())
        return
    console, models = out(), found.models
    shown = models[skip : skip + count if count else None]
    some = f", {len(models)} of them like '{one_line(like, 40)}'" if like else ""
    console.print(f"{found.every} models{some}, {len(found.assays)} assays")
    rows = table("model", "from", "DNA by")
    for m, assays in shown:
        rows.add_row(one_line(m.name), one_line(m.uri, 60), ", ".join(assays) or "-")
    if shown:
        console.print(rows)
    more = len(models) - skip - len(shown)
    if more > 0:
        console.print(
            f"{more} more models; --skip {skip + len(shown)} shows the next, --count 0 all, "
            "--like filters"
        )
    rows = table("assay", "probes", "metric", "DNAs", right=("DNAs",))
    for a, dnas in found.assays:
        rows.add_row(
            a.short,
            f"{len(a.protocol.probes)} {one_line(a.protocol.probes.name)}",
            a.method.metric,
            str(dnas),
        )
    console.print(rows)
