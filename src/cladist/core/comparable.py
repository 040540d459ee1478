"""When answers asked one way may be held against answers recorded another way.

Recorded answers have a protocol that says what is known of how they were asked, and what is not.
A model asked today has a protocol in which everything is known. Keeping both under one hash would
claim to know of the first what is only known of the second, so each keeps its own, and a relation
takes the place of equality: the protocol of the asked one is *comparable with* that of the
recorded ones when

    the prompts are the same, text by text,
    the interface is the same, or that of the recorded side is unknown, and
    temperature and top-p agree wherever they are known.

The limit on tokens may differ: what is longer is cut when the two are compared. The relation
follows from the two protocols alone, so nothing has to be stored for it; it goes one way, from
what was asked to what was recorded. What has to be taken for granted is spelled out by
`assumptions` and belongs beside every result. `doubts` names what of it can make kin look less
alike than they are; less is claimed then (`cladist.kinship.inference.assumed`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from cladist.core.assay import Decoding, Interface, Protocol
from cladist.errors import NotComparableError

__all__ = ["READ_TOKENS", "asking", "assumptions", "difference", "doubts"]

READ_TOKENS = 48
"""Tokens asked of a new model where the recorded answers are longer. Kinship reads openings: its
alleles end after 32 characters, which 48 tokens hold in any script that has a token for most of
its characters, and asking is nearly all of what an answer costs."""


def difference(asked: Protocol, recorded: Protocol) -> str:
    """Why answers to `asked` cannot be held against those to `recorded`; '' where they can.

    >>> from cladist.core.probes import Probe, ProbeSet
    >>> probes = ProbeSet("p", (Probe("0", "Once"),))
    >>> old = Protocol("old", probes, Decoding("raw", max_tokens=1024, unknown=("temperature",)))
    >>> difference(Protocol("new", probes, Decoding("raw", max_tokens=48)), old)
    ''
    >>> difference(Protocol("new", probes, Decoding("chat", max_tokens=48)), old)
    'these were asked through chat, the recorded ones through raw'
    """
    if asked.digest == recorded.digest:
        return ""
    if asked.probes.digest != recorded.probes.digest:
        return "the prompts are not the same"
    new, old = asked.decoding, recorded.decoding
    known = {"interface", "temperature", "top_p"} - old.unsure
    if "interface" in known and new.interface != old.interface:
        return (
            f"these were asked through {new.interface}, the recorded ones through {old.interface}"
        )
    if "temperature" in known and new.temperature != old.temperature:
        return (
            f"these were asked at temperature {new.temperature:g}, the recorded ones at "
            f"{old.temperature:g}"
        )
    if "top_p" in known and old.temperature > 0 and new.top_p != old.top_p:
        return f"these were asked with top-p {new.top_p:g}, the recorded ones with {old.top_p:g}"
    return ""


def asking(recorded: Protocol, interface: Interface = "auto", limit: int = READ_TOKENS) -> Protocol:
    """The protocol by which a new model is asked what `recorded` asked: everything known in it.

    What the recorded side does not tell is assumed as its decoding has it. `interface` is what
    was found or chosen where the recorded side does not tell; where it does, another one is
    refused. No more than `limit` tokens are asked for. A protocol that is no recorded one is
    asked as it is.

    Raises `NotComparableError` where the texts of prompts are missing or the interface is another.
    """
    old = recorded.decoding
    bare = sum(1 for p in recorded.probes.probes if not p.text)
    if bare:
        raise NotComparableError(
            f"{bare} of the {len(recorded.probes)} recorded prompts are known by their ids alone, "
            "and cannot be asked; import them with their texts, as in 'cladist registry import "
            "FILE --prompts prompts.parquet'"
        )
    known = "interface" not in old.unsure
    if not known and interface not in ("raw", "chat"):
        raise NotComparableError(
            "through which interface the recorded answers were asked is not known; find it, or "
            "say --interface raw or chat"
        )
    if known and old.interface != "auto" and interface not in ("auto", old.interface):
        raise NotComparableError(
            f"the recorded answers were asked through {old.interface}; answers through {interface} "
            "cannot be held against them"
        )
    if not old.unsure and old.max_tokens <= limit:
        return recorded
    chosen = old.interface if known else interface
    tokens = limit if "max_tokens" in old.unsure else min(old.max_tokens, limit)
    decoding = replace(old, interface=chosen, max_tokens=tokens, unknown=(), cut=0)
    return Protocol(f"{recorded.name}-asked", recorded.probes, decoding)


def assumptions(
    recorded: Decoding, asked: Decoding | None = None, repeated: int = 0, *, found: bool = False
) -> tuple[str, ...]:
    """What is taken for granted of recorded answers that new ones are held against, in words.

    `repeated` are groups of recorded models with the same answers to the letter, enough of them
    to show a temperature of 0; 0 where they are too few. `found` says that the interface was
    chosen by asking both ways.
    """
    told = {
        "interface": f"interface not recorded, {asked.interface if asked else 'none'} assumed",
        "temperature": f"temperature not recorded, {recorded.temperature:g} assumed",
        "top_p": f"top-p not recorded, {recorded.top_p:g} assumed",
        "max_tokens": "limit on tokens not recorded",
        "system": "system prompt not recorded, none assumed",
        "template": "prompt template not recorded, the model's own assumed",
    }
    unsure = set(recorded.unsure)
    if recorded.temperature == 0 and (repeated or "temperature" not in unsure):
        unsure.discard("top_p")
        told["temperature"] += (
            f", as the answers show: {repeated} groups of models gave the same ones to the letter"
        )
    if asked is not None and asked.interface == "raw":
        unsure.discard("template")
    if asked is not None and found:
        told["interface"] = (
            f"interface not recorded, {asked.interface} taken, as answers open more like recorded "
            "ones so"
        )
    out = [told[k] for k in told if k in unsure]
    if recorded.cut:
        out.append(f"recorded answers were cut after {recorded.cut} characters")
    longer = "max_tokens" in unsure or (asked and recorded.max_tokens > asked.max_tokens)
    if asked is not None and longer:
        out.append(f"longer recorded answers are read as far as {asked.max_tokens} tokens go")
    return tuple(out)


_DOUBTED = {
    "interface": "interface",
    "temperature": "temperature",
    "top_p": "top-p",
    "system": "system prompt",
    "template": "prompt template",
}


def doubts(
    recorded: Decoding, asked: Decoding, refused: Collection[str] = (), *, greedy: bool = False
) -> tuple[str, ...]:
    """Settings in which recorded answers and new ones may differ, in words.

    They are those that nobody recorded, and those that the new model's server `refused`. `greedy`
    says that the recorded answers are seen to be so. Neither the limit on tokens nor a cut is
    among them: both sides are read equally far.

    >>> doubts(Decoding("raw", unknown=("temperature", "template", "max_tokens")), Decoding("raw"))
    ('temperature',)
    >>> doubts(Decoding("raw"), Decoding("raw"), ["temperature"])
    ('temperature',)
    """
    unsure = set(recorded.unsure)
    if recorded.temperature == 0 and greedy:
        unsure.discard("temperature")
    if recorded.temperature == 0 and "temperature" not in unsure:
        unsure.discard("top_p")
    if asked.interface == "raw":
        unsure.discard("template")
    unsure |= {"temperature", "top_p"} & set(refused)
    return tuple(words for key, words in _DOUBTED.items() if key in unsure)
