"""cladist provenance declared: what documents declare about where models come from."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cladist.cli.common import JsonOption, note, one_line, out, print_json, table


def declared(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Files, folders or hub:ORG/NAME: CSV tables, model cards, merge recipes of "
            "mergekit, adapter_config.json, GGUF files. NAME=FILE says whose file it is."
        ),
    ],
    registry: Annotated[
        Path | None,
        typer.Option("--registry", "-r", help="Bring names to those of this registry."),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write one table (.csv) of everything.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """What do documents declare of models' lineage, and where do they contradict each other?

    The table written with --out is what `cladist provenance audit`, `cladist report` and
    `cladist tree --declared` read.

    Examples:

    `cladist provenance declared models/ --out declared.csv`

    `cladist provenance declared suspect=README.md merged=recipe.yml hub:org/name --registry lab`
    """
    from cladist.formats.declared_table import write_declared_table
    from cladist.formats.files import write_text
    from cladist.provenance.sources import read_declared
    from cladist.registry import Registry
    from cladist.workflows.named import tell

    models = []
    if registry is not None:
        with Registry.open(registry, create=False) as store:
            models = store.models()
    found = read_declared(sources, models)
    tell(found, note)
    wrong = found.disagreements()
    if file is not None:
        write_text(file, write_declared_table(found))
        note(f"wrote {len(found.links)} declared links to {file}")
    if json:
        print_json(
            {
                "links": [asdict(k) for k in found.links],
                "licences": {m: list(v) for m, v in found.licences.items()},
                "dates": dict(found.dates),
                "no_parent": list(found.founders),
                "nothing_declared": list(found.silent()),
                "remarks": list(found.remarks),
                "disagreements": [asdict(d) for d in wrong],
            }
        )
        return
    if file is None:
        rows = table("model", "parent", "relation", "licence", "source")
        parentless = [(m, "(none, it says)") for m in found.founders if not found.parents(m)]
        parentless += [(m, "(nothing declared)") for m in found.silent()]
        for k in found.links:
            cells = (k.child, k.parent, k.relation, found.licence(k.child), k.source)
            rows.add_row(*(one_line(c, 60) for c in cells))
        for m, said in parentless:
            rows.add_row(one_line(m, 60), said, "", one_line(found.licence(m), 60), "")
        out().print(rows)
    for d in wrong:
        note(f"contradiction: {d.message}")
