"""cladist identify: whose descendant is a model, among a reference's models or a registry's."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    WEIGHING,
    AssayOption,
    JsonOption,
    QuietOption,
    RegistryOption,
    note,
    one_line,
    out,
    print_json,
    progress_bars,
    table,
)
from cladist.cli.kinship import LabelsOption, RateOption, evidence, load, plain, read


def identify(
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
    rate: RateOption = 0.01,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many to show.")] = 5,
    reference: Annotated[
        str, typer.Option(help="Installed reference to hold the URI against; else one that fits.")
    ] = "",
    interface: Annotated[
        str, typer.Option(help="Where the reference does not tell: raw or chat. Else it is tried.")
    ] = "auto",
    probes: Annotated[
        int, typer.Option(min=0, help="Prompts to ask at most; 0 asks all of the reference's.")
    ] = 0,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Tell whose descendant a model is: of the world's models, or of a registry's.

    A URI is asked the prompts of an installed reference ('cladist reference add') and held
    against its models; no registry is needed. Answers are kept, and a second run asks nothing.

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

    if reference or is_uri(model, registry):
        identify_uri(model, registry, reference, interface, probes, rate, (count, json, quiet))
        return
    from cladist.compare import resolve_assay
    from cladist.registry import Registry

    with Registry.open(registry, create=False) as store, progress_bars(json, WEIGHING):
        chosen = resolve_assay(store, assay)
        store.model(model)
        responses = load(store, chosen)
        declared = read(labels, store.models())
    pairs, circles = evidence(responses, declared)
    if circles is None:
        _nearest(pairs, model, rate, count, chosen.short, json)
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


def _nearest(pairs: Any, model: str, rate: float, count: int, assay: str, json: bool) -> None:
    import numpy as np

    from cladist.kinship.inference.calibration import MINIMUM_MODELS, calibrate
    from cladist.kinship.inference.pair_test import adjust

    i = pairs.index(model)
    others = [k for k in range(len(pairs)) if k != i]
    order = sorted(others, key=lambda k: (-pairs.score[i, k], k))
    if len(others) <= MINIMUM_MODELS:
        note(
            f"{len(others)} other models are too few to calibrate on: this is an order, and says "
            "nothing of kinship"
        )
        shown = [{"model": pairs.models[k], "p": None, "related": None} for k in order[:count]]
        none = None
    else:
        fitted = calibrate(pairs, leave_out=[i])
        excess = fitted.matching.excess(pairs.score[i, others], pairs.covariates(i, others))
        raw = np.array([min(fitted.upper_p(float(e)), 1.0) for e in excess])
        adjusted = dict(zip(others, adjust(raw.tolist(), "bh"), strict=True))
        order = sorted(others, key=lambda k: (adjusted[k], -pairs.score[i, k]))
        kin = {k for k in others if adjusted[k] <= rate and not fitted.unheard(pairs, i, k)}
        shown = [
            {"model": pairs.models[k], "p": float(adjusted[k]), "related": k in kin}
            for k in order[:count]
        ]
        none = not kin
    if json:
        print_json({"model": model, "assay": assay, "none_shown": none, "nearest": shown})
        return
    rows = table("nearest", "p (adjusted)", "", right=("p (adjusted)",))
    for s in shown:
        p = s["p"]
        word = "" if p is None else "related" if s["related"] else "not shown to be kin"
        rows.add_row(one_line(str(s["model"])), "" if p is None else f"{p:.2g}", word)
    console = out()
    console.print(rows)
    if none:
        console.print(
            f"None of these is shown to be kin at a false discovery rate of {rate:g}. That is no "
            "proof of the contrary; --labels gives probabilities of families, and of none."
        )
