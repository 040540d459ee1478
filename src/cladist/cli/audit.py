"""cladist audit: declared lineage of a registry against what its models show."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    AssayOption,
    JsonOption,
    QuietOption,
    RegistryOption,
    one_line,
    out,
    print_json,
    progress_bars,
    table,
)
from cladist.cli.declared import DeclaredOption, tell
from cladist.cli.kinship import LabelsOption, plain, read

FOUND = 10
"""Exit code for findings at the level of --fail-on or above; errors have 1 to 8."""


def audit(
    registry: RegistryOption = DEFAULT_REGISTRY,
    declared: DeclaredOption = None,
    labels: LabelsOption = None,
    assay: AssayOption = "",
    rate: Annotated[
        float,
        typer.Option("--fdr", min=1e-4, max=0.5, help="False discovery rate of relations."),
    ] = 0.05,
    control: Annotated[
        Literal["bh", "by"],
        typer.Option(help="bh: under positive dependence; by: under any, finds little."),
    ] = "bh",
    fail_on: Annotated[
        Literal["error", "warning", "note", "never"],
        typer.Option(help="Leave with exit code 10 for findings of this level or worse."),
    ] = "warning",
    count: Annotated[
        int, typer.Option("--count", "-n", min=0, help="Show so many; 0 is all.")
    ] = 40,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Hold declared lineage against measured kinship: what contradicts, and what nobody declared.

    Looks for contradictions, undocumented relations at a false discovery rate, licences that do
    not fit along a line of descent (flagged for people; no legal advice), and duplicates.

    Exit codes: 0 nothing at the level of --fail-on, 10 something, 1 to 8 an error.

    Examples:

    `cladist audit --declared declared.csv`

    `cladist audit --declared models/ --fdr 0.1 --fail-on error --json`
    """
    from cladist.compare import resolve_assay
    from cladist.known import facts_of
    from cladist.provenance.audit import LEVELS
    from cladist.provenance.audit import audit as run
    from cladist.provenance.material import gather
    from cladist.provenance.sources import names_in, read_declared, with_known_licences
    from cladist.registry import Registry

    with Registry.open(registry, create=False) as store, progress_bars(quiet or json) as bars:
        chosen = resolve_assay(store, assay)
        lineage = read_declared(declared or [], store.models())
        lineage = with_known_licences(lineage, facts_of([*store.models(), *names_in(lineage)]))
        tell(lineage)
        material = gather(store, chosen, lineage, read(labels, store.models()), bars)
        found = run(material, rate=rate, control=control, progress=bars)
    worst = found.worst()
    failed = (
        worst is not None and fail_on != "never" and LEVELS.index(worst) <= LEVELS.index(fail_on)
    )
    if json:
        print_json({"assay": chosen.short, "failed": failed, **plain(asdict(found))})
    else:
        console = out()
        shown = found.findings[:count] if count else found.findings
        if shown:
            rows = table("level", "kind", "finding")
            for f in shown:
                rows.add_row(f.level, f.kind, one_line(f.message))
            console.print(rows)
        left = len(found.findings) - len(shown)
        if left:
            console.print(f"{left} more findings; --count 0 shows all")
        tally = ", ".join(f"{sum(f.level == k for f in found.findings)} {k}s" for k in LEVELS)
        console.print(f"{found.models} models, {found.links} declared links among them: {tally}")
        if found.tests:
            way = "positive" if found.control == "bh" else "any"
            console.print(
                f"Relations: {found.tests} questions (a model, a family it is not declared to be "
                f"of), false discovery rate {found.rate:g} under {way} dependence; "
                f"{found.withdrawn} taken back by the checks over probes"
            )
        console.print(f"Rests on {one_line(found.basis)}")
    if failed:
        raise typer.Exit(FOUND)
