"""Filling templates: ``«v1»`` becomes a random identifier, the same wherever it stands again."""

import re
from collections.abc import Callable

from . import english
from .lexicon import words
from .rng import Rng

_SLOT = re.compile(r"«([A-Za-z]+)(\d*)»")
_BARE_ARTICLE = re.compile(r"\b([Aa]) ([aeiouAEIOU][a-z])")
_ONSETS = words("en", "onsets")
_NUCLEI = words("en", "nuclei")
_CODAS = words("en", "codas")
_PLACES = words("en", "place_endings")
_MONTHS = words("en", "months")


def _plain(entries: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(english.base(entry) for entry in entries)


def _noun(rng: Rng) -> str:
    return rng.pick(_plain(words("en", "things")))


def _snake(rng: Rng) -> str:
    adjective = rng.pick(words("en", "adjectives"))
    return f"{adjective}_{_noun(rng)}" if rng.chance(60) else _noun(rng)


def _camel(rng: Rng) -> str:
    return rng.pick(_plain(words("en", "transitive"))) + _noun(rng).capitalize()


def _pascal(rng: Rng) -> str:
    return rng.pick(words("en", "adjectives")).capitalize() + _noun(rng).capitalize()


def _invented(rng: Rng) -> str:
    syllables = rng.between(1, 2)
    body = "".join(rng.pick(_ONSETS) + rng.pick(_NUCLEI) for _ in range(syllables))
    return (body + rng.pick(_ONSETS)[0] + rng.pick(_NUCLEI)[0] + rng.pick(_CODAS)).capitalize()


def _place(rng: Rng) -> str:
    return (rng.pick(_ONSETS) + rng.pick(_NUCLEI)[0] + rng.pick(_CODAS)).capitalize() + rng.pick(
        _PLACES
    )


def _hex(rng: Rng) -> str:
    return "".join(rng.pick("0123456789abcdef") for _ in range(8))


def _time(rng: Rng) -> str:
    return f"{rng.below(24):02}:{rng.below(60):02}:{rng.below(60):02}"


def _date(rng: Rng) -> str:
    return f"{rng.between(1961, 2039)}-{rng.between(1, 12):02}-{rng.between(1, 28):02}"


_FILLERS: dict[str, Callable[[Rng], str]] = {
    "v": _snake,
    "c": _camel,
    "T": _pascal,
    "C": lambda rng: _snake(rng).upper(),
    "n": lambda rng: str(rng.between(2, 19)),
    "m": lambda rng: str(rng.between(20, 98)),
    "k": lambda rng: str(rng.between(101, 9899)),
    "d": lambda rng: f"{rng.between(0, 99)}.{rng.between(1, 99):02}",
    "w": _noun,
    "W": lambda rng: english.plural(rng.pick(words("en", "things"))),
    "a": lambda rng: rng.pick(words("en", "adjectives")),
    "A": lambda rng: rng.pick(words("en", "adjectives")).capitalize(),
    "x": lambda rng: rng.pick(_plain(words("en", "transitive"))),
    "y": lambda rng: english.past(rng.pick(words("en", "transitive"))),
    "l": lambda rng: english.base(rng.pick(words("en", "living"))),
    "L": lambda rng: english.plural(rng.pick(words("en", "living"))),
    "q": lambda rng: rng.pick(words("en", "abstract")),
    "r": lambda rng: rng.pick(words("en", "adverbs")),
    "N": _invented,
    "P": _place,
    "h": _hex,
    "t": _time,
    "D": _date,
    "M": lambda rng: rng.pick(_MONTHS),
    "Y": lambda rng: str(rng.between(1312, 1974)),
}


def fill(template: str, rng: Rng) -> str:
    """The template with its slots filled; different slots of a class get different values."""
    values: dict[str, str] = {}

    def value(match: re.Match[str]) -> str:
        slot = match.group(1) + match.group(2)
        if slot not in values:
            drawn = _FILLERS[match.group(1)](rng)
            while drawn in values.values():
                drawn = _FILLERS[match.group(1)](rng)
            values[slot] = drawn
        return values[slot]

    return _BARE_ARTICLE.sub(r"\1n \2", _SLOT.sub(value, template))


def cut(text: str, length: int) -> str:
    """At most ``length`` characters, ending after a whole word or mark and never at a blank."""
    if len(text) <= length:
        return text.rstrip()
    end = length
    while end > 1 and text[end].isalnum() and text[end - 1].isalnum():
        end -= 1
    return text[:end].rstrip()
