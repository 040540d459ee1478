"""cladist identify: whose descendant is a model, among a reference's models or a registry's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    WEIGHING,
    AlphaOption,
    AssayOption,
    JsonOption,
    LabelsOption,
    OldRateOption,
    QuietOption,
    RegistryOption,
    alpha_of,
    listening,
    note,
    one_line,
    out,
    print_json,
    table,
)
from cladist.cli.secret import SecretOption
from cladist.cli.signing import KeyOption, StatementOption, signer

if TYPE_CHECKING:
    from cladist.workflows.identify import FamilyAnswer, NearestAnswer


SHOWN = 3
"""Nearest models that are shown of a reference, so that the answer fits a glance."""


def identify(
    context: typer.Context,
    model: Annotated[
        str, typer.Argument(help="URI of the model, as for 'extract', or its name in a registry.")
    ],
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: AssayOption = "",
    labels: LabelsOption = None,
    prior_none: Annotated[
        float,
        typer.Option(min=0.001, max=0.999, help="Chance, beforehand, that it is none of these."),
    ] = 0.5,
    alpha: AlphaOption = 0.01,
    rate: OldRateOption = None,
    count: Annotated[
        int, typer.Option("--count", "-n", min=1, help="How many to show; 3 of a reference.")
    ] = 5,
    reference: Annotated[
        str, typer.Option(help="Installed reference to hold the URI against; else one that fits.")
    ] = "",
    interface: Annotated[
        str, typer.Option(help="Where the reference does not tell: raw or chat. Else it is tried.")
    ] = "auto",
    probes: Annotated[
        int,
        typer.Option(
            min=0, help="Prompts to ask at most, chosen before any result is seen; 0 sets no limit."
        ),
    ] = 0,
    all_prompts: Annotated[
        bool,
        typer.Option("--all-prompts", help="Ask all, also where a few settle it."),
    ] = False,
    statement: StatementOption = None,
    key: KeyOption = None,
    secret: SecretOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Whose descendant is this model: one of the world's models, or of a registry's?

    A URI is asked the prompts of an installed reference ('cladist reference add') and held
    against its models; no registry is needed. A few prompts are asked first, and all only where
    these do not settle it. Answers are kept, and a second run asks nothing.

    The name of a model in a registry is held against the others there, with 'none of these' among
    the answers. With --labels, families get probabilities, calibrated by asking the registry's own
    models with and without their family, and a set names all that cannot be excluded. Without,
    the nearest models are tested one by one.

    Examples:

    `cladist identify gguf:model.gguf`

    `cladist identify 'openai:gpt-x@https://host/v1' --reference dna-web-chat`

    `cladist identify suspect --labels families.csv`

    `cladist identify gguf:model.gguf --statement verdict.zip --key auditor.pem`
    """
    from cladist.cli.identify_uri import identify_uri, is_uri
    from cladist.errors import UsageError
    from cladist.workflows.secrets import prompts_to_ask

    signs = signer(statement, key)
    if reference or is_uri(model, registry):
        identify_uri(
            model,
            registry,
            reference,
            interface,
            (prompts_to_ask(probes, secret), all_prompts),
            alpha_of(alpha, rate) if _given(context, "alpha", "rate") else None,
            (count if _given(context, "count") else SHOWN, json, quiet),
            signs,
        )  # fmt: skip
        return
    if secret is not None:
        raise UsageError(
            "--secret is for a URI; answers of a registry that were asked by a secret are stated "
            "with 'cladist compare kinship --secret'"
        )
    from cladist.registry import Registry
    from cladist.workflows.identify import FamilyAnswer as Known
    from cladist.workflows.identify import families_of_model, identify_here

    level = alpha_of(alpha, rate)
    with Registry.open(registry, create=False) as store, listening(json, WEIGHING) as listener:
        asked, tests = families_of_model(
            store, model, count, labels=labels, assay=assay, alpha=level, listener=listener
        )
        if signs is not None:
            from cladist.attestation.of_panel import families_case

            signs.write(families_case(asked.made, asked.assay.protocol, model, prior_none))
        made = identify_here(asked, model, tests, prior_none=prior_none)
    if json:
        print_json(made.to_dict())
    elif isinstance(made, Known):
        _show_families(made, count)
    else:
        _show_nearest(made, level)


def _show_families(made: FamilyAnswer, count: int) -> None:
    rows = table("family", "probability", "nearest member", right=("probability",))
    told = made.rows()
    named = [r["family"] for r in told if r["family"]][:count]
    for r in told:
        if r["family"] in named or not r["family"]:
            family = one_line(r["family"]) or "none of these"
            rows.add_row(family, f"{r['probability']:.1%}", one_line(r["nearest"]))
    console, kept = out(), made.kept
    console.print(rows)
    console.print(one_line(str(kept)) + ".")
    console.print(f"Best family: {one_line(kept.best)}, {kept.probability:.1%}.")
    console.print(
        f"Calibrated on {made.fitted.queries} models of {made.fitted.families} families in this "
        f"registry, each asked with and without its family; chance of none beforehand "
        f"{made.prior_none:g}."
    )
    for remark in (made.found.note, kept.note):
        if remark:
            note(remark)


def _given(context: typer.Context, *names: str) -> bool:
    """Whether one of the options was given, and not left as it is."""
    sources = [context.get_parameter_source(name) for name in names]
    return any(s is not None and s.name != "DEFAULT" for s in sources)


def _show_nearest(made: NearestAnswer, alpha: float) -> None:
    shown = table("nearest", "verdict", "p (adjusted)", "why", right=("p (adjusted)",))
    for r in made.tests:
        p = "" if r.p != r.p else f"{r.p:.2g}"
        shown.add_row(one_line(r.b), r.verdict, p, one_line(r.reason))
    console = out()
    console.print(shown)
    if made.untested:
        note("nothing could be tested: this is an order, and says nothing of kinship")
    else:
        console.print(
            f"p is adjusted for the {len(made.tests)} listed, which were chosen as the nearest of "
            f"{made.compared}."
        )
    if made.none_shown:
        console.print(
            f"None of these is shown to be kin at a false-positive rate of {alpha:g}. That "
            "is no proof of the contrary; --labels gives probabilities of families, and of none."
        )
