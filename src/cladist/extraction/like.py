"""Ask a new model what recorded answers were asked, so that the two can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cladist.core.assay import Assay, Interface
from cladist.core.comparable import READ_TOKENS, asking, assumptions
from cladist.core.responses import Response, ResponseSet
from cladist.errors import ModelError, NotComparableError
from cladist.extraction.asking import requests_for
from cladist.models.base import AskedInterface, Model

__all__ = ["TRIED", "Like", "cut_alike", "find_interface", "like"]

TRIED = 6
"""Probes asked both ways where the interface of recorded answers is not known."""

_OPENING = 8
"""Characters of an answer that must open a recorded answer too for the way to count as found."""


@dataclass(frozen=True)
class Like:
    """How a model is asked what recorded answers were asked.

    asked    the assay it is asked by, everything known
    counts   the assay that its answers count for: the recorded one
    taken    what is taken for granted of the recorded answers, in words
    """

    asked: Assay
    counts: Assay
    taken: tuple[str, ...]


def like(
    model: Model,
    recorded: Assay,
    answers: Sequence[ResponseSet] = (),
    *,
    interface: Interface = "auto",
    limit: int = READ_TOKENS,
) -> Like:
    """How to ask `model` the prompts of `recorded`.

    Where the interface of the recorded side is unknown and `interface` is 'auto', a few prompts
    are asked both ways and held against recorded `answers`. Raises `NotComparableError` where
    the prompts have no texts, the interface is another, or none is found; `ModelError` where
    the model does not offer the interface.
    """
    unknown = "interface" in recorded.protocol.decoding.unsure
    asking(recorded.protocol, "raw" if unknown else interface, limit)  # texts, before any asking
    through = interface
    if unknown and interface == "auto":
        through = find_interface(model, recorded, answers, limit=limit)
    protocol = asking(recorded.protocol, through, limit)
    wanted = protocol.decoding.interface
    if wanted in ("raw", "chat") and wanted not in model.interfaces:
        offered = " and ".join(sorted(model.interfaces))
        raise ModelError(
            f"'{model.identity.name}' offers {offered} alone, and these answers were asked through "
            f"{wanted}: answers through {offered} cannot be held against them. Use a reference "
            f"asked through {offered}, or a copy of the model that offers {wanted}"
        )
    taken = assumptions(recorded.protocol.decoding, protocol.decoding)
    return Like(recorded.on(protocol), recorded, taken)


def find_interface(
    model: Model,
    recorded: Assay,
    answers: Sequence[ResponseSet],
    *,
    limit: int = READ_TOKENS,
) -> AskedInterface:
    """The interface through which recorded answers open as this model's do.

    The first TRIED prompts are asked both ways; the way whose answers begin like a recorded
    answer to the same prompt more often is it. Raises `NotComparableError` where the model
    offers one way alone, no recorded answers are given, or both do equally well: which way it
    was cannot be told then.
    """
    ways: tuple[AskedInterface, ...] = ("raw", "chat")
    if not set(ways) <= model.interfaces or not answers:
        raise NotComparableError(
            "through which interface the recorded answers were asked is not known, and "
            f"'{model.identity.name}' cannot be asked both ways to find out; say --interface"
        )
    openings = _openings(answers)
    found = {}
    for way in ways:
        assay = recorded.on(asking(recorded.protocol, way, limit))
        slots = [(p, 0) for p in range(min(TRIED, len(recorded.protocol.probes)))]
        said = dict(model.answer(requests_for(assay, way, slots)))
        found[way] = sum(_begins(r, openings[slots[i][0]]) for i, r in said.items())
    if found["raw"] == found["chat"]:
        raise NotComparableError(
            f"asked both ways, '{model.identity.name}' begins like recorded answers to "
            f"{found['raw']} of {TRIED} prompts either way, so the interface of the recorded ones "
            "cannot be told; say --interface raw or chat if you know it"
        )
    return max(ways, key=lambda way: found[way])


def _openings(answers: Sequence[ResponseSet]) -> list[set[str]]:
    out: list[set[str]] = [set() for _ in answers[0].probe_ids[:TRIED]]
    for answer in answers:
        for place, text in enumerate(answer.texts()[: len(out)]):
            out[place].add((text or "").strip()[:_OPENING])
    return out


def _begins(response: Response, openings: set[str]) -> bool:
    start = response.text.strip()[:_OPENING]
    return response.usable and len(start) == _OPENING and start in openings


def cut_alike(asked: ResponseSet, recorded: Sequence[ResponseSet]) -> list[ResponseSet]:
    """Recorded answers cut where the new model's were cut by its limit on tokens.

    An answer of the new model that was stopped at the limit says nothing of what would have
    come; recorded answers to that prompt are read as far as it goes. Answers that ended by
    themselves leave the others whole.
    """
    ends = [
        max((len(r.text) for r in slot if r.state == "truncated"), default=0)
        for slot in asked.slots
    ]
    place = {probe: end for probe, end in zip(asked.probe_ids, ends, strict=True) if end}
    return [
        replace(
            answers,
            slots=tuple(
                tuple(_shortened(r, place.get(probe, 0)) for r in slot)
                for probe, slot in zip(answers.probe_ids, answers.slots, strict=True)
            ),
        )
        for answers in recorded
    ]


def _shortened(response: Response, end: int) -> Response:
    if not end or len(response.text) <= end or not response.usable:
        return response
    return Response.of(response.text[:end], truncated=True)
