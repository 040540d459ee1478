"""Why answers are missing: the reasons that were stored with failed and withheld requests."""

from __future__ import annotations

from collections import Counter

from cladist.core.responses import ResponseSet, State
from cladist.core.text import same_words

__all__ = ["commonest", "listed_reasons", "reasons"]


def reasons(responses: ResponseSet) -> tuple[tuple[str, int], ...]:
    """Reasons with the number of answers that each cost, most first; an example in its words.

    Reasons that differ in numbers and ids alone are one.
    """
    counts: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for slot in responses.slots:
        for response in slot:
            if response.state in (State.ERROR, State.REFUSED) and response.detail:
                key = same_words(response.detail)
                counts[key] += 1
                examples.setdefault(key, response.detail)
    return tuple((examples[key], count) for key, count in counts.most_common())


def commonest(responses: ResponseSet) -> str:
    """', most often (12): WORDS' for the end of a sentence; '' where nothing has a reason."""
    found = reasons(responses)
    if not found:
        return ""
    words, count = found[0]
    return f", most often ({count}): {words}"


def listed_reasons(found: tuple[tuple[str, int], ...], most: int = 3) -> str:
    """The commonest reasons in one line, each with the number of answers that it cost.

    >>> listed_reasons((("busy", 3), ("lost", 1)))
    '3 for "busy", 1 for "lost"'
    """
    told = ", ".join(f'{count} for "{words}"' for words, count in found[:most])
    more = len(found) - most
    return told + (f", and {more} more reasons" if more > 0 else "")
