"""cladist compare relatives: who is nearest to a model."""

from __future__ import annotations

from typing import Annotated

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    AlphaOption,
    AssayOption,
    JsonOption,
    LabelsOption,
    MetricOption,
    QuietOption,
    RegistryOption,
    note,
    one_line,
    out,
    plain,
    print_json,
    progress_bars,
    table,
)
from cladist.cli.names import families_here


def relatives(
    model: Annotated[str, typer.Argument(help="Name of the model, as 'list' shows it.")],
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: AssayOption = "",
    metric: MetricOption = "",
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many to show.")] = 10,
    approximate: Annotated[
        bool,
        typer.Option(
            "--approximate", help="Faster in registries of millions; may miss some. Needs [search]."
        ),
    ] = False,
    candidates: Annotated[
        int,
        typer.Option(
            min=0,
            help="By kinship among more than 1,000 models: of how many, nearest by DNA, kinship is "
            "measured. 0 compares everybody with everybody.",
        ),
    ] = 100,
    labels: LabelsOption = None,
    alpha: AlphaOption = 0.01,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Which models of a registry are nearest to one of them?

    Nearest does not mean related: in a registry without kin somebody is nearest all the same.
    The verdict is that of 'cladist compare kinship' for each of those listed, at a false-positive
    rate over all of them (--alpha); it is given in registries of up to 2,000 models.
    By DNA (euclidean, cosine) the answer is exact in a registry of any size, unless
    --approximate is given.

    Examples:

    `cladist compare relatives smollm2`

    `cladist compare relatives smollm2 -n 3 --metric cosine --json`
    """
    from cladist.compare import resolve_assay
    from cladist.kinship.inference.decision import Policy
    from cladist.nearest import nearest
    from cladist.registry import Registry
    from cladist.workflows.relatives import with_verdicts

    with Registry.open(registry, create=False) as store, progress_bars(quiet) as report:
        store.model(model)
        chosen = resolve_assay(store, assay)
        found = nearest(
            store,
            chosen,
            model,
            count,
            metric or None,
            approximate=approximate,
            candidates=candidates,
            report=report,
        )
        declared = families_here(labels, store.models())
        judged = with_verdicts(store, chosen, found, declared, Policy(alpha))
    for remark in judged.remarks:
        note(remark)
    if found.left_out:
        note(f"{found.left_out} models have a DNA of zeros, without a direction to compare")
    if json:
        print_json(
            {
                "model": model,
                "assay": chosen.short,
                "metric": found.metric,
                "compared": found.compared,
                "exact": found.route in ("all pairs", "exact search"),
                "route": found.route,
                "measured": found.measured,
                "reference": found.reference,
                "alpha": alpha,
                "untested": judged.untested,
                "relatives": plain(
                    [
                        {
                            "model": n.model,
                            "distance": n.distance,
                            "verdict": d.verdict,
                            "code": d.reason,
                            "reason": d.sentence,
                            "p": d.p,
                        }
                        for n, d in zip(found.relatives, judged.decisions, strict=True)
                    ]
                ),
            }
        )
        return
    rows = table(
        "",
        "model",
        "distance",
        "verdict",
        "p",
        right=("distance", "p"),
        title=f"nearest to {one_line(model)} of {found.compared}: {found.metric}, {chosen.short}",
    )
    for rank, (near, d) in enumerate(zip(found.relatives, judged.decisions, strict=True), 1):
        p = "" if d.p != d.p else f"{d.p:.2g}"
        rows.add_row(str(rank), one_line(near.model), f"{near.distance:.4f}", d.verdict, p)
    console = out()
    console.print(rows)
    if judged.untested:
        console.print(f"Nothing was tested: {one_line(judged.untested)}.")
    else:
        console.print(
            f"p is adjusted for the {len(judged.decisions)} listed, and not for their choice from "
            f"{found.compared}: what is related here is a lead (docs/verdicts.md). "
            "'cladist compare kinship' tells why."
        )
    if found.route == "approximate search":
        console.print("An approximate search: a nearer one may have been missed.")
    if found.route == "two stages":
        console.print(
            f"Kinship of the {found.measured} nearest by DNA, against {found.reference} models of "
            "this registry; kin that DNA does not show may have been missed (--candidates)."
        )
