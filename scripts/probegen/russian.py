"""Random Russian in the singular past: regular declension of hard stems, agreement of gender."""

from .lexicon import words
from .rng import Rng

_CASES = ("nom", "acc", "gen", "ins", "pre")
_NOUN = (  # endings by case for masculine, feminine, neuter, replacing -, -а, -о
    dict(zip(_CASES, ("", "", "а", "ом", "е"), strict=True)),
    dict(zip(_CASES, ("а", "у", "ы", "ой", "е"), strict=True)),
    dict(zip(_CASES, ("о", "о", "а", "ом", "е"), strict=True)),
)
_ADJECTIVE = (
    dict(zip(_CASES, ("ый", "ый", "ого", "ым", "ом"), strict=True)),
    dict(zip(_CASES, ("ая", "ую", "ой", "ой", "ой"), strict=True)),
    dict(zip(_CASES, ("ое", "ое", "ого", "ым", "ом"), strict=True)),
)
_THIS = (
    dict(zip(_CASES, ("этот", "этот", "этого", "этим", "этом"), strict=True)),
    dict(zip(_CASES, ("эта", "эту", "этой", "этой", "этой"), strict=True)),
    dict(zip(_CASES, ("это", "это", "этого", "этим", "этом"), strict=True)),
)
_WHICH = ("который", "которая", "которое")
_PAST = ("", "а", "о")


def noun_phrase(rng: Rng, case: str, living: bool = False) -> tuple[str, int]:
    """A noun phrase in a case, and its gender. Living nouns stand in the nominative only."""
    gender = rng.below(2) if living else rng.below(3)
    keys = ("people_m", "people_f") if living else ("masculine", "feminine", "neuter")
    noun = rng.pick(words("ru", keys[gender]))
    stem = noun if gender == 0 else noun[:-1]
    parts = [stem + _NOUN[gender][case]]
    if rng.chance(55):
        parts.insert(0, rng.pick(words("ru", "adjectives")) + _ADJECTIVE[gender][case])
    if rng.chance(12):
        parts.insert(0, _THIS[gender][case])
    return " ".join(parts), gender


def place(rng: Rng) -> str:
    """A preposition with its noun phrase."""
    key, case = rng.pick((("genitive", "gen"), ("prepositional", "pre"), ("instrumental", "ins")))
    return f"{rng.pick(words('ru', key))} {noun_phrase(rng, case)[0]}"


def _predicate(rng: Rng, gender: int) -> str:
    adverb = f"{rng.pick(words('ru', 'adverbs'))} " if rng.chance(30) else ""
    if rng.chance(62):
        verb = rng.pick(words("ru", "transitive")) + _PAST[gender]
        rest = noun_phrase(rng, "acc")[0]
        return f"{adverb}{verb} {rest}" + (f" {place(rng)}" if rng.chance(30) else "")
    return f"{adverb}{rng.pick(words('ru', 'intransitive'))}{_PAST[gender]} {place(rng)}"


def clause(rng: Rng) -> str:
    """Subject and predicate."""
    subject, gender = noun_phrase(rng, "nom", living=rng.chance(65))
    if rng.chance(15):
        subject = f"{subject}, {_WHICH[gender]} {_predicate(rng, gender)},"
    opening = f"{place(rng)} " if rng.chance(20) else ""
    return f"{opening}{subject} {_predicate(rng, gender)}"


def sentence(rng: Rng) -> str:
    """One sentence."""
    text = clause(rng)
    kind = rng.below(10)
    if kind < 3:
        text = f"{text}, {rng.pick(words('ru', 'connectives'))} {clause(rng)}"
    elif kind < 5:
        text = f"{text}, {rng.pick(words('ru', 'subordinators'))} {clause(rng)}"
    elif kind < 6:
        text = f"{rng.pick(words('ru', 'subordinators'))} {clause(rng)}, {clause(rng)}"
    return text[0].upper() + text[1:] + "."
