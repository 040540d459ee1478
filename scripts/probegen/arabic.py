"""Random Arabic: verb first, gender agreement, definite nouns and adjectives, past tense."""

from .lexicon import words
from .rng import Rng


def noun_phrase(rng: Rng, living: bool) -> tuple[str, bool]:
    """A definite noun phrase, and whether it is feminine."""
    feminine = rng.chance(45)
    if living:
        key = "people_f" if feminine else "people_m"
    else:
        key = "feminine" if feminine else "masculine"
    phrase = f"ال{rng.pick(words('ar', key))}"
    if rng.chance(55):
        phrase += f" ال{rng.pick(words('ar', 'adjectives'))}{'ة' if feminine else ''}"
    return phrase, feminine


def _place(rng: Rng) -> str:
    return f"{rng.pick(words('ar', 'prepositions'))} {noun_phrase(rng, living=False)[0]}"


def clause(rng: Rng) -> str:
    """Verb, subject and the rest."""
    subject, feminine = noun_phrase(rng, living=True)
    transitive = rng.chance(60)
    entry = rng.pick(words("ar", "transitive" if transitive else "intransitive"))
    verb = entry.split("/")[feminine] if "/" in entry else entry + "ت" * feminine
    parts = [verb, subject]
    if transitive:
        parts.append(noun_phrase(rng, living=False)[0])
    if rng.chance(30):
        parts.append(rng.pick(words("ar", "adverbs")))
    if not transitive or rng.chance(40):
        parts.append(_place(rng))
    return " ".join(parts)


def sentence(rng: Rng) -> str:
    """One sentence."""
    text = clause(rng)
    kind = rng.below(10)
    if kind < 4:
        text = f"{text} و{clause(rng)}"
    elif kind < 6:
        text = f"{rng.pick(words('ar', 'connectives'))} {text}"
    return text + "."
