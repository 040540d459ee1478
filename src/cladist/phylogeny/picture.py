"""Pictures that come out as the same bytes for the same data: settings, and how they are saved."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cladist.core.optional import needed
from cladist.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["kind_of", "save_figure", "steadily"]

FORMATS = {".svg": "svg", ".png": "png", ".pdf": "pdf"}

_DATELESS: dict[str, dict[str, Any]] = {
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
    "png": {"Software": None},
}


def kind_of(path: Path) -> str:
    """The format that the ending of a file tells; `InputError` for others.

    >>> kind_of(Path("family.svg"))
    'svg'
    """
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise InputError(f"cannot draw to '{path.name}': use a name ending in .svg, .png or .pdf")
    return kind


@contextmanager
def steadily() -> Iterator[None]:
    """Settings under which the same figure gives the same bytes."""
    with needed("Drawing pictures", "plots"):
        import matplotlib as mpl

    settings: Any = {"svg.hashsalt": "cladist", "svg.fonttype": "none"}
    with mpl.rc_context(settings), warnings.catch_warnings():
        # A name in a script that the font lacks is drawn with boxes, which is no fault.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


def save_figure(figure: Figure, path: Path, **how: Any) -> None:
    """Save a figure without the time; `how` goes to matplotlib's `savefig`."""
    kind = kind_of(path)
    figure.savefig(path, format=kind, metadata=_DATELESS[kind], **how)
