"""A newcomer: answers of a model that is not in the registry, held against an atlas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cladist.apply.neighbours import unit_rows
from cladist.atlas.build import Atlas
from cladist.atlas.kin import RELATIVES, AnswerKin
from cladist.atlas.source import AtlasSource
from cladist.atlas.verdicts import TestedPair, make_tests, untested
from cladist.core.responses import Response, ResponseSet, answers_at
from cladist.errors import InputError
from cladist.extraction.derive import dna_of
from cladist.extraction.like import cut_to
from cladist.kinship.evidence.similarity import distance_of
from cladist.kinship.inference.assumed import no_exclusion
from cladist.kinship.inference.family_fits import fit_families
from cladist.kinship.inference.family_sets import FamilySet, family_set
from cladist.kinship.inference.identify import identify
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.pairs import PairEvidence, pair_evidence
from cladist.phylogeny.placement import place_model
from cladist.phylogeny.saturation import bounded_distances

__all__ = ["MOST_PLACED", "Newcomer", "place_answers", "place_newcomer"]

MOST_PLACED = 300
"""Models that a newcomer is held against by its answers: the nearest, and others all over."""

UNTOLD = ("interface", "temperature", "top-p", "system prompt", "prompt template")
"""Settings of answers of which nothing is told but the answers."""

UNTOLD_WHY = (
    "how these answers were asked for is not told, and kin that were asked differently may have "
    "next to nothing in common"
)

_NAME = "\0newcomer"


@dataclass(frozen=True)
class Newcomer:
    """What an atlas says of a newcomer.

    kept  the families that cannot be excluded, None where too few labels are known or the answers
          say nothing of descent
    tree  where it joins the tree (leaves below its branch, by index; place on the branch;
          length of its own), None where there is no tree of the same distances
    """

    usable: int
    metric: str
    nearest: tuple[TestedPair, ...]
    kept: FamilySet | None
    tree: Mapping[str, Any] | None
    note: str


def place_newcomer(
    atlas: Atlas, name: str, given: Mapping[str, str], *, alike: bool = False
) -> Newcomer:
    """The nearest models of a newcomer with verdicts, and its place on the tree.

    `alike` says that it was asked by the settings of the atlas. How answers in a file were asked
    for is not known otherwise, so no family is excluded and nobody is called unrelated.

    `given` has answers by probe id; probes that are not in it count as not asked. Raises
    `InputError` for an id that is no probe, `CoverageError` for too few usable answers. The
    nearest by DNA are found among all models; of the atlas' own metric and of the tree, up to
    `MOST_PLACED` models speak. About a second.
    """
    probes = atlas.source.assay.protocol.probes
    unknown = [k for k in given if k not in set(probes.ids)]
    if unknown:
        raise InputError(f"'{unknown[0][:60]}' is no probe of {atlas.source.assay.short}")
    slots = tuple((Response.of(given[p]),) if p in given else () for p in probes.ids)
    told = ResponseSet(name, probes.ids, slots)
    return place_answers(atlas, told, doubts=() if alike else UNTOLD)


def place_answers(
    atlas: Atlas, given: ResponseSet, *, cut: int = 0, doubts: tuple[str, ...] = ()
) -> Newcomer:
    """The same of answers to all probes in order; others are read to `cut` characters, 0 whole.

    `doubts` are settings in which it may have been asked differently (`core.comparable.doubts`).

    Answers that a limit on tokens cut are held against answers cut as long
    (`extraction.like.reading_length`).
    """
    source = atlas.source
    dna = dna_of(replace(given, model="the newcomer"), source.assay)
    said = replace(given, model=_NAME)
    gap = 1 - source.directions @ unit_rows(dna.vector[None, :])[0]
    order = np.argsort(gap, kind="stable")
    kin = atlas.kin
    if not isinstance(kin, AnswerKin):
        by_dna = tuple(
            untested(int(j), max(float(gap[j]), 0.0), kin.remark) for j in order[:RELATIVES]
        )
        note = "nearest by DNA; for so many models the tree is not that of answers"
        return Newcomer(dna.usable, kin.metric, by_dna, None, None, note)
    chosen = _company(atlas, order)
    responses = [cut_to(r, cut) for r in (*answers_at(kin.responses, chosen), said)]
    pairs = pair_evidence(responses, np.arange(len(responses)) < len(chosen))
    similarity = pairs.combined[:]
    if kin.metric == "kinship":
        row = distance_of(similarity[-1, :-1])
    elif kin.metric == "cosine":
        row = np.maximum(gap[chosen], 0.0)
    else:
        row = np.linalg.norm(source.vectors[chosen] - dna.vector, axis=1)
    last, ranked = len(chosen), np.argsort(row, kind="stable")[:RELATIVES]
    labels = _labels(kin.labels, chosen)
    doubted = {_NAME: doubts} if doubts else None
    tests = make_tests(responses, pairs, labels, source.assay, kin.tests.policy, doubted)
    near = [int(k) for k in ranked.tolist()]
    found = tests.listed(last, near, [float(row[k]) for k in near])
    nearest = tuple(replace(r, index=chosen[r.index]) for r in found)
    placed, note = _on_tree(atlas, source, chosen, similarity, row)
    kept = None if tests.made.silent(last) else _kept(pairs, labels, doubts)
    return Newcomer(dna.usable, kin.metric, nearest, kept, placed, note)


def _labels(known: Labels | None, chosen: Sequence[int]) -> Labels | None:
    """Labels of the models that speak, and none of the newcomer."""
    if known is None or not any(known.families[i] for i in chosen):
        return None
    return Labels(
        (*(known.families[i] for i in chosen), ""), (*(known.makers[i] for i in chosen), "")
    )


def _kept(pairs: PairEvidence, labels: Labels | None, doubts: tuple[str, ...]) -> FamilySet | None:
    """Families that cannot be excluded of the last model: all where settings are in doubt."""
    if labels is None:
        return None
    try:
        fits = fit_families(pairs, labels, without=_NAME)
        found = identify(pairs, labels, fits.model, _NAME)
    except InputError:  # fewer labelled models with kin than can be calibrated on
        return None
    why = UNTOLD_WHY if doubts == UNTOLD else no_exclusion(doubts)
    return family_set(pairs, labels, fits.sets, found, refused=why)


def _company(atlas: Atlas, order: Any) -> list[int]:
    """Models to hold the newcomer against: all, or the nearest by DNA and others evenly spread."""
    n = len(atlas.source)
    if n <= MOST_PLACED:
        return list(range(n))
    near = [int(j) for j in order[: MOST_PLACED // 3]]
    rest = sorted(set(range(n)) - set(near))
    step = np.linspace(0, len(rest) - 1, MOST_PLACED - len(near)).round().astype(int)
    return sorted({*near, *(rest[k] for k in step)})


def _on_tree(
    atlas: Atlas, source: AtlasSource, chosen: Sequence[int], similarity: Any, row: Any
) -> tuple[Mapping[str, Any] | None, str]:
    if atlas.forest is None or len(chosen) < 3:
        return None, "there is no tree of fewer than three models"
    tree = atlas.forest.tree
    if len(chosen) < len(source):
        tree = tree.induced({f"m{i}" for i in chosen})
    if atlas.kin.metric == "kinship":
        ids = [*(f"m{i}" for i in chosen), _NAME]
        row = bounded_distances(ids, similarity).matrix[-1, :-1]
    distances = {f"m{i}": float(d) for i, d in zip(chosen, row, strict=True)}
    found = place_model(tree, _NAME, distances)
    below = [int(name[1:]) for name in found.below]
    note = f"held against {len(chosen)} of {len(source)} models"
    return {
        "below": below,
        "place": float(f"{found.place:.4g}"),
        "pendant": float(f"{found.pendant:.4g}"),
        "residual": float(f"{found.residual:.4g}"),
    }, note
