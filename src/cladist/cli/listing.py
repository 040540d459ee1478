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
    from cladist.registry import Registry

    with Registry.open(registry, create=False) as store:
        assays = store.assays()
        short = {a.digest: a.short for a in assays}
        every = list(store.models())
        fits = [m for m in every if like.casefold() in m.name.casefold()]
        models = [(m, [short[d] for d in store.assays_of(m)]) for m in fits]
        counts = {a.short: store.count_dnas(a) for a in assays}
    if json:
        print_json(
            {
                "models": [
                    {
                        "name": m.name,
                        "uri": m.uri,
                        "fingerprint": m.fingerprint,
                        "metadata": dict(m.metadata),
                        "assays": found,
                    }
                    for m, found in models
                ],
                "assays": [
                    {"assay": a.short, "digest": a.digest, "dna": counts[a.short]} for a in assays
                ],
            }
        )
        return
    console = out()
    shown = models[skip : skip + count if count else None]
    some = f", {len(models)} of them like '{one_line(like, 40)}'" if like else ""
    console.print(f"{len(every)} models{some}, {len(assays)} assays")
    rows = table("model", "from", "DNA by")
    for m, found in shown:
        rows.add_row(one_line(m.name), one_line(m.uri, 60), ", ".join(found) or "-")
    if shown:
        console.print(rows)
    more = len(models) - skip - len(shown)
    if more > 0:
        console.print(
            f"{more} more models; --skip {skip + len(shown)} shows the next, --count 0 all, "
            "--like filters"
        )
    rows = table("assay", "probes", "metric", "DNAs", right=("DNAs",))
    for a in assays:
        rows.add_row(
            a.short,
            f"{len(a.protocol.probes)} {one_line(a.protocol.probes.name)}",
            a.method.metric,
            str(counts[a.short]),
        )
    console.print(rows)
