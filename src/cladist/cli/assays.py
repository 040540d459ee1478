"""cladist lab assays: what can be measured, and by what rules."""

from __future__ import annotations

from typing import Annotated

import typer

from cladist.cli.common import JsonOption, one_line, out, print_json, table


def assays(
    name: Annotated[str, typer.Argument(help="One assay, or a TOML file, in full.")] = "",
    json: JsonOption = False,
) -> None:
    """What do the built-in assays ask, and how do they read answers?

    Shows all, or one of them (or a TOML file of yours) in full.

    Examples: `cladist lab assays`, `cladist lab assays reptrace`, `cladist lab assays mine.toml`
    """
    from cladist import catalog

    chosen = [catalog.assay(name)] if name else [catalog.assay(n) for n in catalog.assay_names()]
    data = [
        {
            "name": a.name,
            "digest": a.digest,
            "description": a.description,
            "probes": a.protocol.probes.name,
            "probes_digest": a.protocol.probes.digest,
            "probe_count": len(a.protocol.probes),
            "decoding": a.protocol.decoding.as_data(),
            "protocol_digest": a.protocol.digest,
            **a.method.as_data(),
        }
        for a in chosen
    ]
    if json:
        print_json(data[0] if name else data)
        return
    console = out()
    if name:
        for key, value in data[0].items():
            console.print(f"{key:16} {one_line(str(value))}", soft_wrap=True)
        return
    rows = table("assay", "hash", "probes", "asks", "tokens", "encoders", "DNA", "metric")
    for a in chosen:
        d = a.protocol.decoding
        rows.add_row(
            a.name,
            a.digest[:8],
            f"{len(a.protocol.probes)} {a.protocol.probes.name}",
            f"{d.interface}, T={d.temperature:g}, x{d.samples}",
            str(d.max_tokens),
            " + ".join(e.name for e in a.method.encoders),
            str(a.method.projection.dimension),
            a.method.metric,
        )
    console.print(rows)
