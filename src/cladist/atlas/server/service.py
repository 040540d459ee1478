"""What the API answers, apart from HTTP: plain data from an atlas and its registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from cladist import __version__
from cladist.atlas import documents
from cladist.atlas.build import Atlas
from cladist.atlas.columns import shortened
from cladist.atlas.documents import Document
from cladist.atlas.forest import numbered_newick
from cladist.atlas.kin import AnswerKin, VectorKin
from cladist.atlas.server.asking import Asking, Askings
from cladist.atlas.server.placing import Newcomer, place_newcomer
from cladist.atlas.server.reporting import report_on
from cladist.atlas.server.sampled import sampled_pair
from cladist.atlas.verdicts import TestedPair, untested
from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.provenance.service.trends import read_trends
from cladist.provenance.service.trends_page import trends_page
from cladist.registry import Registry

__all__ = [
    "MOST_COMPARED",
    "MOST_DISTANCES",
    "MOST_LISTED",
    "MOST_RELATIVES",
    "AtlasService",
    "NotThereError",
]

MOST_LISTED = 500
MOST_RELATIVES = 100
MOST_DISTANCES = 200
MOST_COMPARED = 10
"""Models that are compared at once, all their pairs tested."""


class NotThereError(InputError):
    """Something was asked for that is not in the atlas."""


class AtlasService:
    """Answers about one atlas. Safe to be asked by several threads; writes nothing.

    Who knows `token` may have it ask endpoints; '' is for nobody. Reports are made with the labels
    and declarations that the atlas was made with.
    """

    def __init__(
        self, atlas: Atlas, registry: Path, token: str = "", watched: Sequence[Path] = ()
    ) -> None:
        self.atlas = atlas
        self.askings = Askings(atlas, token)
        self.registry = registry
        self.watched = tuple(watched)
        self._words = [
            "\n".join([name, *(str(c.values[i]) for c in atlas.columns if c.values[i] is not None)])
            .casefold()
            for i, name in enumerate(atlas.source.names)
        ]  # fmt: skip
        self._pair = lru_cache(maxsize=256)(self._measured_pair)
        self._measuring = Lock()

    def __len__(self) -> int:
        return len(self.atlas.source)

    def trends(self) -> tuple[str, str]:
        """The page of watched endpoints, as their logs are now, and its kind."""
        if not self.watched:
            raise NotThereError("no log of a watch was named: map serve --watched LOG")
        page = trends_page(*read_trends(self.watched), sheet="trends.css")
        return page, "text/html; charset=utf-8"

    def head(self) -> Document:
        """The document `atlas`."""
        return documents.head(self.atlas, models=True, answers=True)

    def probes(self) -> Document:
        """The document `probes`."""
        return documents.probes(self.atlas)

    def model(self, i: int) -> Document:
        """The document `model/I`."""
        states = {s.value: n for s, n in self._answers(i).states().items()}
        return documents.model(self.atlas, self._known(i), states)

    def answers(self, i: int) -> Document:
        """The document `answers/I`."""
        return documents.answers(self._answers(i))

    def pair(self, i: int, j: int) -> Document:
        """The document `pair/I/J`."""
        self._known(i), self._known(j)
        if i == j:
            raise NotThereError("a pair is of two different models")
        low, high = min(i, j), max(i, j)
        found, weights = self._pair(low, high)
        document = documents.pair(low, found, weights)
        return {**document, "a": i, "b": j}

    def models(self, query: str, limit: int, offset: int) -> Document:
        """Models with all words of `query` in their name or metadata, by index."""
        words = query.casefold().split()
        hits = [i for i, text in enumerate(self._words) if all(w in text for w in words)]
        return {
            "total": len(hits),
            "offset": offset,
            "models": [self._line(i) for i in hits[offset : offset + limit]],
        }

    def lists(self, limit: int) -> bool:
        """Whether so many relatives of a model are in a table, with nothing to be computed."""
        kin = self.atlas.kin
        return isinstance(kin, VectorKin) and limit <= kin.near.shape[1]

    def relatives(self, i: int, limit: int) -> Document:
        """The nearest models of one: those tested first, then others by distance alone."""
        found = self.atlas.kin.relatives(self._known(i))[:limit]
        if limit > len(found):
            shown = {r.index for r in found} | {i}
            row = self.atlas.kin.distances(i)
            near = np.argpartition(row, min(limit + 1, len(row) - 1))[: limit + 2]
            near = near[np.lexsort((near, row[near]))]
            order = [j for j in near.tolist() if j not in shown]
            note = f"only the {len(found)} nearest are tested in lists; ask for the pair"
            note = self.atlas.kin.remark or note
            found = found + [untested(j, float(row[j]), note) for j in order[: limit - len(found)]]
        return {"index": i, "relatives": [documents.relation(r) for r in found]}

    def distances(self, chosen: Sequence[int]) -> Document:
        """Distances between some models."""
        for i in chosen:
            self._known(i)
        rows = [self.atlas.kin.distances(i)[list(chosen)] for i in chosen]
        return {
            "models": list(chosen),
            "metric": self.atlas.kin.metric,
            "distances": [
                [0.0 if i == k else float(f"{row[k]:.7g}") for k in range(len(chosen))]
                for i, row in enumerate(rows)
            ],
        }

    def compare(self, chosen: Sequence[int]) -> Document:
        """Some models, all their pairs tested together where answers are at hand."""
        for i in chosen:
            self._known(i)
        if len(chosen) < 2:
            raise InputError("a comparison needs at least two models")
        kin = self.atlas.kin
        wanted = [(i, j) for k, i in enumerate(chosen) for j in chosen[k + 1 :]]
        if isinstance(kin, AnswerKin):
            with self._measuring:
                found = kin.together(wanted)
        else:
            rows = {i: kin.distances(i) for i in chosen}
            found = [untested(j, float(rows[i][j]), kin.remark) for i, j in wanted]
        told = [(i, r) for (i, _), r in zip(wanted, found, strict=True)]
        return documents.compared(chosen, told)

    def tree(self, chosen: Sequence[int] | None) -> Document:
        """The tree, or what it says of some models; `NotThereError` where there is none."""
        forest = self.atlas.forest
        if forest is None:
            raise NotThereError("an atlas of fewer than three models has no tree")
        if chosen is None:
            return forest.data()
        for i in chosen:
            self._known(i)
        if len(chosen) < 2:
            raise InputError("a tree of a part needs at least two models")
        part = forest.tree.induced({f"m{i}" for i in chosen})
        return {**forest.data(), "newick": numbered_newick(part)}

    def place(self, name: str, responses: Mapping[str, str], alike: bool = False) -> Document:
        """A model that is not in the registry: its nearest, and its place on the tree.

        `alike` says that it was asked as the models here were.
        """
        return self._placed(name, place_newcomer(self.atlas, name, responses, alike=alike))

    def report(self, i: int, form: str) -> bytes:
        """The report on a model, in one of `reporting.FORMS`; one at a time."""
        self._known(i)
        with self._measuring:
            return report_on(self.atlas, self.registry, i, form)

    def asked(self, made: Asking) -> Document:
        """How far the asking of a model came, and where it belongs once that is known."""
        return {
            "number": made.number,
            "name": shortened(made.name, documents.LONGEST_NAME),
            "state": made.state,
            "done": made.done,
            "of": made.of,
            "said": shortened(made.said, 1_000),
            "assumed": list(made.assumed),
            "placed": None if made.placed is None else self._placed(made.name, made.placed),
        }

    def _placed(self, name: str, found: Newcomer) -> Document:
        return {
            "name": shortened(name, documents.LONGEST_NAME),
            "usable": found.usable,
            "probes": len(self.atlas.source.assay.protocol.probes),
            "metric": found.metric,
            "nearest": [documents.relation(r) for r in found.nearest],
            "set": None if found.kept is None else documents.kept_families(found.kept),
            "tree": found.tree,
            "note": found.note,
        }

    def health(self) -> Document:
        """What is served, and whether the registry has moved on since."""
        with Registry.open(self.registry, create=False) as store:
            now = store.count_dnas(self.atlas.source.assay)
        return {
            "status": "ok",
            "version": __version__,
            "models": len(self),
            "assay": self.atlas.source.assay.short,
            "stale": now != len(self),
        }

    def _line(self, i: int) -> Document:
        return {
            "index": i,
            "name": shortened(self.atlas.source.names[i], documents.LONGEST_NAME),
            "values": {c.key: c.values[i] for c in self.atlas.columns},
        }

    def _known(self, i: int) -> int:
        if not 0 <= i < len(self):
            raise NotThereError(f"there is no model {i}; there are {len(self)}, counted from 0")
        return i

    def _answers(self, i: int) -> ResponseSet:
        self._known(i)
        with Registry.open(self.registry, create=False) as store:
            (found,) = self.atlas.source.answers(store, [i])
        return found

    def _measured_pair(self, i: int, j: int) -> tuple[TestedPair, NDArray[np.float32]]:
        # One at a time: each takes a good part of a second, and others only wait for a core.
        with self._measuring:
            kin = self.atlas.kin
            if isinstance(kin, AnswerKin):
                return kin.pair(i, j)
            with Registry.open(self.registry, create=False) as store:
                distance = float(kin.distances(i)[j])
                return sampled_pair(store, self.atlas.source, i, j, distance)
