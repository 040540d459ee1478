"""Random German: three genders, nominative, accusative and dative, verb second and verb last."""

from .lexicon import words
from .rng import Rng

# Endings by case for masculine, feminine, neuter, plural.
_DER = {
    "nom": ("der", "die", "das", "die"),
    "acc": ("den", "die", "das", "die"),
    "dat": ("dem", "der", "dem", "den"),
}
_DIESER = {
    "nom": ("er", "e", "es", "e"),
    "acc": ("en", "e", "es", "e"),
    "dat": ("em", "er", "em", "en"),
}
_EIN = {"nom": ("", "e", "", "e"), "acc": ("en", "e", "", "e"), "dat": ("em", "er", "em", "en")}
_WEAK = {
    "nom": ("e", "e", "e", "en"),
    "acc": ("en", "e", "e", "en"),
    "dat": ("en", "en", "en", "en"),
}
_MIXED = {
    "nom": ("er", "e", "es", "en"),
    "acc": ("en", "e", "es", "en"),
    "dat": ("en", "en", "en", "en"),
}
_STRONG_PLURAL = {"nom": "e", "acc": "e", "dat": "en"}
_CONTRACTED = {
    "in dem": "im",
    "an dem": "am",
    "von dem": "vom",
    "bei dem": "beim",
    "zu dem": "zum",
    "zu der": "zur",
}
_GENDERS = ("masculine", "feminine", "neuter")


def _adjective(rng: Rng, ending: str) -> str:
    stem = rng.pick(words("de", "adjectives")).removesuffix("e")
    return f"{stem}{ending} "


def noun_phrase(rng: Rng, case: str) -> tuple[str, int]:
    """A noun phrase in a case, and its class: 0 to 2 a gender in the singular, 3 the plural."""
    gender = rng.below(3)
    singular, several = rng.pick(words("de", _GENDERS[gender])).split(":")
    form = 3 if rng.chance(30) else gender
    noun = singular
    if form == 3:
        noun = several
        if case == "dat" and not noun.endswith(("n", "s")):
            noun += "n"
    described = rng.chance(55)
    kind = rng.below(10)
    if form == 3 and kind < 4:
        counter = rng.pick(("zwei", "drei", "sieben", "viele", "einige", "hundert"))
        ending = _STRONG_PLURAL[case]
        if case == "dat" and counter in ("viele", "einige"):
            counter += "n"
        determiner = counter
    elif kind < 6:
        determiner, ending = _DER[case][form], _WEAK[case][form]
    elif kind < 7 or (form == 3 and kind < 9):
        determiner = "dies" + _DIESER[case][form]
        ending = _WEAK[case][form]
    else:
        stem = rng.pick(("kein", "mein", "ihr")) if form == 3 or kind > 8 else "ein"
        determiner, ending = stem + _EIN[case][form], _MIXED[case][form]
    adjective = _adjective(rng, ending) if described else ""
    return f"{determiner} {adjective}{noun}", form


def place(rng: Rng) -> str:
    """A preposition with its noun phrase."""
    if rng.chance(20):
        return f"{rng.pick(words('de', 'accusative'))} {noun_phrase(rng, 'acc')[0]}"
    phrase = f"{rng.pick(words('de', 'dative'))} {noun_phrase(rng, 'dat')[0]}"
    for long, short in _CONTRACTED.items():
        if phrase.startswith(long + " "):
            return short + phrase[len(long) :]
    return phrase


def _verb(rng: Rng, kind: str, several: bool) -> str:
    verb = rng.pick(words("de", kind))
    if not several:
        return verb
    return verb + ("n" if verb.endswith("e") else "en")


def _parts(rng: Rng) -> tuple[str, str, str]:
    """Subject, finite verb, and the rest of a clause."""
    subject, form = noun_phrase(rng, "nom")
    adverb = rng.pick(words("de", "adverbs")) if rng.chance(30) else ""
    if rng.chance(65):
        verb, rest = _verb(rng, "transitive", form == 3), noun_phrase(rng, "acc")[0]
    else:
        verb, rest = _verb(rng, "intransitive", form == 3), place(rng)
    return subject, verb, f"{adverb} {rest}".strip()


def _main(rng: Rng) -> str:
    subject, verb, rest = _parts(rng)
    if rng.chance(35):
        return f"{place(rng)} {verb} {subject} {rest}"
    return f"{subject} {verb} {rest}"


def _subordinate(rng: Rng) -> str:
    subject, verb, rest = _parts(rng)
    return f"{rng.pick(words('de', 'subordinators'))} {subject} {rest} {verb}"


def sentence(rng: Rng) -> str:
    """One sentence."""
    kind = rng.below(10)
    if kind < 4:
        text = _main(rng)
    elif kind < 6:
        text = f"{_main(rng)}, {_subordinate(rng)}"
    elif kind < 8:
        subject, verb, rest = _parts(rng)
        text = f"{_subordinate(rng)}, {verb} {subject} {rest}"
    else:
        text = f"{_main(rng)}, {rng.pick(words('de', 'connectives'))} {_main(rng)}"
    return text[0].upper() + text[1:] + "."
