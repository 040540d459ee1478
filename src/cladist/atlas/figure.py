"""A map as a figure for print: colour-blind-safe colours with shapes, the same bytes each time."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cladist.apply.maps import MapLayout
from cladist.atlas.columns import CLUSTER, Column, shortened
from cladist.core.dates import year_of
from cladist.core.optional import needed
from cladist.core.text import printable
from cladist.errors import InputError
from cladist.formats.files import replacing
from cladist.phylogeny.draw import text_width
from cladist.phylogeny.palette import INK, OTHER_COLOUR, marks

__all__ = ["FORMATS", "draw_map"]

FORMATS = {".svg": "svg", ".png": "png", ".pdf": "pdf"}
MOST_LABELS = 60
_SIDE = 6.4  # inches of the map itself
_DATELESS: dict[str, dict[str, Any]] = {
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
    "png": {"Software": None},
}


def draw_map(
    drawn: MapLayout,
    names: Sequence[str],
    column: Column | None,
    path: Path,
    *,
    labels: bool | None = None,
    title: str = "",
) -> None:
    """Draw a map of n models into `path` (.svg, .png, .pdf), coloured by a column.

    Categories have colours and shapes, the largest 24 of them; numbers and dates a scale that
    also tells light from dark (cividis). `labels` None names the models of small maps. Names are
    drawn as they are but for control characters, which are escaped. `InputError` for another
    ending or a folder that cannot be written.
    """
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise InputError(f"cannot draw to '{path.name}': use a name ending in .svg, .png or .pdf")
    with needed("Drawing pictures", "plots"):
        import matplotlib as mpl
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

    settings: Any = {"svg.hashsalt": "cladist", "svg.fonttype": "none", "font.size": 8}
    with mpl.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        legend = _legend(column, len(names))
        wide = max((text_width(text, 8.0) for _, text, _ in legend), default=0.0)
        width = _SIDE + (min(wide, 4.0) + 0.6 if legend else 0.2)
        scaled = column is not None and column.kind != "category"
        if scaled:
            width = _SIDE + 0.9
        figure = Figure(figsize=(width, _SIDE + 0.55))
        FigureCanvasAgg(figure)
        height = _SIDE + 0.55
        axes = figure.add_axes((0, 0, _SIDE / width, _SIDE / height))
        axes.set(xlim=(-1.06, 1.06), ylim=(-1.06, 1.06), aspect="equal")
        axes.set_axis_off()
        # Points go small where they are many, but stay visible.
        size = float(np.clip(9_000 / max(len(names), 1), 3, 46))
        if column is not None and scaled:
            _scale(figure, axes, drawn, column, size, width, height)
        else:
            _groups(axes, drawn, column, size)
            for k, (colour, text, shape) in enumerate(legend):
                y = height - 0.75 - 0.19 * k
                at = (_SIDE + 0.15) / width
                figure.add_artist(
                    mpl.lines.Line2D([at], [y / height], marker=shape, color=colour, ls="", ms=5)
                )
                figure.text(at + 0.13 / width, y / height, text, va="center", parse_math=False,
                            color=INK)  # fmt: skip
        if labels or (labels is None and len(names) <= MOST_LABELS):
            for (x, y), name in zip(drawn.xy, names, strict=True):
                axes.annotate(
                    printable(shortened(name, 40)), (x, y), (4, 3), textcoords="offset points",
                    fontsize=6, color=INK, parse_math=False,
                )  # fmt: skip
        heading = f"{title}: " if title else ""
        figure.text(0.1 / width, 1 - 0.2 / height, printable(heading) + drawn.label, fontsize=10,
                    va="center", color=INK, parse_math=False)  # fmt: skip
        under = f"{len(names):,} models; {drawn.note}"
        figure.text(0.1 / width, 1 - 0.4 / height, printable(under), fontsize=7,
                    va="center", color="#666666", parse_math=False)  # fmt: skip
        with replacing(path) as file:
            figure.savefig(file, format=kind, dpi=200, metadata=_DATELESS[kind])


def _legend(column: Column | None, count: int) -> list[tuple[str, str, str]]:
    """(colour, text, shape) of every group shown."""
    if column is None or column.kind != "category":
        return []
    groups = _by_number(column)
    shown = marks(groups, list(groups))
    sizes = {g: sum(v == g for v in groups.values()) for g in shown}
    lines = [
        (m.colour, f"{printable(shortened(g, 36))} ({sizes[g]})", m.shape) for g, m in shown.items()
    ]
    rest = count - sum(sizes.values())
    return [*lines, (OTHER_COLOUR, f"others ({rest})", ".")] if rest else lines


def _by_number(column: Column) -> Mapping[str, str]:
    # 'alone' is no group.
    return {
        str(i): str(v)
        for i, v in enumerate(column.values)
        if v is not None and not (column.key == CLUSTER and v == "alone")
    }


def _groups(axes: Any, drawn: MapLayout, column: Column | None, size: float) -> None:
    groups = {} if column is None else _by_number(column)
    shown = marks(groups, list(groups))
    rest = [i for i in range(len(drawn.xy)) if groups.get(str(i)) not in shown]
    axes.scatter(*drawn.xy[rest].T, s=size * 0.6, c=OTHER_COLOUR, marker=".", linewidths=0)
    for group, mark in shown.items():
        rows = [int(i) for i, g in groups.items() if g == group]
        axes.scatter(
            *drawn.xy[rows].T, s=size, c=mark.colour, marker=mark.shape, linewidths=0.25,
            edgecolors="white",
        )  # fmt: skip


def _scale(
    figure: Any,
    axes: Any,
    drawn: MapLayout,
    column: Column,
    size: float,
    width: float,
    height: float,
) -> None:
    values = np.array(
        [
            np.nan if v is None else year_of(str(v)) if column.kind == "date" else float(v)
            for v in column.values
        ]
    )
    known = np.isfinite(values)
    axes.scatter(*drawn.xy[~known].T, s=size * 0.6, c=OTHER_COLOUR, marker=".", linewidths=0)
    if not known.any():
        return
    low = float(values[known].min())
    # Sizes of models span orders of magnitude; a plain scale would show one of them.
    wide = column.kind == "number" and low > 0 and float(values[known].max()) > 100 * low
    points = axes.scatter(
        *drawn.xy[known].T, s=size, c=values[known], cmap="cividis", linewidths=0.25,
        edgecolors="white", norm="log" if wide else "linear",
    )  # fmt: skip
    bar = figure.add_axes(((_SIDE + 0.15) / width, 0.3, 0.12 / width, 0.4))
    figure.colorbar(points, cax=bar)
    bar.set_title(
        printable(shortened(column.label, 24)), fontsize=8, loc="left", color=INK, parse_math=False
    )
    bar.tick_params(labelsize=7, colors=INK)
