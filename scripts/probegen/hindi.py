"""Random Hindi: habitual present, agreement of gender, oblique adjectives before postpositions."""

from .lexicon import words
from .rng import Rng


def noun_phrase(rng: Rng, living: bool, oblique: bool = False) -> tuple[str, bool]:
    """A noun phrase, and whether it is feminine."""
    feminine = rng.chance(45)
    if living:
        key = "people_f" if feminine else "people_m"
    else:
        key = "feminine" if feminine else "masculine"
    parts = [rng.pick(words("hi", key))]
    kind = rng.below(10)
    if kind < 3:
        ending = "ी" if feminine else "े" if oblique else "ा"
        parts.insert(0, rng.pick(words("hi", "variable")) + ending)
    elif kind < 5:
        parts.insert(0, rng.pick(words("hi", "invariable")))
    elif kind < 6:
        owner = rng.pick(words("hi", "people_f" if rng.chance(50) else "people_m"))
        parts.insert(0, f"{owner} {'की' if feminine else 'के' if oblique else 'का'}")
    return " ".join(parts), feminine


def clause(rng: Rng) -> str:
    """Subject, place, object, verb."""
    subject, feminine = noun_phrase(rng, living=True)
    parts = [subject]
    if rng.chance(25):
        parts.append(rng.pick(words("hi", "adverbs")))
    transitive = rng.chance(60)
    if not transitive or rng.chance(45):
        where = noun_phrase(rng, living=False, oblique=True)[0]
        parts.append(f"{where} {rng.pick(words('hi', 'postpositions'))}")
    if transitive:
        parts.append(noun_phrase(rng, living=False)[0])
    stem = rng.pick(words("hi", "transitive" if transitive else "intransitive"))
    parts.append(f"{stem}{'ती' if feminine else 'ता'} है")
    return " ".join(parts)


def sentence(rng: Rng) -> str:
    """One sentence."""
    text = clause(rng)
    if rng.chance(45):
        link = rng.pick(words("hi", "connectives"))
        text = f"{text}{' ' if link == 'और' else ', '}{link} {clause(rng)}"
    return text + "।"
