"""cladist registry list: what a registry holds."""

from __future__ import annotations

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    JsonOption,
    RegistryOption,
    one_line,
    out,
    print_json,
    table,
)


def list_models(registry: RegistryOption = DEFAULT_REGISTRY, json: JsonOption = False) -> None:
    """Which models and assays are in a registry?

    Examples: `cladist registry list`, `cladist registry list --registry lab --json`
    """
    from cladist.registry import Registry

    with Registry.open(registry, create=False) as store:
        assays = store.assays()
        short = {a.digest: a.short for a in assays}
        models = [(m, [short[d] for d in store.assays_of(m)]) for m in store.models()]
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
    rows = table("model", "from", "DNA by")
    for m, found in models:
        rows.add_row(one_line(m.name), one_line(m.uri, 60), ", ".join(found) or "-")
    console.print(rows)
    rows = table("assay", "probes", "metric", "DNAs", right=("DNAs",))
    for a in assays:
        rows.add_row(
            a.short,
            f"{len(a.protocol.probes)} {one_line(a.protocol.probes.name)}",
            a.method.metric,
            str(counts[a.short]),
        )
    console.print(rows)
