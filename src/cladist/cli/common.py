"""What the commands share: options, the console, and text that cannot do harm."""

from __future__ import annotations

import json
import math
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from cladist.core.progress import Progress

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
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
LabelsOption = Annotated[
    Path | None,
    typer.Option("--labels", help="CSV with the columns model,family (and group, date)."),
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


def plain(data: Any) -> Any:
    """The same with NaN and infinity as null, which JSON has no word for."""
    if isinstance(data, float) and not math.isfinite(data):
        return None
    if isinstance(data, dict):
        return {k: plain(v) for k, v in data.items()}
    if isinstance(data, list | tuple):
        return [plain(v) for v in data]
    return data


def table(*columns: str, right: tuple[str, ...] = (), title: str | None = None) -> Table:
    """An empty table; columns named in `right` are for numbers."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    made = Table(box=SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
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
