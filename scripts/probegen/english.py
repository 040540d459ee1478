"""Random English: grammatical, without meaning. The past tense spares the verbs agreement."""

from .lexicon import words
from .rng import Rng


def plural(noun: str) -> str:
    """The plural of a noun entry (``goose/geese`` gives its own)."""
    if "/" in noun:
        return noun.split("/")[1]
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    if noun.endswith("f") and noun not in ("scarf", "chief"):
        return noun + "s"
    if noun == "scarf":
        return "scarves"
    return noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")


def past(verb: str) -> str:
    """The past tense of a verb entry (``buy/bought`` gives its own)."""
    if "/" in verb:
        return verb.split("/")[1]
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ied"
    return verb + "ed"


def base(entry: str) -> str:
    """The dictionary form of an entry."""
    return entry.split("/")[0]


def article(word: str) -> str:
    """``a`` or ``an``; the word lists hold no silent h and no vowel spoken as a consonant."""
    return "an" if word[0] in "aeiou" and not word.startswith(("uni", "eu")) else "a"


def noun_phrase(rng: Rng, depth: int = 0) -> str:
    """A noun phrase, at times with adjectives, a preposition or a relative clause."""
    kind = rng.below(10)
    if kind == 0:
        return rng.pick(words("en", "abstract"))
    noun = rng.pick(words("en", "living" if rng.chance(45) else "things"))
    adjectives = rng.sample(words("en", "adjectives"), rng.pick((0, 0, 1, 1, 1, 2)))
    if kind < 3:
        count = rng.pick(("two", "three", "seven", "several", "many", "some", "nine", "most"))
        phrase = " ".join([count, *adjectives, plural(noun)])
    else:
        body = " ".join([*adjectives, base(noun)])
        determiner = rng.pick(("the", "the", "the", "a", "a", "every", "no", "another", "this"))
        phrase = f"{article(body) if determiner == 'a' else determiner} {body}"
    if depth == 0 and rng.chance(25):
        preposition = rng.pick(words("en", "prepositions"))
        return f"{phrase} {preposition} {noun_phrase(rng, 1)}"
    if depth == 0 and rng.chance(12):
        return f"{phrase} that {verb_phrase(rng, 1)}"
    return phrase


def verb_phrase(rng: Rng, depth: int = 0) -> str:
    """A verb with its object or place, at times with an adverb or a modal."""
    adverb = rng.pick(words("en", "adverbs")) + " " if rng.chance(25) else ""
    transitive = rng.chance(60)
    entry = rng.pick(words("en", "transitive" if transitive else "intransitive"))
    modal = rng.pick(("would", "could", "did not", "had to", "might")) if rng.chance(25) else ""
    verb = f"{modal} {adverb}{base(entry)}" if modal else f"{adverb}{past(entry)}"
    if transitive:
        return f"{verb} {noun_phrase(rng, depth)}"
    if rng.chance(60):
        return f"{verb} {rng.pick(words('en', 'prepositions'))} {noun_phrase(rng, 1)}"
    return verb


def sentence(rng: Rng) -> str:
    """One sentence."""
    clause = f"{noun_phrase(rng)} {verb_phrase(rng)}"
    if rng.chance(30):
        clause = f"{rng.pick(words('en', 'openers'))}, {clause}"
    joint = rng.below(10)
    if joint < 4:
        link = rng.pick((", and", ", but", " because", " while", " until", ", so", " although"))
        clause = f"{clause}{link} {noun_phrase(rng, 1)} {verb_phrase(rng, 1)}"
    elif joint == 4:
        clause = f"{clause}; {noun_phrase(rng, 1)} {verb_phrase(rng, 1)}"
    return clause[0].upper() + clause[1:] + "."
