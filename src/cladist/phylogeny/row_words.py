"""What rows of a tanglegram are called, and what is said of those that stand for several models."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from cladist.core.text import printable
from cladist.phylogeny.rows import Row, RowTree

__all__ = ["labels_of", "remarks_of"]

LONGEST = 34
"""Characters of a name; the count behind it is never cut."""
LISTED = 20
"""Families that a sentence names; more are counted."""


def labels_of(made: RowTree, families: Mapping[str, str]) -> tuple[str, ...]:
    """What each row is called: a model, or what is in it and how many, fit to be shown."""
    whole = _totals(made, families)
    return tuple(_label(row, whole) for row in made.rows)


def _label(row: Row, whole: Mapping[str, int]) -> str:
    many = len(row.models)
    if many == 1:
        return _cut(row.models[0], LONGEST)
    joined = f", {row.branches} branches" if row.branches > 1 else ""
    if not row.family:
        return f"{_cut(min(row.models), 24)} and {many - 1} more{joined}"
    total = whole[row.family]
    count = f"{many} models" if many == total else f"{many} of {total}"
    return f"{_cut(row.family, 24)}: {count}{joined}"


def _cut(name: str, most: int) -> str:
    shown = printable(name[:64])
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def remarks_of(
    pair: tuple[RowTree, RowTree], families: Mapping[str, str], titles: tuple[str, str]
) -> tuple[str, ...]:
    """What was collapsed and what could not be, in sentences; none where nothing was."""
    if all(len(row.models) == 1 for side in pair for row in side.rows):
        return ()
    a, b = ([len(row.models) for row in side.rows] for side in pair)
    models = f"{sum(a)}" if sum(a) == sum(b) else f"{sum(a)} and {sum(b)}"
    said = [
        f"{models} models in {len(a)} rows of the {titles[0]} tree and {len(b)} of the "
        f"{titles[1]} tree. Wedges are rows of several models; a line of several has their number "
        "and is wider."
    ]
    collapsed = {r.family for side in pair for r in side.rows if r.family and len(r.models) > 1}
    if collapsed:
        sizes = Counter({f: max(_totals(s, families)[f] for s in pair) for f in collapsed})
        ranked = sorted(collapsed, key=lambda f: (-sizes[f], f))
        named = _listed(f"{_cut(f, 24)} ({sizes[f]})" for f in ranked)
        said.append(f"Collapsed by family: {named}.")
    for side, title in zip(pair, titles, strict=True):
        said.extend(_of_side(side, title, collapsed))
    return tuple(said)


def _of_side(side: RowTree, title: str, collapsed: set[str]) -> list[str]:
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in side.rows:
        if row.family in collapsed:
            rows[row.family].append(row)
    parts = {f: sorted((len(r.models) for r in at), reverse=True) for f, at in rows.items()}
    apart = sorted((f for f in parts if len(parts[f]) > 1), key=lambda f: (-sum(parts[f]), f))
    said = []
    if apart:
        named = _listed(f"{_cut(f, 24)} in {len(parts[f])} ({_numbers(parts[f])})" for f in apart)
        said.append(f"No clade as the {title} tree is drawn, so in several rows there: {named}.")
    joined = sum(r.branches > 1 for r in side.rows)
    if joined:
        said.append(
            f"Rows of the {title} tree that join branches of one node and are no clade by "
            f"themselves, which their names say by 'branches': {joined}."
        )
    others = sum(not r.family and len(r.models) > 1 and r.branches == 1 for r in side.rows)
    if others:
        said.append(
            f"Rows of the {title} tree that are clades without one family for all, called by the "
            f"first name in them: {others}."
        )
    return said


def _totals(made: RowTree, families: Mapping[str, str]) -> Counter[str]:
    return Counter(families.get(name, "") for row in made.rows for name in row.models)


def _numbers(parts: list[int]) -> str:
    more = f" and {len(parts) - 6} more" if len(parts) > 6 else ""
    return ", ".join(map(str, parts[:6])) + more


def _listed(entries: Iterable[str]) -> str:
    named = list(entries)
    more = f" and {len(named) - LISTED} more" if len(named) > LISTED else ""
    return ", ".join(named[:LISTED]) + more
