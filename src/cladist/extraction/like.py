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

__all__ = [
    "LENGTHS",
    "LOOKED_AT",
    "TRIED",
    "Like",
    "cut_to",
    "find_interface",
    "like",
    "reading_length",
]

TRIED = 6
"""Probes asked both ways where the interface of recorded answers is not known."""

LEAD = 3
"""Probes of those by which one way must lead the other. One or two are chance: SmolLM2 was taken to
be asked through chat where others had been asked raw, as plain openings like "The text" are said
everywhere."""

LENGTHS = (12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 160, 200, 256, 320, 400, 512)
"""Lengths in characters that recorded answers are cut to."""

LOOKED_AT = 10
"""Answers of a new model that tell how far a limit on tokens lets it speak."""

_OPENING = 8
"""Characters of an answer that must open a recorded answer too for the way to count as found."""


@dataclass(frozen=True)
class Like:
    """How a model is asked what recorded answers were asked.

    asked    the assay it is asked by, everything known
    counts   the assay that its answers count for: the recorded one
    taken    what is taken for granted of the recorded answers, in words
    found    whether the interface was found by asking both ways
    """

    asked: Assay
    counts: Assay
    taken: tuple[str, ...]
    found: bool = False


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
    found = unknown and interface == "auto"
    if found:
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
    taken = assumptions(recorded.protocol.decoding, protocol.decoding, found=found)
    return Like(recorded.on(protocol), recorded, taken, found)


def find_interface(
    model: Model,
    recorded: Assay,
    answers: Sequence[ResponseSet],
    *,
    limit: int = READ_TOKENS,
) -> AskedInterface:
    """The interface through which recorded answers open as this model's do.

    The first TRIED prompts are asked both ways; the way whose answers begin like a recorded
    answer to the same prompt more often, by LEAD of them or more, is it. It stays in doubt, as
    what everybody says opens like everybody's. Raises `NotComparableError` where the model
    offers one way alone, no recorded answers are given, or neither way leads so far: which way
    it was cannot be told then.
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
    if abs(found["raw"] - found["chat"]) < LEAD:
        raise NotComparableError(
            f"asked {TRIED} prompts both ways, '{model.identity.name}' begins like recorded "
            f"answers to {found['raw']} of them raw and to {found['chat']} through chat, so the "
            "interface of the recorded ones cannot be told; say --interface raw or chat"
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


def reading_length(asked: ResponseSet) -> int:
    """Characters that answers are read to, so that recorded ones are as long as the new ones.

    Of the first LOOKED_AT usable answers of a new model those that its limit on tokens cut are
    looked at: three in four of them are no longer than this, and it is one of LENGTHS, so that
    what is fitted on recorded answers of that length serves many models. 0, which is whole,
    where fewer than half of them were cut.
    """
    said = [r for slot in asked.slots for r in slot if r.usable][:LOOKED_AT]
    cut = sorted(len(r.text.strip()) for r in said if r.state == "truncated")
    if not cut or len(cut) < len(said) / 2:
        return 0
    usual = cut[(3 * len(cut) - 1) // 4]
    return next((n for n in LENGTHS if n >= usual), 0)


def cut_to(answers: ResponseSet, length: int) -> ResponseSet:
    """The answers, usable ones no longer than so many characters; 0 leaves them whole."""
    if not length:
        return answers
    slots = tuple(tuple(_shortened(r, length) for r in slot) for slot in answers.slots)
    return replace(answers, slots=slots)


def _shortened(response: Response, end: int) -> Response:
    text = response.text.strip()
    if not response.usable or len(text) <= end:
        return response
    return Response.of(text[:end], truncated=True)
