"""cladist lab probes: the texts that models are asked."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer

from cladist.cli.common import JsonOption, one_line, out, print_json, table


def probes(
    name: Annotated[str, typer.Argument(help="One set (or a JSON file), its probes in full.")] = "",
    json: JsonOption = False,
) -> None:
    """Which probes can models be asked?

    Lists the built-in probe sets, or the probes of one.

    Examples: `cladist lab probes`, `cladist lab probes cladist-100`, `cladist lab probes mine.json`
    """
    from cladist import catalog

    console = out()
    if name:
        found = catalog.probe_set(name)
        if json:
            print_json({**found.as_data(), "digest": found.digest})
            return
        rows = table("id", "language", "kind", "text")
        for p in found.probes:
            rows.add_row(p.id, p.language, p.kind, one_line(p.text))
        console.print(rows)
        return
    sets = [catalog.probe_set(n) for n in catalog.probe_set_names()]
    if json:
        print_json(
            [
                {"name": s.name, "digest": s.digest, "count": len(s), "license": s.license}
                for s in sets
            ]
        )
        return
    rows = table("set", "hash", "probes", "languages", "what", right=("probes",))
    for s in sets:
        languages = Counter(p.language for p in s.probes)
        shown = " ".join(f"{k}:{v}" for k, v in languages.most_common())
        rows.add_row(s.name, s.digest[:8], str(len(s)), shown, one_line(s.description))
    console.print(rows)
