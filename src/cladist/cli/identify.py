"""cladist identify: whose descendant is a model, among a reference's models or a registry's."""

from __future__ import annotations

from dataclasses import asdict
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
    note,
    one_line,
    out,
    plain,
    print_json,
    progress_bars,
    table,
)
from cladist.cli.signing import KeyOption, StatementOption, signer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cladist.kinship.inference.decision import Policy
    from cladist.kinship.inference.pair_test import KinshipResult
    from cladist.workflows.kinship import Question


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
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many to show.")] = 5,
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
    """
    from cladist.cli.identify_uri import identify_uri, is_uri
    from cladist.errors import UsageError

    signs = signer(statement, key)
    if signs is not None and (reference or is_uri(model, registry)):
        raise UsageError(
            "--statement is for models of a registry; ask it there first: cladist extract URI "
            "--like REFERENCE --registry REGISTRY, then 'identify' or 'kinship' its name"
        )
    if reference or is_uri(model, registry):
        identify_uri(
            model,
            registry,
            reference,
            interface,
            (probes, all_prompts),
            alpha_of(alpha, rate) if _given(context, "alpha", "rate") else None,
            (count, json, quiet),
        )  # fmt: skip
        return
    from cladist.compare import resolve_assay
    from cladist.kinship.inference.decision import Policy
    from cladist.registry import Registry
    from cladist.workflows.kinship import judged_nearest, question
    from cladist.workflows.named import families_here

    policy = Policy(alpha_of(alpha, rate))
    with Registry.open(registry, create=False) as store, progress_bars(json, WEIGHING) as bars:
        chosen = resolve_assay(store, assay)
        store.model(model)
        declared = families_here(labels, store.models(), note)
        asked = question(store, chosen, declared, progress=bars)
        circles = asked.made.labels
        results = judged_nearest(asked, model, count, policy) if circles is None else []
        if signs is not None:
            from cladist.attestation.of_panel import families_case

            signs.write(families_case(asked.made, chosen.protocol, model, prior_none))
    for remark in asked.remarks:
        note(remark)
    pairs = asked.pairs
    if circles is None:
        _nearest(asked, model, results, policy, json)
        return
    from cladist.kinship.inference.family_sets import family_set, fit_sets
    from cladist.kinship.inference.identify import fit_identifier
    from cladist.kinship.inference.identify import identify as rank

    fitted = fit_identifier(pairs, circles, prior=prior_none, without=model)
    found = rank(pairs, circles, fitted, model)
    sets = fit_sets(pairs, circles, prior=prior_none, without=model)
    chosen_set = family_set(pairs, circles, sets, found)
    if json:
        data = asdict(found)
        print_json(
            {
                **plain(data),
                "set": plain(chosen_set.to_dict()),
                "assay": chosen.short,
                "prior_none": prior_none,
                "calibrated_on": {"models": fitted.queries, "families": fitted.families},
            }
        )
        return
    ranked = [
        (one_line(f), p, one_line(m[0]))
        for f, p, m in zip(found.families, found.probabilities, found.members, strict=True)
    ][:count]
    rows = table("family", "probability", "nearest member", right=("probability",))
    entries = sorted([*ranked, ("none of these", found.none, "")], key=lambda e: -e[1])
    for name, probability, member in entries:
        rows.add_row(name, f"{probability:.1%}", member)
    console = out()
    console.print(rows)
    console.print(one_line(str(chosen_set)) + ".")
    console.print(f"Best family: {one_line(chosen_set.best)}, {chosen_set.probability:.1%}.")
    console.print(
        f"Calibrated on {fitted.queries} models of {fitted.families} families in this registry, "
        f"each asked with and without its family; chance of none beforehand {prior_none:g}."
    )
    if found.note:
        note(found.note)
    if chosen_set.note:
        note(chosen_set.note)


def _given(context: typer.Context, *names: str) -> bool:
    """Whether one of the options was given, and not left as it is."""
    sources = [context.get_parameter_source(name) for name in names]
    return any(s is not None and s.name != "DEFAULT" for s in sources)


def _nearest(
    asked: Question, model: str, results: Sequence[KinshipResult], policy: Policy, json: bool
) -> None:
    untested = all(r.verdict == "not tested" for r in results)
    none = None if untested else not any(r.verdict == "related" for r in results)
    if json:
        rows = [
            {"model": r.b, "p": r.p, "verdict": r.verdict, "code": r.code, "reason": r.reason}
            for r in results
        ]
        data = {"model": model, "assay": asked.assay.short, "none_shown": none, "nearest": rows}
        print_json(plain(data))
        return
    shown = table("nearest", "verdict", "p (adjusted)", "why", right=("p (adjusted)",))
    for r in results:
        p = "" if r.p != r.p else f"{r.p:.2g}"
        shown.add_row(one_line(r.b), r.verdict, p, one_line(r.reason))
    console = out()
    console.print(shown)
    if untested:
        note("nothing could be tested: this is an order, and says nothing of kinship")
    else:
        console.print(
            f"p is adjusted for the {len(results)} listed, and not for their choice as the nearest "
            f"of {len(asked.pairs) - 1}: what is related here is a lead (docs/verdicts.md)."
        )
    if none:
        console.print(
            f"None of these is shown to be kin at a false-positive rate of {policy.alpha:g}. That "
            "is no proof of the contrary; --labels gives probabilities of families, and of none."
        )
