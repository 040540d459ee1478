"""How results show themselves: as text, as HTML, as plain data and as a pandas table.

A result says what its rows are; all the rest is done here once. Names and answers of models are
hostile text, so whatever is shown is escaped.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from cladist.core.optional import needed
from cladist.core.text import printable

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

__all__ = ["Result", "Results", "as_data", "html_table", "offered", "pandas", "plain", "text_table"]

T = TypeVar("T")
Row = Mapping[str, Any]

SHOWN = 20
"""Rows that are shown; more are counted. `to_frame` and `to_dict` have all."""

LONGEST = 60
"""Characters of a cell that are shown."""


class Result:
    """What every result can do. A dataclass that inherits it is written with `repr=False`.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True, repr=False)
    ... class Size(Result):
    ...     model: str
    ...     billions: float
    >>> Size("llama", 7.0)
    <Size: model llama, billions 7>
    >>> Size("llama", float("nan")).to_dict()
    {'model': 'llama', 'billions': None}
    """

    def to_dict(self) -> dict[str, Any]:
        """Plain data that JSON can hold; a number that is not there is None."""
        data = plain(as_data(self))
        assert isinstance(data, dict)
        return data

    def rows(self) -> list[dict[str, Any]]:
        """The rows of the table: one, of everything that fits in a cell, unless a class has more.

        Examples
        --------
        >>> Results([]).rows()
        []
        """
        return [{k: v for k, v in self.to_dict().items() if not isinstance(v, dict | list)}]

    def to_frame(self) -> pd.DataFrame:
        """The rows as a pandas table. Raises `MissingExtraError` where pandas is missing.

        Examples
        --------
        >>> Results([{"model": "a", "p": 0.5}]).to_frame().loc[0, "p"].item()
        0.5
        """
        made: pd.DataFrame = pandas().DataFrame(self.rows())
        return made

    def to_polars(self) -> pl.DataFrame:
        """The rows as a polars table. Raises `MissingExtraError` where polars is missing.

        Examples
        --------
        >>> Results([{"model": "a", "p": 0.5}]).to_polars().shape  # doctest: +SKIP
        (1, 2)
        """
        with needed("A polars table", "exchange"):
            import polars
        return polars.DataFrame(self.rows(), infer_schema_length=None)

    def headline(self) -> str:
        """The result in one line, for people."""
        first = next(iter(self.rows()), {})
        return ", ".join(f"{k} {_cell(v)}" for k, v in list(first.items())[:4])

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {printable(self.headline())}>"

    def __str__(self) -> str:
        return text_table(self.rows())

    def _repr_html_(self) -> str:
        return html_table(self.rows(), caption=self.headline())


class Results(Result, Sequence[T], Generic[T]):
    """Several results of one question, in order: a sequence that is also a table.

    `remarks` are sentences on what was left out or assumed.

    Examples
    --------
    >>> found = Results([{"model": "a"}, {"model": "b"}], what="models")
    >>> len(found), found[0], found[1:].rows()
    (2, {'model': 'a'}, [{'model': 'b'}])
    >>> found
    <Results: 2 models>
    """

    def __init__(
        self, items: Iterable[T], *, what: str = "results", remarks: Sequence[str] = ()
    ) -> None:
        self._items = tuple(items)
        self.what = what
        self.remarks = tuple(remarks)

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> Results[T]: ...
    def __getitem__(self, at: int | slice) -> T | Results[T]:
        if isinstance(at, slice):
            return Results(self._items[at], what=self.what, remarks=self.remarks)
        return self._items[at]

    def __iter__(self) -> Iterator[T]:
        return iter(self._items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Results) and self._items == other._items

    def __hash__(self) -> int:
        return hash(self._items)

    def rows(self) -> list[dict[str, Any]]:
        """A row an item; an item with several rows gives all of them."""
        made: list[dict[str, Any]] = []
        for item in self._items:
            made += item.rows() if isinstance(item, Result) else [plain(as_data(item))]
        return made

    def to_dict(self) -> dict[str, Any]:
        """Items and remarks as plain data."""
        return {self.what: [plain(as_data(i)) for i in self._items], "remarks": list(self.remarks)}

    def headline(self) -> str:
        """How many there are."""
        return f"{len(self)} {self.what}"

    def __str__(self) -> str:
        return "\n".join([text_table(self.rows()), *(printable(r) for r in self.remarks)])


def as_data(value: Any) -> Any:
    """Plain data of a value: dataclasses are mappings, arrays and tuples lists, paths text.

    Objects with a `to_dict` of their own say what they are.

    >>> from pathlib import PurePosixPath
    >>> as_data((1, {"at": PurePosixPath("a/b")}))
    [1, {'at': 'a/b'}]
    """
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Result) and type(value).to_dict is not Result.to_dict:
        return value.to_dict()
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: as_data(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(k): as_data(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [as_data(v) for v in value]
    if isinstance(value, set | frozenset):
        return sorted(as_data(v) for v in value)
    if hasattr(value, "tolist"):
        return value.tolist()
    return str(value)


def plain(data: Any) -> Any:
    """The same with NaN and infinity as None, which JSON has no word for.

    >>> plain({"p": float("nan"), "n": [1.5, float("inf")]})
    {'p': None, 'n': [1.5, None]}
    """
    if isinstance(data, float) and not math.isfinite(data):
        return None
    if isinstance(data, dict):
        return {k: plain(v) for k, v in data.items()}
    if isinstance(data, list | tuple):
        return [plain(v) for v in data]
    return data


def text_table(rows: Sequence[Row], most: int = SHOWN) -> str:
    """Rows as aligned columns; numbers to the right, control characters escaped.

    >>> print(text_table([{"model": "a", "p": 0.25}, {"model": "bc", "p": 0.0125}]))
    model       p
    a        0.25
    bc     0.0125
    """
    if not rows:
        return "(nothing)"
    head, cells = _cells(rows[:most])
    right = [all(_number(r.get(c)) for r in rows[:most]) for c in head]
    widths = [max(len(line[k]) for line in [list(head), *cells]) for k in range(len(head))]
    lines = [
        "  ".join(
            text.rjust(w) if r else text.ljust(w)
            for text, w, r in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in [list(head), *cells]
    ]
    if len(rows) > most:
        lines.append(f"and {len(rows) - most} more; to_frame() has all")
    return "\n".join(lines)


def html_table(rows: Sequence[Row], *, caption: str = "", most: int = SHOWN) -> str:
    """Rows as an HTML table for notebooks, everything in it escaped.

    >>> html_table([{"model": "<script>"}])
    '<table><thead><tr><th>model</th></tr></thead><tbody><tr><td>&lt;script&gt;</td></tr></tbody></table>'
    """
    head, cells = _cells(rows[:most]) if rows else ((), [])
    top = f"<caption>{_safe(caption)}</caption>" if caption else ""
    names = "".join(f"<th>{_safe(c)}</th>" for c in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{_safe(text)}</td>" for text in line) + "</tr>" for line in cells
    )
    made = f"<table>{top}<thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>"
    more = f"<p>and {len(rows) - most} more; to_frame() has all</p>" if len(rows) > most else ""
    return made + more


def pandas() -> Any:
    """The module pandas; `MissingExtraError` with the line that installs it."""
    with needed("A pandas table", "pandas"):
        import pandas as pd
    return pd


def offered(name: str) -> Callable[..., Any]:
    """What the package offers under a public name.

    Types of the core draw and write themselves through the library's surface, since they know no
    layer above theirs.
    """
    found: Callable[..., Any] = getattr(import_module("cladist"), name)
    return found


def _cells(rows: Sequence[Row]) -> tuple[tuple[str, ...], list[list[str]]]:
    head = tuple(dict.fromkeys(k for row in rows for k in row))
    return head, [[_cell(row.get(k)) for k in head] for row in rows]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    text = printable(str(value))
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _safe(text: str) -> str:
    return html.escape(printable(text), quote=True)
