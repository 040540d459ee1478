"""The sets of one kind: random text in one language, and genes."""

from .flow import random_text
from .probe import Probe, ProbeSet
from .rng import Rng
from .slots import cut, fill
from .templates import PROGRAMMING, templates

SEED = 20260101
NAMES = {
    "en": "English",
    "zh": "literary Chinese",
    "de": "German",
    "es": "Spanish",
    "ru": "Russian",
    "ja": "Japanese",
    "ar": "Arabic",
    "hi": "Hindi",
}
GENE_SHORTEST, GENE_LONGEST = 20, 99


def random_set(language: str) -> ProbeSet:
    """100 random texts of 92 to 108 words (unspaced scripts: 100 to 150 characters)."""
    name = f"random-{language}-100"
    probes = []
    for index in range(100):
        rng = Rng(SEED, name, index)
        length = rng.between(110, 150) if language in ("zh", "ja") else rng.between(96, 108)
        text = random_text(language, rng, length)
        probes.append(Probe(f"{language}-{index:03}", text, language, "random-text"))
    size = "100 to 150 characters" if language in ("zh", "ja") else "about 100 words"
    return ProbeSet(
        name,
        f"Random grammatical text in {NAMES[language]} from a grammar and a word list of this"
        f" project, {size} each, cut in the middle of a sentence.",
        SEED,
        tuple(probes),
    )


def genes_128() -> ProbeSet:
    """64 beginnings of arithmetic problems and 64 of code, 20 to 99 characters each."""
    probes: list[Probe] = []
    seen: set[str] = set()
    problems = templates("math", "problems")
    for index in range(128):
        rng = Rng(SEED, "genes-128", index)
        text, language = "", "en"
        while not GENE_SHORTEST <= len(text) <= GENE_LONGEST or text in seen:
            if index % 2 == 0:
                text = fill(problems[index // 2 % len(problems)], rng)
                text = cut(text, rng.between(45, GENE_LONGEST))
            else:
                language = PROGRAMMING[index // 2 % len(PROGRAMMING)]
                text = _code_gene(language, rng)
        seen.add(text)
        probes.append(Probe(f"gene-{index:03}", text, language, "code" if index % 2 else "math"))
    return ProbeSet(
        "genes-128",
        "Short prefixes of arithmetic word problems and of code, alternating, for allele"
        " frequencies of sampled completions in the manner of PhyloLM (arXiv 2404.04671).",
        SEED,
        tuple(probes),
    )


def _code_gene(language: str, rng: Rng) -> str:
    """A stretch of code that starts at some line of a template and stops anywhere."""
    rows = fill(rng.pick(templates("code", language)), rng).split("\n")
    start = rng.below(max(1, len(rows) - 3))
    return cut("\n".join(rows[start:]).lstrip(), rng.between(35, GENE_LONGEST))
