"""Random Spanish: two genders, agreement of number, preterite. Objects are never persons."""

from .lexicon import words
from .rng import Rng

_PLAIN = str.maketrans("áéíóú", "aeiou")
_INFLECTED = {
    "el": ("el", "los", "la", "las"),
    "un": ("un", "unos", "una", "unas"),
    "este": ("este", "estos", "esta", "estas"),
    "aquel": ("aquel", "aquellos", "aquella", "aquellas"),
    "otro": ("otro", "otros", "otra", "otras"),
    "mi": ("mi", "mis", "mi", "mis"),
    "cierto": ("cierto", "ciertos", "cierta", "ciertas"),
}


def plural(word: str) -> str:
    """The plural of a noun or adjective."""
    if word[-1] in "aeiou":
        return word + "s"
    if word[-1] == "z":
        return word[:-1] + "ces"
    if word[-2] in "áéíóú":
        return word[:-2] + word[-2:].translate(_PLAIN) + "es"
    return word + "es"


def noun_phrase(rng: Rng, living: bool) -> tuple[str, bool]:
    """A noun phrase, and whether it is plural."""
    feminine = rng.chance(50)
    if living:
        key = "people_f" if feminine else "people_m"
    else:
        key = "feminine" if feminine else "masculine"
    noun = rng.pick(words("es", key))
    several = rng.chance(30)
    form = (2 if feminine else 0) + several
    stem = rng.pick(("el", "el", "el", "un", "un", "este", "aquel", "otro", "mi", "cierto"))
    parts = [_INFLECTED[stem][form], plural(noun) if several else noun]
    if several and rng.chance(30):
        parts[0] = rng.pick(("dos", "tres", "siete", "cien"))
    if rng.chance(50):
        adjective = rng.pick(words("es", "adjectives"))
        if feminine and adjective.endswith("o"):
            adjective = adjective[:-1] + "a"
        parts.append(plural(adjective) if several else adjective)
    return " ".join(parts), several


def place(rng: Rng) -> str:
    """A preposition with a noun phrase; ``de el`` and ``a el`` contract."""
    key = "compound" if rng.chance(30) else "prepositions"
    phrase = f"{rng.pick(words('es', key))} {noun_phrase(rng, living=False)[0]}"
    if phrase.startswith("a el "):
        phrase = "al " + phrase[len("a el ") :]
    return phrase.replace("de el ", "del ")


def _verb(rng: Rng, kind: str, several: bool) -> str:
    entry = rng.pick(words("es", kind))
    if "/" in entry:
        return entry.split("/")[several]
    if not several:
        return entry
    return entry[:-2] + "ieron" if entry.endswith("ió") else entry[:-1] + "aron"


def clause(rng: Rng) -> str:
    """Subject, verb and the rest, in one of two orders."""
    subject, several = noun_phrase(rng, living=rng.chance(60))
    adverb = f" {rng.pick(words('es', 'adverbs'))}" if rng.chance(25) else ""
    if rng.chance(60):
        verb = _verb(rng, "transitive", several)
        rest = noun_phrase(rng, living=False)[0]
        if rng.chance(35):
            rest = f"{rest} {place(rng)}"
        return f"{subject} {verb}{adverb} {rest}"
    verb = _verb(rng, "intransitive", several)
    if rng.chance(30):
        return f"{verb}{adverb} {subject} {place(rng)}"
    return f"{subject} {verb}{adverb} {place(rng)}"


def sentence(rng: Rng) -> str:
    """One sentence."""
    text = clause(rng)
    if rng.chance(30):
        text = f"{rng.pick(words('es', 'openers'))}, {text}"
    if rng.chance(45):
        link = rng.pick(words("es", "connectives"))
        text = f"{text}{', ' if link in ('pero', 'aunque') else ' '}{link} {clause(rng)}"
    return text[0].upper() + text[1:] + "."
