"""Random Japanese: plain past, chained clauses, attributive adjectives."""

from .lexicon import words
from .rng import Rng


def _word(rng: Rng, key: str) -> str:
    return rng.pick(words("ja", key))


def _described(rng: Rng, key: str) -> str:
    noun = _word(rng, key)
    kind = rng.below(10)
    if kind < 4:
        return _word(rng, "i_adjectives") + noun
    if kind < 6:
        return _word(rng, "na_adjectives") + noun
    return f"{_word(rng, 'places')}の{noun}" if kind < 8 else noun


def _predicate(rng: Rng, last: bool) -> str:
    adverb = _word(rng, "adverbs") if rng.chance(30) else ""
    if rng.chance(60):
        stem, past = _word(rng, "transitive").split(":")
        where = f"{_word(rng, 'places')}で" if rng.chance(40) else ""
        body = f"{where}{adverb}{_described(rng, 'things')}を"
    else:
        stem, past = _word(rng, "intransitive").split(":")
        body = f"{_word(rng, 'places')}で{adverb}"
    return body + (past if last else stem)


def sentence(rng: Rng) -> str:
    """One sentence."""
    opening = _word(rng, "connectives") + "、" if rng.chance(35) else ""
    subject = _described(rng, "people")
    if rng.chance(20):
        subject = f"{_predicate(rng, last=True)}{_word(rng, 'people')}"
    particle = rng.pick(("は", "は", "が", "も"))
    if rng.chance(45):
        middle = f"{_predicate(rng, last=False)}、{_predicate(rng, last=True)}"
    elif rng.chance(30):
        reason = _predicate(rng, last=True)
        other = _described(rng, "people")
        middle = f"{reason}ので、{other}が{_predicate(rng, last=True)}"
    else:
        middle = _predicate(rng, last=True)
    return f"{opening}{subject}{particle}{middle}。"
