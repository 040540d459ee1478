"""What the commands share: options, the console, and text that cannot do harm."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from cladist.core.progress import Listener
from cladist.core.results import plain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from cladist.core.assay import Metric
    from cladist.core.progress import Progress

__all__ = [
    "DEFAULT_REGISTRY",
    "WEIGHING",
    "AlphaOption",
    "AssayOption",
    "DatesOption",
    "DeclaredOption",
    "FamiliesOption",
    "GroupsOption",
    "JsonOption",
    "LabelsOption",
    "MetricOption",
    "OldRateOption",
    "QuietOption",
    "RegistryOption",
    "SparseOption",
    "TreeNumberOption",
    "alpha_of",
    "listening",
    "metric_of",
    "note",
    "one_line",
    "out",
    "plain",
    "print_json",
    "progress_bars",
    "safe",
    "table",
]

RegistryOption = Annotated[
    Path,
    typer.Option(
        "--registry",
        "-r",
        envvar="CLADIST_REGISTRY",
        help="Folder of the registry.",
        show_default=True,
    ),
]
DEFAULT_REGISTRY = Path("cladist-registry")
AssayOption = Annotated[
    str, typer.Option("--assay", "-a", help="Assay: a name, or NAME#HASH as 'list' shows it.")
]
MetricOption = Annotated[
    str, typer.Option(help="Instead of the assay's own: euclidean, cosine, nei or kinship.")
]
SparseOption = Annotated[
    bool,
    typer.Option(
        "--allow-sparse", help="Make a DNA of too few usable answers as well, marked as such."
    ),
]
BesideOption = Annotated[
    str,
    typer.Option(
        "--with",
        help="A second assay: of one that tells distributions and one of texts the first decides, "
        "and each tells what it says alone.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
LabelsOption = Annotated[
    Path | None,
    typer.Option("--labels", help="CSV with the columns model,family (and group, date)."),
]
FamiliesOption = Annotated[
    Path | None,
    typer.Option("--labels", help="CSV model,family: whose residuals tell of new families."),
]
DeclaredOption = Annotated[
    list[str] | None,
    typer.Option(
        "--declared",
        "-d",
        help="Declared lineage: CSV (model,parent,relation,license,date), a model card (.md), "
        "merge recipe (.yml), adapter_config.json, .gguf, a folder of these, or hub:ORG/NAME; "
        "NAME=FILE says whose it is. May be given several times.",
    ),
]
AlphaOption = Annotated[
    float,
    typer.Option(
        "--alpha",
        min=1e-6,
        max=0.5,
        help="False-positive rate: how many unrelated ones may be called related (or, of copies, "
        "changed).",
    ),
]
OldRateOption = Annotated[
    float | None, typer.Option("--rate", min=1e-6, max=0.5, hidden=True, help="Now --alpha.")
]
GroupsOption = Annotated[
    Path | None,
    typer.Option(
        "--labels", help="CSV with columns model and group, or family: what a colour stands for."
    ),
]
DatesOption = Annotated[
    Path | None,
    typer.Option(help="CSV with columns model and date (2024, 2024-03 or 2024-03-15)."),
]
TreeNumberOption = Annotated[
    int | None,
    typer.Option("--tree-number", min=1, help="Which tree, where the file holds several."),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bars.")]


def out() -> Console:
    """The console for results; NO_COLOR and pipes are respected."""
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        # A pipe has no width: never cut what another program will read.
        console = Console(highlight=False, markup=False, emoji=False, width=240)
    return console


def note(message: str) -> None:
    """A remark for people, on standard error."""
    typer.echo(safe(message), err=True)


def metric_of(metric: str) -> Metric | None:
    """The metric of an option, None for the assay's own; the library refuses unknown ones."""
    return cast("Metric | None", metric or None)


def alpha_of(alpha: float, rate: float | None) -> float:
    """The false-positive rate, which may still be given by its old name; that is told."""
    if rate is None:
        return alpha
    note("remark: --rate is now called --alpha, and means the same")
    return rate


def time_told(created: str) -> str:
    """A time that a file states, in UTC to the second: as told, or now. `UsageError` for others."""
    from datetime import UTC, datetime

    from cladist.errors import UsageError

    try:
        when = datetime.fromisoformat(created) if created else datetime.now(UTC)
    except ValueError:
        raise UsageError(f"--created {created[:40]}: write it as 2026-01-31T12:00:00Z") from None
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def safe(text: str, limit: int = 0) -> str:
    """Text of unknown origin for a terminal: control and bidirectional characters are escaped.

    With `limit`, at most so many characters, the last one an ellipsis.
    """
    shown = "".join(c if c.isprintable() or c == "\n" else _escaped(c) for c in text)
    if limit and len(shown) > limit:
        return shown[: limit - 1] + "…"
    return shown


def one_line(text: str, limit: int = 0) -> str:
    """The same on one line."""
    return safe(text.replace("\n", "⏎"), limit)


def _escaped(character: str) -> str:
    if unicodedata.category(character) == "Zs":
        return " "
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")


def print_json(data: Any) -> None:
    """JSON on standard output, the same bytes for the same data."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2) + "\n")


def table(*columns: str, right: tuple[str, ...] = (), title: str | None = None) -> Table:
    """An empty table; columns named in `right` are for numbers."""
    from rich.box import SIMPLE_HEAD

    from cladist.cli.narrow import FittingTable

    made = FittingTable(box=SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for column in columns:
        number = column in right
        # A number that is broken over lines is another number: names give way instead.
        made.add_column(
            column, justify="right" if number else "left", overflow="fold", no_wrap=number
        )
    return made


WEIGHING = "weighing what models share"
"""Said while distances are made, which takes seconds from a few hundred models on."""


@contextmanager
def progress_bars(quiet: bool = False, meanwhile: str = "") -> Iterator[Progress]:
    """Bars on standard error, one for each thing that is going on; nothing when not a terminal.

    Until the first report, and in its place where none comes, `meanwhile` says what is done.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=28),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=quiet or not console.is_terminal,
    ) as bars:
        tasks: dict[str, Any] = {}
        waiting = bars.add_task(meanwhile, total=None) if meanwhile else None

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                if waiting is not None and not tasks:
                    bars.update(waiting, visible=False)
                tasks[what] = bars.add_task(one_line(what, 44), total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield report
        if waiting is not None:
            bars.update(waiting, visible=False)


@contextmanager
def listening(quiet: bool = False, meanwhile: str = "") -> Iterator[Listener]:
    """A listener for the library: bars, and remarks on standard error."""
    with progress_bars(quiet, meanwhile) as bars:
        yield Listener(bars, note)
