"""cladist provenance audit: declared lineage of a registry against what its models show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    AlphaOption,
    AssayOption,
    DeclaredOption,
    JsonOption,
    LabelsOption,
    QuietOption,
    RegistryOption,
    listening,
    one_line,
    out,
    print_json,
    table,
)
from cladist.cli.secret import RevealOption
from cladist.cli.signing import KeyOption, StatementOption, signer
from cladist.errors import FOUND, UNTESTED

if TYPE_CHECKING:
    from cladist.provenance.audit import Audit


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
        typer.Option(help="by: under any dependence; bh: under positive only, finds more."),
    ] = "by",
    alpha: AlphaOption = 0.01,
    fail_on: Annotated[
        Literal["error", "warning", "note", "never"],
        typer.Option(help="Leave with exit code 10 for findings of this level or worse."),
    ] = "warning",
    count: Annotated[
        int, typer.Option("--count", "-n", min=0, help="Show so many; 0 is all.")
    ] = 40,
    statement: StatementOption = None,
    key: KeyOption = None,
    secret: RevealOption = None,
    asked: Annotated[str, typer.Option(help="With --secret: the model that was asked by it.")] = "",
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Is declared lineage true, and what has nobody declared?

    Holds declared lineage against measured kinship.

    Looks for contradictions, undocumented relations at a false discovery rate, licences that do
    not fit along a line of descent (flagged for people; no legal advice), and duplicates.

    Exit codes: 0 nothing at the level of --fail-on, 10 something, 13 nothing but not everything
    could be tested, 1 to 8 an error. What could not be tested is told first.

    Examples:

    `cladist provenance audit --declared declared.csv`

    `cladist provenance audit --declared models/ --fdr 0.1 --fail-on error --json`

    `cladist provenance audit --declared d.csv --secret draw.json --asked served --statement v.zip
    --key auditor.pem`
    """
    from cladist.registry import Registry
    from cladist.workflows.auditing import audit as run
    from cladist.workflows.secrets import drawn_by

    signs = signer(statement, key)
    drawn = drawn_by(secret, asked)
    with Registry.open(registry, create=False) as store, listening(quiet or json) as listener:
        made = run(
            store, declared or [],
            labels=labels, assay=assay, fdr=rate, control=control, alpha=alpha,
            listener=listener, drawn=drawn,
        )  # fmt: skip
        if signs is not None:
            from cladist.attestation.of_panel import audit_case
            from cladist.kinship.inference.decision import Policy

            policy = Policy(alpha)
            signs.write(
                audit_case(
                    made.material, made.found, rate=rate, control=control, policy=policy,
                    secret=None if drawn is None else (drawn[1], drawn[0]),
                )
            )  # fmt: skip
    failed = made.failed(fail_on)
    untested = made.found.could_not_test and fail_on != "never"
    if json:
        told = made.to_dict()
        print_json({"assay": told.pop("assay"), "failed": failed, **told})
    else:
        _show(made.found, count)
    if failed:
        raise typer.Exit(FOUND)
    if untested:
        raise typer.Exit(UNTESTED)


def _show(found: Audit, count: int) -> None:
    from cladist.provenance.audit import LEVELS

    console = out()
    if not found.tests:
        console.print(f"Not tested: {one_line(found.basis)}.")
    if found.untested:
        console.print(
            f"Not tested: {found.untested} of {found.links} declared links among the models here "
            "could not be; nothing is known of them."
        )
    if found.absent:
        console.print(f"Not here: {found.absent} declared links name a model without answers.")
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
            f"{found.withdrawn} taken back, as their strongest pair is not called related"
        )
        console.print(f"Rests on {one_line(found.basis)}")
