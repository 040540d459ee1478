"""What may be claimed of answers that were perhaps asked differently from those beside them.

A model asked today is held against recorded answers of which a setting was not recorded, such as
the temperature. Kin that were asked at different temperatures may have next to nothing in common:
SmolLM2, asked at a temperature of .7, shows an eighth of the evidence that it shows at 0, and none
at 1 (docs/identify.md, "What is assumed"). So where a setting is in doubt, little in common says
nothing: no family is excluded, and no pair is called unrelated. There is no share to correct by.

A claim that rests on much in common stays. Another setting takes from what two models share; it
adds nothing that strangers asked alike would not share.

One doubt can be settled by the answers themselves. Copies of one model that are asked greedily say
the same to the letter, and sampled ones do not: where models of `STATES.repeated` kinds did, the
answers are greedy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from cladist.kinship.config import STATES

__all__ = ["in_words", "no_exclusion", "repeated_answers", "seen_greedy"]


def repeated_answers(digests: Sequence[bytes]) -> int:
    """Groups of two models or more whose answers, given by their hashes, are the same.

    Models that say the same to all prompts must have been left out.

    >>> repeated_answers([b"a", b"b", b"a", b"c", b"c", b"c"])
    2
    """
    return sum(count > 1 for count in Counter(digests).values())


def seen_greedy(digests: Sequence[bytes], speaking: Sequence[bool]) -> bool:
    """Whether models that speak, bool (n,), gave the same answers to the letter often enough."""
    heard = [d for d, says in zip(digests, speaking, strict=True) if says]
    return repeated_answers(heard) >= STATES.repeated


def in_words(doubts: Sequence[str]) -> str:
    """Settings as a list for people.

    >>> in_words(["interface", "temperature", "top-p"])
    'interface, temperature and top-p'
    """
    return " and ".join(filter(None, [", ".join(doubts[:-1]), *doubts[-1:]]))


def no_exclusion(doubts: Sequence[str]) -> str:
    """Why nobody is excluded where these settings are in doubt, a sentence without a full stop.

    >>> no_exclusion(["temperature"]).startswith("temperature of the recorded answers may")
    True
    """
    if not doubts:
        return ""
    return (
        f"{in_words(doubts)} of the recorded answers may have been another, and kin that were "
        "asked differently may have next to nothing in common"
    )
