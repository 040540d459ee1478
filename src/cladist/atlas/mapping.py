"""Where does each model lie among all others? A map of a registry's models."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cladist.apply.maps import Kind, MapLayout
from cladist.atlas.build import Wishes, build
from cladist.atlas.columns import Column
from cladist.atlas.figure import draw_map
from cladist.compare import resolved
from cladist.core.assay import Assay
from cladist.core.progress import NOBODY, Listener
from cladist.core.results import Result, offered
from cladist.core.text import printable
from cladist.errors import InputError, UsageError
from cladist.formats.cells import csv_text
from cladist.formats.files import write_text
from cladist.registry import Registry
from cladist.registry.kept import Kept, default_folder

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Mapped", "map_models"]


@dataclass(frozen=True, repr=False, eq=False)
class Mapped(Result):
    """The models of a registry as points.

    names    n models
    drawn    their places and how good they are
    column   what they are coloured by
    remarks  sentences for people
    """

    names: tuple[str, ...]
    drawn: MapLayout
    column: Column
    assay: str
    metric: str
    remarks: tuple[str, ...]

    def rows(self) -> list[dict[str, Any]]:
        """A row a model: its place, and its value in the column."""
        points = zip(self.names, self.drawn.xy, self.column.values, strict=True)
        return [
            {"model": n, "x": round(float(x), 4), "y": round(float(y), 4), self.column.key: v}
            for n, (x, y), v in points
        ]

    def to_dict(self) -> dict[str, Any]:
        """The map as plain data."""
        return {
            "map": self.drawn.key,
            "note": self.drawn.note,
            "assay": self.assay,
            "metric": self.metric,
            "colour": self.column.key,
            "models": self.rows(),
        }

    def save(self, path: str | Path) -> None:
        """Write the places as .csv or .json. Raises `UsageError` for another ending."""
        file = Path(path)
        if file.suffix.lower() == ".json":
            write_text(file, json.dumps(self.to_dict(), ensure_ascii=False, indent=1) + "\n")
            return
        if file.suffix.lower() != ".csv":
            raise UsageError(f"'{file.name}': the ending tells the format; use .csv or .json")
        head = ("model", "x", "y", self.column.key)
        write_text(file, csv_text([head, *(tuple(row.values()) for row in self.rows())]))

    def draw(self, path: str | Path, *, labels: bool | None = None, title: str = "") -> None:
        """Draw the map into a file (.svg, .png, .pdf); see `atlas.figure.draw_map`."""
        draw_map(self.drawn, self.names, self.column, Path(path), labels=labels, title=title)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the points on axes, a colour a value of the column; names are left out."""
        axes: Axes = ax if ax is not None else offered("new_axes")()
        for value in dict.fromkeys(self.column.values):
            rows = [i for i, v in enumerate(self.column.values) if v == value]
            xy = self.drawn.xy[rows]
            axes.scatter(xy[:, 0], xy[:, 1], s=16, label=printable(str(value)))
        axes.set_title(printable(self.drawn.label), parse_math=False)
        return axes

    def headline(self) -> str:
        """Which map it is, and how much it keeps."""
        return f"{self.drawn.label}: {self.drawn.note}"


def map_models(
    registry: Registry,
    kind: Kind = "tsne",
    *,
    assay: str | Assay = "",
    metadata: str | Path | None = None,
    labels: str | Path | None = None,
    colour: str = "",
    seed: int = 0,
    listener: Listener = NOBODY,
) -> Mapped:
    """A map of the models of a registry: near models near each other.

    Parameters
    ----------
    registry : Registry
        Whose models are drawn.
    kind : {'tsne', 'umap', 'pcoa'}
        Distances across a t-SNE or UMAP map mean little; for those take 'pcoa'.
    assay : str or Assay
        What to compare by, where the registry has several.
    metadata : path or None
        CSV with a column model and others, to colour by.
    labels : path or None
        CSV with the columns model and family.
    colour : str
        Column to colour by; '' is the first: measured groups.
    seed : int
        Of the map.
    listener : Listener
        Told of progress and remarks.

    Raises
    ------
    InputError
        For fewer models than the map needs, or a table that cannot be read.
    UsageError
        For an unknown column.
    MissingExtraError
        Where the package for the map is not installed.

    Examples
    --------
    >>> import cladist
    >>> with cladist.toy_registry() as lab:
    ...     made = cladist.map(lab, "pcoa")
    >>> {"model", "x", "y"} <= set(made.rows()[0])
    True
    """
    chosen = resolved(registry, assay)
    wishes = Wishes(
        maps=(kind,),
        metadata=None if metadata is None else Path(metadata),
        labels=None if labels is None else Path(labels),
        seed=seed,
        only_maps=True,
    )
    made = build(registry, chosen, wishes, listener.progress, Kept(default_folder()))
    if not made.maps:
        raise InputError("; ".join(made.remarks))
    for remark in made.remarks:
        listener.hear(remark)
    column = _column(made.columns, colour)
    return Mapped(
        tuple(made.source.names),
        made.maps[0],
        column,
        chosen.short,
        made.kin.metric,
        tuple(made.remarks),
    )


def _column(columns: tuple[Column, ...], wanted: str) -> Column:
    if not wanted:
        return columns[0]
    for column in columns:
        if wanted in (column.key, column.label):
            return column
    known = ", ".join(printable(c.key)[:40] for c in columns)
    raise UsageError(f"--colour {wanted}: there is no such column; known are {known}")
