"""cladist tree ancestry: who descends from whom among the models of a registry."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    WEIGHING,
    AssayOption,
    JsonOption,
    QuietOption,
    RegistryOption,
    listening,
    note,
    one_line,
    out,
    print_json,
    table,
)

if TYPE_CHECKING:
    from cladist.descent import Parent


def ancestry(
    models: Annotated[list[str] | None, typer.Argument(help="Only these models.")] = None,
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: AssayOption = "",
    dates: Annotated[
        Path | None,
        typer.Option(help="CSV with columns model and date; no parent is later than its child."),
    ] = None,
    least: Annotated[
        float, typer.Option(help="Evidence of kinship that a parent must show.")
    ] = 3.0,
    replicates: Annotated[
        int | None,
        typer.Option(
            "--support",
            min=0,
            help="How often to draw the probes anew for the confidence; 0 takes it from the "
            "margins instead. Default: 20 up to 100 models, else 0.",
        ),
    ] = None,
    confidence: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Confidence from which a parent is named.")
    ] = 0.5,
    seed: Annotated[int, typer.Option(min=0, help="Of the resampling.")] = 0,
    file: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write a table (.csv) or a graph (.dot).")
    ] = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Which model is the most likely parent of each?

    All parents are chosen together, so that nobody descends from himself, from the evidence of
    kinship. Confidence is the share of redrawn probe sets that give the same parent. Direction
    is weaker than kinship: "either way" is the share that links the two at all. With
    --support 0 it is a probability from how much better this parent is than the others.
    Below --confidence nobody is named. The true parent may be missing from the registry; then a
    sibling stands in.

    Examples:

    `cladist tree ancestry`

    `cladist tree ancestry --dates released.csv --out descent.dot`

    `cladist tree ancestry smollm2 smollm2-q4_0 smollm2-pirate --support 100 --json`
    """
    from cladist import ParentRule
    from cladist.errors import UsageError
    from cladist.formats.files import require_place, write_text
    from cladist.registry import Registry
    from cladist.workflows.parents import as_csv, as_dot, parents

    writers = {".csv": as_csv, ".dot": as_dot, ".gv": as_dot}
    if file is not None and file.suffix.lower() not in writers:
        raise UsageError(f"'{file.name}': the ending tells the format; use .csv or .dot")
    require_place(file)
    rule = ParentRule(least=least, replicates=replicates, confidence=confidence, seed=seed)
    with (
        Registry.open(registry, create=False) as store,
        listening(quiet or json, WEIGHING) as listener,
    ):
        found = parents(store, models, assay=assay, dates=dates, rule=rule, listener=listener)
    if file is not None:
        write_text(file, writers[file.suffix.lower()](found))
        note(f"wrote the parents of {len(found)} models to {file}")
    if json:
        print_json(found.to_dict())
    elif file is None:
        _show(found, least, confidence)


def _show(found: Sequence[Parent], least: float, confidence: float) -> None:
    sampled = found[0].basis == "probes"
    numbers = ("evidence", "confidence", "either way", "its share")
    columns = [
        "model",
        "parent",
        "evidence",
        "confidence",
        "either way",
        "next likely",
        "its share",
    ]
    if not sampled:
        columns.remove("either way")
    rows = table(*columns, right=numbers)
    for p in found:
        cells = [
            one_line(p.model, 60),
            _named(p),
            f"{p.nearest_evidence if p.evidence is None else p.evidence:.1f}",
            f"{p.confidence:.0%}",
        ]
        if p.either_way is not None:
            cells.append(f"{p.either_way:.0%}")
        rival = "none" if p.rival is None else one_line(p.rival, 60)
        shown = p.told and p.rival_confidence >= 0.005
        rows.add_row(*cells, rival if shown else "", f"{p.rival_confidence:.0%}" if shown else "")
    out().print(rows)
    basis = "the share of redrawn probe sets that agree" if sampled else "taken from the margins"
    out().print(f"Confidence is {basis}; a missing parent is replaced by a sibling.")
    untold = sum(not p.told for p in found)
    if untold:
        out().print(
            f"Not told: of {untold} of {len(found)} models no answer reaches {confidence:.0%} "
            "(--confidence), or nothing tells which of two that answer alike to the letter came "
            "first, or the answers say nothing, as refusals and echoes do."
        )
    if any(p.told and p.parent is None for p in found):
        out().print(
            f"'none' is the first of its line here, or one to which no model shows evidence of "
            f"{least:g} or more (--least); where few models tell what is rare, kin show less."
        )


def _named(p: Parent) -> str:
    if not p.told:
        return "not told"
    if p.parent is None:
        return f"none; nearest {one_line(p.nearest, 50)}"
    return one_line(p.parent, 60)
