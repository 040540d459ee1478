"""The default assay's set, of many kinds, and the tiny one for tests."""

from .flow import random_text
from .probe import Probe, ProbeSet
from .rng import Rng
from .slots import cut, fill
from .templates import PROGRAMMING, templates

SEED = 20260101
# Ten kinds make a block; all blocks have the same order, so that any beginning is balanced.
BLOCK = (
    "random-text",
    "code",
    "random-text",
    "encyclopaedia",
    "data",
    "random-text",
    "code",
    "random-text",
    "dialogue",
    "format",
)
_LANGUAGES = ("en", "zh", "de", "es", "ru", "ja", "en", "zh", "hi", "ar")
_DATA = ("csv", "json", "numbers", "table", "yaml")
# Characters a probe has at most: dense scripts cost more tokens a character.
LIMIT = {"en": 210, "de": 170, "es": 170, "ru": 96, "zh": 34, "ja": 34, "ar": 76, "hi": 70}
_CODE_LIMIT = 160
_OTHER_LIMIT = {"data": 120, "format": 160}
CONTEXTS = 256
SHORTEST = 10  # characters of random text, in any language


def cladist_100() -> ProbeSet:
    """100 short probes: 40 of random text in eight languages, 20 of code, 40 of other kinds."""
    counts: dict[str, int] = {}
    probes = []
    for index in range(100):
        kind = BLOCK[index % 10]
        if kind == "dialogue" and (index // 10) % 2:
            kind = "list"
        nth = counts.get(kind, 0)
        counts[kind] = nth + 1
        rng = Rng(SEED, "cladist-100", kind, nth)
        text, language = _draw(kind, nth, rng)
        probes.append(Probe(f"mix-{index:03}", text, language, kind))
    return ProbeSet(
        "cladist-100",
        "Short prefixes of many kinds for greedy raw continuation: random grammatical text in"
        " eight languages, code, data, invented facts, dialogue, lists and rare formats,"
        " interleaved so that every beginning of the set is balanced.",
        SEED,
        tuple(probes),
    )


def contexts_256() -> ProbeSet:
    """256 contexts of the kinds of `cladist_100`, less than half as long: one token is asked."""
    return ProbeSet(
        "contexts-256",
        "Short contexts for next-byte distributions, of the kinds and languages of cladist-100,"
        " interleaved in the same order. Each ends with a whole word or sign, never with a blank.",
        SEED,
        _contexts("contexts-256", "ctx", CONTEXTS, 0.4),
    )


def contexts_100() -> ProbeSet:
    """100 contexts, half as long again: what is read is what distributions cost."""
    return ProbeSet(
        "contexts-100",
        "Very short contexts for next-byte distributions, of the kinds and languages of"
        " cladist-100, interleaved in the same order. Each ends with a whole word or sign, never"
        " with a blank.",
        SEED,
        _contexts("contexts-100", "brief", 100, 0.2),
    )


def _contexts(name: str, prefix: str, count: int, share: float) -> tuple[Probe, ...]:
    """Different beginnings of texts, of a share of the usual length, in the order of BLOCK."""
    counts: dict[str, int] = {}
    probes: list[Probe] = []
    seen: set[str] = set()
    for index in range(count):
        kind = BLOCK[index % 10]
        if kind == "dialogue" and (index // 10) % 2:
            kind = "list"
        nth = counts.get(kind, 0)
        counts[kind] = nth + 1
        tries = 0
        while True:
            text, language = _draw(kind, nth, Rng(SEED, name, kind, nth, tries), share)
            least = 8 if share * LIMIT.get(language, _CODE_LIMIT) > 8 else 4
            if text not in seen and len(text) >= least:
                break
            tries += 1
        seen.add(text)
        probes.append(Probe(f"{prefix}-{index:03}", text, language, kind))
    return tuple(probes)


def _draw(kind: str, nth: int, rng: Rng, share: float = 1.0) -> tuple[str, str]:
    """The text and the language of the nth probe of a kind, of a share of the usual length."""
    if kind == "random-text":
        language = _LANGUAGES[nth % len(_LANGUAGES)]
        length = max(SHORTEST, round(share * (LIMIT[language] - rng.below(LIMIT[language] // 5))))
        return random_text(language, rng, length, characters=True), language
    if kind == "code":
        language = PROGRAMMING[nth % len(PROGRAMMING)]
        choices = templates("code", language)
        template = choices[nth // len(PROGRAMMING) % len(choices)]
        return cut(fill(template, rng), round(share * (_CODE_LIMIT - rng.below(40)))), language
    if kind == "data":
        choices = templates("data", _DATA[nth % len(_DATA)])
        template = choices[nth // len(_DATA) % len(choices)]
    else:
        choices = templates("format", "rare") if kind == "format" else templates("prose", kind)
        template = choices[nth % len(choices)]
    limit = round(share * _OTHER_LIMIT.get(kind, 220))
    return cut(fill(template, rng), limit), "zxx" if kind == "data" else "en"


def mini_12() -> ProbeSet:
    """Twelve very short probes."""
    rng = Rng(SEED, "mini-12")
    languages = ("en", "zh", "de", "es", "ru", "ja")
    probes = []
    for nth, language in enumerate(languages):
        length = 14 if language in ("zh", "ja") else 60
        text = random_text(language, rng, length, characters=True)
        probes.append(Probe(f"mini-{nth:02}", text, language, "random-text"))
    others = (
        ("python", "code", "def «v1»(«w1», «w2»):\n    for «w3» in «w1»:\n        if"),
        ("sql", "code", "SELECT «v1», SUM(«w1») FROM «v2» WHERE"),
        ("zxx", "data", "«w1»,«w2»,«w3»\n«N1»,«n1»,«a1»\n«N2»,"),
        ("en", "encyclopaedia", "«N1» «N2» («Y1») was a «a1» «l1» from «P1» who"),
        ("en", "dialogue", '"Where is the «a1» «w1»?" asked «N1».\n"'),
        ("en", "list", "Rules of the «a1» «w1»:\n1."),
    )
    for nth, (language, kind, template) in enumerate(others, start=len(languages)):
        probes.append(Probe(f"mini-{nth:02}", fill(template, rng), language, kind))
    return ProbeSet(
        "mini-12", "Twelve very short probes for tests and quick trials.", SEED, tuple(probes)
    )
