"""Constants of the evidence: how answers become likeness."""

from __future__ import annotations

from dataclasses import dataclass

from cladist.kinship.config._chosen import chosen

__all__ = [
    "EVIDENCE", "LENGTHS", "OPENINGS", "RATES", "ROTE", "SPREADS",
    "EvidenceConfig", "LengthsConfig", "OpeningsConfig", "RatesConfig", "RoteConfig",
    "SpreadsConfig",
]  # fmt: skip

_GRID = "chosen on recorded sets (docs/kinship.md)"
_LINES = "chosen on bred models with one founder's line left out (benchmarks/functional_choices.py)"
_HAND = "by hand"


@dataclass(frozen=True)
class EvidenceConfig:
    """How answers become likeness, and likeness evidence."""

    copied: float = chosen(
        0.05,
        "probability that kin copy a continuation",
        _GRID,
        "half to double: .001 AP, 0.2 points of kin found",
    )
    single: float = chosen(
        0.5,
        "weight of agreement on single words",
        _GRID,
        "half to double: .001 AUC, .004 AP, 0.2 points of kin found",
    )
    words: int = chosen(
        400, "words of an answer that are read; later text has drifted apart", _GRID,
        "half to double: .005 AUC, .001 AP, 0.3 points of kin found",
    )  # fmt: skip
    characters: int = chosen(
        4000,
        "characters of an answer that are read at most",
        "ten times as many as words",
        "half to double: .001 AP, 0.3 points of kin found",
    )
    orders: int = chosen(
        3, "longest sequence of words that is read: one word, two, three", _GRID,
        "half to double: .023 AUC, .043 AP, 4.8 points of kin found",
    )  # fmt: skip
    tokenizer: float = chosen(
        1.0, "weight of the tokenizer's evidence, in nats, beside one spread of wording", _GRID,
        "half to double: .002 AUC, .005 AP",
    )  # fmt: skip
    same_tokenizer: float = chosen(
        0.15,
        "share of unrelated pairs that have one tokenizer",
        _HAND,
        "half to double: 0.2 points of kin found",
    )
    new_tokenizer: float = chosen(
        0.03,
        "share of kin that have not one tokenizer",
        _HAND,
        "half to double: below .0005 and .05 points",
    )
    unlikely: float = chosen(
        0.003,
        "probability below which the next byte counts as this likely: how unlikely the unlikely "
        "is says more of engines, rounding and of how many tokens were told than of descent",
        _LINES, ".001 to .01: .003 AUC; 1e-5 to .01: .02 AP",
    )  # fmt: skip
    lineage: float = chosen(
        0.25, "d_H at which another model takes 1/e of a model's weight in a panel", _LINES,
        ".2 to .4: .004 AP; none at all: .05",
    )  # fmt: skip
    identical: float = chosen(
        6.0, "evidence that models with the same varied answers have at least",
        "by hand: kin lie from 3 upwards",
        "matters where two or three models are all there is",
    )  # fmt: skip
    offset: float = chosen(
        3.0, "similarity at which distances begin to flatten",
        "unrelated pairs lie around 0, thus at a distance of 3; kin from 3 upwards, below ln 2",
        "lengths of branches of trees; no order of pairs",
    )  # fmt: skip


@dataclass(frozen=True)
class SpreadsConfig:
    """How a likeness is put in spreads of a model's pairs, at every size of panel."""

    pseudo: float = chosen(
        10.0, "pseudo-members behind every spread and level",
        "by hand: a spread from fewer observations is not worth having",
        "half to double: .001 AP, 0.8 points of kin found",
    )  # fmt: skip
    least: float = chosen(
        0.03, "spread that those pseudo-members show",
        "the least of unrelated models, who show .04 to .4 on recorded panels",
        "says something of panels of a few models alone",
    )  # fmt: skip
    beyond: float = chosen(
        3.0, "spreads above a middle or a mean from which pairs are left out of it: kin lie there",
        "by hand: of normal pairs one in a thousand",
        "half to double: .003 AUC, .002 AP, 2.0 points of kin found",
    )  # fmt: skip
    clipped: int = chosen(
        8, "panel members from which the spread of unrelated pairs can be told from the pairs",
        _HAND, "smaller panels have the unit 1",
    )  # fmt: skip
    usual: float = chosen(
        0.5, "spread of unrelated pairs, by their lower half, in panels of many families",
        "recorded ones show .39 to .55 of a model's spread",
        "a unit: no order and no p-value; a quarter to four times: nothing",
    )  # fmt: skip


@dataclass(frozen=True)
class OpeningsConfig:
    """Openings of answers: style, and alleles for the first stage of a search."""

    depth: int = chosen(
        32, "characters of an opening",
        "recorded greedy answers carry everything in 16; other scripts put fewer tokens into a "
        "character, hence twice that", "half to double: 0.1 points of kin found",
    )  # fmt: skip
    lengths: tuple[int, ...] = chosen(
        (1, 2, 4, 8, 16, 32), "lengths of openings that are compared, in characters",
        "doubled up to the depth", "covers every scale once",
    )  # fmt: skip
    floor: float = chosen(
        0.1, "part of the panel's mean norm of style below which a norm is not believed",
        "models of few common openings must not turn into everybody's double",
        "half to double: 0.4 points of kin found",
    )  # fmt: skip
    order: int = chosen(
        4, "characters of a local allele: three of context and the continuation",
        "short ones find common ground again in sampled chat answers",
        "3 to 8 do equally well on recorded completions",
    )  # fmt: skip
    few: int = chosen(
        20, "members up to which an allele that everybody shows is kept",
        "there may be nothing else", "larger panels: nothing",
    )  # fmt: skip


@dataclass(frozen=True)
class LengthsConfig:
    """What lengths of cut answers of like content tell of tokenizers (`evidence.truncation`)."""

    read: int = chosen(
        1024,
        "characters whose composition describes an answer",
        _HAND,
        "half to double: below .0005 and .05 points",
    )
    sharpness: int = chosen(
        3,
        "how often the match of content is squared: cosine to the power 8",
        _HAND,
        "half to double: .001 AUC, .003 AP, 0.5 points of kin found",
    )
    scale: float = chosen(
        0.03, "relative difference of length between tokenizers worth telling apart", _HAND,
        "half to double: .005 AP, 0.8 points of kin found",
    )  # fmt: skip
    shortest: int = chosen(
        100,
        "characters below which one word more or less hides the tokenizer",
        _HAND,
        "half to double: .001 AP, 0.3 points of kin found",
    )
    prior: float = chosen(
        1.0, "matched probes at which lengths are believed as much as their prior", _HAND,
        "half to double: .001 AP, 0.3 points of kin found",
    )  # fmt: skip
    expected: float = chosen(
        0.3, "agreement of a panel too small to show its own",
        "that of answers cut by one limit, .2 to .3 on recorded panels",
        "says something of panels of a few models alone",
    )  # fmt: skip
    unit: float = chosen(
        0.3,
        "agreement that counts as much as one spread of the other evidence",
        _HAND,
        "half to double: .001 AUC, .005 AP, 0.3 points of kin found",
    )
    silent: float = chosen(
        0.05, "usual agreement up to which no limit cut the answers",
        "answers that end by themselves show .02 to .04 in recorded panels",
        "half to double: 0.5 points of kin found",
    )  # fmt: skip
    piled: float = chosen(
        0.05, "share of answers as long as the longest hundredth, in characters, above which "
        "characters were limited and not tokens",
        "by hand: recorded sets have up to .001, the same cut at 300 characters .6 and more",
        "half to double: nothing",
    )  # fmt: skip
    full: float = chosen(
        0.2, "usual agreement from which all evidence of lengths counts",
        "answers cut by one limit show .2 to .3 in recorded panels",
        "half to double: .005 AP, 0.5 points of kin found",
    )  # fmt: skip


@dataclass(frozen=True)
class RatesConfig:
    """Tokens per character of unfinished answers (`evidence.tokens_per_character`)."""

    buckets: int = chosen(
        256, "hashed characters, and as many hashed pairs, that describe a text; a power of two",
        "a byte", "half to double: .001 AUC, .002 AP, 0.2 points of kin found",
    )  # fmt: skip
    read: int = chosen(
        4096,
        "characters whose composition describes an answer",
        _HAND,
        "half to double: 0.2 points of kin found",
    )
    shortest: int = chosen(
        20,
        "characters below which an answer has ended by itself",
        _HAND,
        "half to double: .001 AUC, 0.1 points of kin found",
    )
    ridge: float = chosen(
        20.0, "ridge of the regression: answers with the mean eigenvalue that it is worth", _HAND,
        "half to double: .002 AUC, .001 AP, 0.1 points of kin found",
    )  # fmt: skip
    unlike: float = chosen(
        1.0,
        "variance of the log rate of one tokenizer between texts a unit of squared distance apart "
        "in make-up",
        "by hand, between what recorded sets take (.1 to .3) and bred models of other texts (2)",
        "half to double: .001 AUC, .001 AP; bred models lose .06 AUC at .3",
    )  # fmt: skip
    fitted: int = chosen(
        20_000, "answers that the regression is fitted on, evenly spread", _HAND,
        "more change nothing",
    )  # fmt: skip
    needed: int = chosen(
        1, "unfinished answers for every coefficient, or the rate abstains",
        "below it small panels of recorded sets gain nothing or lose", "twice as many: nothing",
    )  # fmt: skip
    spread: float = chosen(
        0.05,
        "log units below which a spread of residuals is not credible",
        _HAND,
        "half: nothing; twice: .019 AUC, a form is read as a limit",
    )
    noise: float = chosen(
        0.2, "log units of residuals above which no common limit cut the answers",
        "limits leave .1, answers without one .4",
        "half: .007 AUC, 0.5 points of kin found",
    )  # fmt: skip
    surely: float = chosen(
        2.33, "standard errors by which models must differ by more than `LENGTHS.scale`",
        "one in a hundred of a normal error",
        "half to double, 40 models and more: nothing; at 0 forms of 20 models lose .1 to .25 AUC",
    )  # fmt: skip
    texts: int = chosen(
        3,
        "answers near the limit below which a model has no rate",
        _HAND,
        "half to double: .001 AUC, .001 AP, 0.1 points of kin found",
    )
    alike: float = chosen(
        0.03,
        "correlation of residuals within a model: its texts share style",
        _HAND,
        "half to double: below .0005 and .05 points",
    )
    rounds: int = chosen(
        12,
        "rounds of the trimmed regression",
        _HAND,
        "half to double: .003 AUC, .001 AP, 0.2 points of kin found",
    )
    clip: float = chosen(
        3.0, "nats that one shared tokenizer may say at most", "unrelated models share tokenizers",
        "half to double: .001 AP",
    )  # fmt: skip


@dataclass(frozen=True)
class RoteConfig:
    """What is said by rote, echoed, or put there by a template (`evidence.repeated`)."""

    long: int = chosen(
        40, "characters from which nobody gives one text to two unlike prompts but by rote",
        "a sentence; shorter answers ('Paris', 'None of the above') can be right twice",
        "half to double: nothing",
    )  # fmt: skip
    times_long: int = chosen(
        2,
        "unlike prompts from which a long text is canned",
        "the least there is",
        "half to double: 0.4 points of kin found",
    )
    times_short: int = chosen(
        3, "unlike prompts from which a short text is canned", "short answers can be right twice",
        "half to double: below .0005 and .05 points",
    )  # fmt: skip
    closed: float = chosen(
        0.5, "share of a probe's answers that other models give word for word, from which it "
        "offers a choice of answers, like A to D", _HAND, "a quarter to four times: nothing",
    )  # fmt: skip
    crowd: int = chosen(
        8, "answers to a probe below which it cannot be told whether it offers a choice",
        _HAND, "a quarter to four times: nothing",
    )  # fmt: skip
    alike: float = chosen(
        0.5, "share of the telling words of two prompts from which they are alike", _HAND,
        "the evidence does not know prompts; cleaned answers and flags do",
    )  # fmt: skip
    echo: int = chosen(
        20, "characters of a prompt that an answer repeats by chance never",
        _HAND, "flags alone",
    )  # fmt: skip
    common: float = chosen(
        0.8, "share of a model's distinct answers that begin, or end, alike by template",
        _HAND, "cleaned answers alone",
    )  # fmt: skip
    template: int = chosen(
        3, "characters below which a common beginning or end is an article or a full stop",
        "a closing token has more", "cleaned answers alone",
    )  # fmt: skip
    distinct: int = chosen(
        10, "distinct answers below which a common beginning says nothing of a template",
        "five of six tasks begun with 'Here is a' are what the model says",
        "cleaned answers alone",
    )  # fmt: skip
    constant: float = chosen(
        0.8, "share of a model's answers that are one text, from which it answers constantly",
        _HAND, "half to double: 1 points of kin that pass, 0 of strangers",
    )  # fmt: skip
    alive: float = chosen(
        0.1, "share of its answers that a model must not have said before, or it takes no part",
        _HAND, "half to double: nothing",
    )  # fmt: skip


EVIDENCE = EvidenceConfig()
SPREADS = SpreadsConfig()
OPENINGS = OpeningsConfig()
LENGTHS = LengthsConfig()
RATES = RatesConfig()
ROTE = RoteConfig()
