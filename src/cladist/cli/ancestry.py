"""cladist tree ancestry: who descends from whom among the models of a registry."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict
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
    note,
    one_line,
    out,
    print_json,
    progress_bars,
    table,
)
from cladist.cli.names import named_here

if TYPE_CHECKING:
    from cladist.descent import Parent

RESAMPLED = 100
"""Models up to which probes are resampled unless told otherwise."""


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
    from cladist.compare import resolve_assay
    from cladist.descent import parents_of
    from cladist.errors import UsageError
    from cladist.formats.columns import read_column
    from cladist.formats.files import write_text
    from cladist.registry import Registry

    writers = {".csv": as_csv, ".dot": as_dot, ".gv": as_dot}
    if file is not None and file.suffix.lower() not in writers:
        raise UsageError(f"'{file.name}': the ending tells the format; use .csv or .dot")
    when = read_column(dates, "date") if dates is not None else None
    with (
        Registry.open(registry, create=False) as store,
        progress_bars(quiet or json, WEIGHING) as bars,
    ):
        chosen = resolve_assay(store, assay)
        if when is not None:
            when = named_here(when, store.models(), dates)
        count = len(models) if models else store.count_dnas(chosen)
        wanted = replicates if replicates is not None else (20 if count <= RESAMPLED else 0)
        found = parents_of(
            store,
            chosen,
            models or None,
            dates=when,
            least=least,
            replicates=wanted,
            confident=confidence,
            seed=seed,
            progress=bars,
        )
    if file is not None:
        write_text(file, writers[file.suffix.lower()](found))
        note(f"wrote the parents of {len(found)} models to {file}")
    if json:
        print_json(
            {
                "assay": chosen.short,
                "least": least,
                "replicates": wanted,
                "confidence": confidence,
                "not_told": sum(not p.told for p in found),
                "models": [asdict(p) for p in found],
            }
        )
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
            "(--confidence)."
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


def as_csv(found: Sequence[Parent]) -> str:
    """A line a model, with a header."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(asdict(found[0])), lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(p) for p in found)
    return stream.getvalue()


def as_dot(found: Sequence[Parent]) -> str:
    """A graph for Graphviz; edges bear the confidence and are drawn thinner for less of it."""
    lines = ["digraph ancestry {", "  rankdir=LR;", '  node [shape=box, fontname="sans-serif"];']
    lines += [f"  {_quoted(p.model)};" for p in found]
    lines += [
        f'  {_quoted(p.parent)} -> {_quoted(p.model)} [label="{p.confidence:.0%}", '
        f"penwidth={0.3 + 2 * p.confidence:.2f}];"
        for p in found
        if p.parent is not None
    ]
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(name: str) -> str:
    """A quoted word of DOT; control characters are escaped, so it stays on one line."""
    from cladist.core.text import printable

    return '"' + printable(name).replace("\\", "\\\\").replace('"', '\\"') + '"'
