"""Models whose answers to one protocol count as answers to another, comparable one.

A model that was asked what recorded answers were asked (`cladist.extraction.like`) keeps its
answers under the protocol it was really asked by. That it stands for the recorded protocol as well
is remembered by an interface for that protocol without any answer to it: nothing else makes such
a row. Which protocol its answers are under follows from `cladist.core.comparable`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from cladist.core.assay import Protocol
from cladist.core.comparable import difference
from cladist.errors import NotComparableError

if TYPE_CHECKING:
    from cladist.registry.store import Registry

Query = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]


def require_own(registry: Registry, protocol: Protocol, name: str) -> None:
    """Refuse a model that stands in, where whole answers are compared (`NotComparableError`).

    It was asked for fewer tokens than others may have been, so its answers end elsewhere.
    """
    if registry.model(name).id in registry.standing_in(protocol):
        raise NotComparableError(
            f"'{name}' was asked what recorded answers were asked, as far as kinship reads; its "
            "answers end where theirs go on, and cannot be compared as a whole"
        )


_STANDING_IN = (
    "SELECT i.model_id, i.name FROM interface i WHERE i.protocol_id = ? AND NOT EXISTS "
    "(SELECT 1 FROM response r WHERE r.protocol_id = i.protocol_id AND r.model_id = i.model_id) "
    "ORDER BY i.model_id"
)
_ANSWERED = (
    "SELECT coalesce(sum(state <> 'error'), 0), count(*) FROM response "
    "WHERE protocol_id = ? AND model_id = ?"
)


def standing_in(
    query: Query, row: int, protocol: Protocol, others: Callable[[], list[Protocol]]
) -> dict[int, int]:
    """Model row -> row of the protocol whose answers count as those to `protocol`.

    Of several comparable protocols through the remembered interface the one with most answers
    counts, and among equals the first; where every request failed, that is one that was tried, so
    that the reasons are told. One small query where no model stands in.
    """
    models = query(_STANDING_IN, (row,))
    if not models:
        return {}
    rows: dict[str, int] = dict(query("SELECT digest, id FROM protocol", ()))
    fits = [
        (rows[p.digest], p.decoding.interface)
        for p in others()
        if p.digest != protocol.digest and not difference(p, protocol)
    ]
    found: dict[int, int] = {}
    for model, interface in models:
        best = (0, 0)
        for other, through in fits:
            count = query(_ANSWERED, (other, model))[0] if through == interface else best
            if count > best:
                best, found[int(model)] = count, int(other)
    return found
