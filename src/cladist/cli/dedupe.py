"""cladist registry dedupe: groups of near-identical models, and which to keep."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    AssayOption,
    JsonOption,
    MetricOption,
    RegistryOption,
    note,
    one_line,
    out,
    print_json,
    table,
)

if TYPE_CHECKING:
    from cladist.apply.duplicates import Group


def dedupe(
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: AssayOption = "",
    share: Annotated[
        float, typer.Option(min=0.01, max=1, help="Least share of equal answers in a group.")
    ] = 0.9,
    distance: Annotated[
        float | None,
        typer.Option(min=0, help="Instead: largest distance in a group, by the assay's metric."),
    ] = None,
    metric: MetricOption = "",
    scores: Annotated[
        Path | None, typer.Option("--scores", "-s", help="CSV: keep the model of highest score.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Which models of a registry are nearly the same?

    Finds groups of them, and names the one to keep.

    In a group every two models give the same answer, to the character, to at least --share of
    the probes that both answered; or, with --distance, are no farther apart than that. Sampled
    answers differ even between copies: use --distance for such assays. Kept is the model with
    the highest score (--scores), else with most usable answers; of equals the most central.

    Examples: `cladist registry dedupe`,
    `cladist registry dedupe --share 0.98 --scores scores.csv --json`
    """
    from cladist.apply.duplicates import duplicate_groups, same_answers
    from cladist.cli.portfolio import quality_of
    from cladist.compare import distances, resolve_assay
    from cladist.errors import UsageError
    from cladist.kinship.inference.states import speaking
    from cladist.registry import Registry

    if metric and distance is None:
        raise UsageError("--metric is of --distance; give the distance, or leave it out")
    wanted = quality_of(scores, "", None) if scores else {}
    with Registry.open(registry, create=False) as store:
        chosen = resolve_assay(store, assay)
        dnas = store.dnas(chosen)
        names = [d.model for d in dnas]
        answers = list(store.responses(chosen.protocol, names))
        told = speaking(answers, [p.text for p in chosen.protocol.probes.probes])
        if distance is not None:
            matrix = distances(store, chosen, names, metric or None).matrix
            within, rule = distance, f"no two farther apart than {distance:g}"
        else:
            matrix = same_answers(answers)
            within, rule = 1 - share, f"every two give {share:.0%} of answers alike"
    if scores:
        unscored = [n for n in names if n not in wanted]
        if unscored:
            note(f"{len(unscored)} models have no score and are kept only where all lack one")
        preference, what = [wanted.get(n, float("-inf")) for n in names], "score"
    else:
        preference, what = [float(d.usable) for d in dnas], "number of usable answers"
    groups = duplicate_groups(names, matrix, within, preference, what, told)
    silent = [n for n, ok in zip(names, told, strict=True) if not ok]
    if silent:
        note(
            f"{len(silent)} models say the same whatever they are asked, repeat the prompts or "
            f"hardly answer, which makes nobody a duplicate: {', '.join(silent[:5])}"
            + (" and others" if len(silent) > 5 else "")
        )
    spare = sum(len(g.others) for g in groups)
    if json:
        print_json(
            {
                "assay": chosen.short,
                "rule": rule,
                "models": len(names),
                "spare": spare,
                "say_nothing": silent,
                "groups": [asdict(g) for g in groups],
            }
        )
        return
    _show(groups, rule, len(names), spare)


def _show(groups: list[Group], rule: str, models: int, spare: int) -> None:
    console = out()
    if groups:
        rows = table("keep", "instead of", "why", "farthest two", right=("farthest two",))
        for g in groups:
            others = ", ".join(one_line(o, 60) for o in g.others)
            rows.add_row(one_line(g.keep, 60), others, g.reason, f"{g.farthest:.3f}")
        console.print(rows)
    console.print(f"{models} models, {spare} of them near-identical to one that is kept ({rule})")
