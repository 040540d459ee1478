"""Constants of inference: how evidence becomes verdicts, families, parents and alarms."""

from __future__ import annotations

from dataclasses import dataclass

from cladist.kinship.config._chosen import chosen

__all__ = [
    "CALIBRATION", "CHECKS", "DECISION", "DESCENT", "FAMILIES", "IDENTITY", "PARENTAGE",
    "SETTINGS", "STATES", "WATCHING",
    "CalibrationConfig", "ChecksConfig", "DecisionConfig", "DescentConfig", "FamiliesConfig",
    "IdentityConfig", "ParentageConfig", "SettingsConfig", "StatesConfig", "WatchingConfig",
]  # fmt: skip

_HAND = "by hand"
_STATED = "stated, not fitted: what a reader may be wrong by"
_CHANCE = "the error of a draw: a share s is known to sqrt(s (1 - s) / draws)"
_BRED = "chosen on bred models (docs/functional.md)"
_SAME = "what is called changed, and same (docs/verdicts.md, 'Same or changed')"


@dataclass(frozen=True)
class DecisionConfig:
    """What verdicts keep to unless told otherwise (`inference.decision.Policy`)."""

    alpha: float = chosen(
        0.01, "share of unrelated pairs that may be called related", _STATED,
        "half to double: 10.7 points of kin found",
    )  # fmt: skip
    beta: float = chosen(
        0.05,
        "share of known kin that may be called unrelated, over all looks",
        _STATED,
        "half to double: 8.0 points of strangers called unrelated",
    )
    probe_level: float = chosen(
        0.05,
        "level of the two checks over probes",
        _STATED,
        "half to double: 5 points of kin that pass, 5 of strangers",
    )
    minimum_probes: int = chosen(
        10, "probes, or contexts, in common below which nothing is said",
        "by hand (docs/kinship.md, 'How much is needed')",
        "sets of fewer probes get no verdict",
    )  # fmt: skip
    looks: tuple[int, ...] = chosen(
        (10, 15, 20, 30, 60, 100, 200, 400),
        "probes after which evidence is looked at, and after all", _HAND,
        "more looks leave less error to each",
    )  # fmt: skip


@dataclass(frozen=True)
class StatesConfig:
    """When answers of a model are no evidence (`inference.states`, `inference.assumed`)."""

    echo: float = chosen(
        0.5, "share of answers that begin as their prompt does, from which a model echoes", _HAND,
        "prompts must be known",
    )  # fmt: skip
    empty: float = chosen(
        0.2, "share of probes below which a model hardly answers", _HAND, "half to double: nothing"
    )
    canned: int = chosen(
        3, "prompts that are answered by one text, from which the text is canned",
        _HAND, "half to double: nothing",
    )  # fmt: skip
    shared_canned: float = chosen(
        0.5,
        "part of the equal answers of two models that may be canned",
        _HAND,
        "a quarter to four times: nothing",
    )
    aloud: float = chosen(
        0.2, "share of answers with a sign of reasoning, from which a model writes traces",
        "long traces are cut before their closing sign, and templates hide the opening one",
        "half to double: nothing",
    )  # fmt: skip
    repeated: int = chosen(
        2, "groups of models with the same answers to the letter that show a panel asked greedily",
        "one could be one model's answers handed in twice",
        "804 greedy models have 11 groups; 384 sampled ones (bench6, alpaca, eqbench) none",
    )  # fmt: skip


@dataclass(frozen=True)
class ChecksConfig:
    """The two checks over probes (`inference.probe_checks`)."""

    controls: int = chosen(
        40, "controls a side: the panel members most alike in style", _HAND,
        "half to double: 9 points of kin that pass, 12 of strangers",
    )  # fmt: skip
    read: int = chosen(
        400, "characters of an answer whose wording is compared", "later text has drifted apart",
        "half to double: 3 points of kin that pass, 3 of strangers",
    )  # fmt: skip
    shingle: int = chosen(
        5,
        "characters of a run of wording",
        _HAND,
        "half to double: 7 points of kin that pass, 3 of strangers",
    )
    draws: int = chosen(
        9_999, "signs flipped, or probes shuffled, for a p-value",
        "a p-value of .0001 can be reached", _CHANCE,
    )  # fmt: skip
    resamples: int = chosen(
        2_000, "resamples of probes, or contexts, behind a 95% interval",
        "50 of them lie beyond either end", _CHANCE,
    )  # fmt: skip


@dataclass(frozen=True)
class CalibrationConfig:
    """How much unrelated pairs have in common (`inference.calibration`, `inference.matching`)."""

    knots: tuple[float, ...] = chosen(
        (0.02, 0.6, 0.9, 0.99),
        "quantiles of a covariate between which the expected score is linear",
        "by hand: most of them where pairs are alike in style",
        "half to double: 1.8 points of kin found, 0.4 of strangers called unrelated",
    )  # fmt: skip
    models: int = chosen(
        12, "panel members below which unrelated pairs are too few and too dependent", _HAND,
        "smaller panels are not calibrated",
    )  # fmt: skip
    cluster: float = chosen(
        6.0, "robust spreads above the median from which average linkage calls a cluster a family",
        "by hand: a high cut leaves distant kin among the unrelated, which accuses nobody",
        "panels without labels (docs/verdicts.md, 'no labels')",
    )  # fmt: skip
    reasoning: int = chosen(
        10, "unrelated pairs that both write reasoning traces, below which nothing is claimed of "
        "such a pair", "models taught by one teacher share more than any others: all 12 such pairs "
        "of recorded chat would be called related (docs/verdicts.md)",
        "a quarter to four times: nothing",
    )  # fmt: skip
    kin: int = chosen(
        30, "known kin pairs below which nothing is said about power, nor anybody called unrelated",
        "by hand: .05 of fewer is one pair or none", "a quarter to four times: nothing",
    )  # fmt: skip
    family_kin: int = chosen(
        20, "kin pairs from which a share is told of a family by itself",
        "1 / beta: of fewer not one can be wrong",
        "half to double: 3.1 points of strangers called unrelated",
    )  # fmt: skip


@dataclass(frozen=True)
class FamiliesConfig:
    """Whose descendant a model is (`inference.identify`, `inference.family_sets`)."""

    prior: float = chosen(
        0.5, "probability that the true family is not in the panel, before anything is known",
        "nobody knows", "an odds ratio on 'none of these'",
    )  # fmt: skip
    queries: int = chosen(
        20, "models with a relative in the panel below which probabilities cannot be calibrated",
        "by hand, for four numbers that are fitted", "small panels have no probabilities",
    )  # fmt: skip
    best: int = chosen(
        3,
        "members of a family whose evidence is averaged",
        _HAND,
        "half to double: 0.6 points of families ranked first",
    )
    ridge: float = chosen(
        0.1, "ridge of the fit, over the number of models it is fitted on", _HAND,
        "half to double: 0.2 points of families ranked first",
    )  # fmt: skip
    coverage: float = chosen(
        0.9, "how often a set of families holds the true answer", _STATED,
        "docs/verdicts.md has sets of 80% and 90%",
    )  # fmt: skip
    folds: int = chosen(
        10, "fits that the makers are spread over", "time", "a fit of four numbers hardly differs"
    )


@dataclass(frozen=True)
class IdentityConfig:
    """Same or changed (`inference.identity`, `inference.identity_functional`)."""

    rate: float = chosen(0.01, "error rate that 'changed' keeps to", _STATED, "the rate itself")
    greedy: float = chosen(
        0.1, "share of greedy answers that may differ by rounding alone",
        "by hand: the same weights on other hardware differ in a few roundings",
        _SAME,
    )  # fmt: skip
    sampled: float = chosen(
        0.001, "squared distance tolerated, in that of two answers of one model to one probe",
        "between the built-in models of two families it is .04",
        _SAME,
    )  # fmt: skip
    per_probe: float = chosen(
        10.0, "how much more is tolerated per probe",
        "by hand: there the noise of few samples does not average out",
        "decides 'same', never 'changed'",
    )  # fmt: skip
    shuffles: int = chosen(
        1_999, "permutations for a p-value", "p-values of .001 can be reached", _CHANCE
    )
    most: int = chosen(
        3_000, "answers compared at most", "memory: the Gram matrix is dense",
        "more are thinned to evenly spaced probes",
    )  # fmt: skip
    read: int = chosen(1_000, "characters of an answer that are compared", _HAND, "not measured")
    longest: int = chosen(
        3, "characters of the longest run that is compared", _HAND, "not measured"
    )
    functional: float = chosen(
        0.005, "d_H up to which two functions are the same",
        "three times what two engines differ by, .0017 (docs/assays.md)",
        "weights of 8 bits come to .037: the bound may be anywhere between",
    )  # fmt: skip
    untold: float = chosen(
        0.01, "difference of missing probability from which it is named as what a distance may "
        "come from", _HAND, "words alone",
    )  # fmt: skip


@dataclass(frozen=True)
class ParentageConfig:
    """Who descends from whom, from answers (`inference.parentage`)."""

    relatives: int = chosen(
        10, "nearest relatives of a pair that direction is read from, of answers and functions",
        _HAND, "half to double: 0 points of pairs named, 1 of those right",
    )  # fmt: skip
    close: float = chosen(
        0.5, "part of the pair's own evidence that a relative has in common with one of the two",
        _HAND, "half to double: 2 points of pairs named, 2 of those right",
    )  # fmt: skip
    background: int = chosen(
        10, "models besides the candidates of a mixture without which nobody can say what falls in "
        "with one by chance", _HAND, "small panels get no mixture",
    )  # fmt: skip
    sure: float = chosen(
        0.9, "share of resamples that must agree before an ancestor is named",
        _HAND, "half to double: 45 points of pairs named, 7 of those right",
    )  # fmt: skip
    needed: float = chosen(0.05, "level at which a further parent is needed", _STATED, "the rate")
    resamples: int = chosen(
        1_000, "resamples of relatives and of probes", "a share of .9 is known to .01", _CHANCE
    )


@dataclass(frozen=True)
class DescentConfig:
    """Who descends from whom, from distributions (`inference.function_descent`)."""

    merged: float = chosen(
        0.57, "share of the squared distance to the nearest candidate that a mixture takes away, "
        "from which a model is called a merge", "midway between the merges and the other models of "
        "the largest line of the lab, .65 and .49; the other lines had no part in it",
        "docs/lab-functional.md",
    )  # fmt: skip
    weighty: float = chosen(
        0.15, "weight that a second parent has at least", _BRED, "docs/lab-functional.md"
    )
    close: float = chosen(
        2.0, "squared distance of a relative from one of two, in that of the two, at most", _BRED,
        "docs/lab-functional.md",
    )  # fmt: skip
    turning: float = chosen(
        0.5, "how far along the way to the descendant relatives turn off at least",
        "1 where they do so at the ancestor; less says too little", "docs/lab-functional.md",
    )  # fmt: skip
    beyond: float = chosen(
        1.2, "how far along the way to the descendant relatives turn off at most",
        "more fits no line of descent, as of a merge", "docs/lab-functional.md",
    )  # fmt: skip
    sure: float = chosen(
        0.95, "share of resamples over contexts that must agree before an ancestor is named", _BRED,
        "docs/lab-functional.md",
    )  # fmt: skip
    resamples: int = chosen(500, "resamples of contexts", "a share of .95 is known to .01", _CHANCE)


@dataclass(frozen=True)
class SettingsConfig:
    """Which setting a difference looks like (`inference.likely_setting`); all on bred models."""

    common: float = chosen(
        0.4, "share of squared log ratios that is the same at all contexts, from which it is a "
        "temperature", _BRED, "94% of temperatures are named, 1% of roundings and prompts",
    )  # fmt: skip
    cut: float = chosen(
        0.002, "mean probability of what has none on the other side, from which it is top-p", _BRED,
        "99% of top-p are named, 3% of prompts",
    )  # fmt: skip
    least: float = chosen(
        0.05, "d_H below which nothing is named", "a temperature of .85 or 1.2 comes to .1",
        "smaller changes of temperature are not named",
    )  # fmt: skip
    untold: float = chosen(
        0.1, "missing probability, on the mean, above which nothing is named", _BRED,
        "answers of few log probabilities get no setting",
    )  # fmt: skip
    floor: float = chosen(
        1e-4, "probability below which one counts as this likely", _HAND,
        "the marks of rare outcomes alone",
    )  # fmt: skip
    cooler: tuple[float, float] = chosen(
        (-1.248, -0.334), "ln T = c1 d_H + c2 d_H^2 where entropy falls",
        "least squares on bred models", "the temperature that is named",
    )  # fmt: skip
    hotter: tuple[float, float] = chosen(
        (1.801, -0.446), "the same where entropy rises", "least squares on bred models",
        "the temperature that is named",
    )  # fmt: skip


@dataclass(frozen=True)
class WatchingConfig:
    """Bets against an honest server (`inference.departures`, `inference.shares`)."""

    learning: float = chosen(
        0.2, "part of the false-alarm rate that is kept for an unlucky learning of the bound",
        _HAND, "the threshold of a change is 1 / (.8 alpha) instead of 1 / alpha",
    )  # fmt: skip
    rates: tuple[float, ...] = chosen(
        (0.06, 0.14, 0.28, 0.48, 0.72, 0.92),
        "rates that are bet on, as parts of the way from the bound to 1", _HAND,
        "how soon a change is seen; any rates keep the false-alarm rate",
    )  # fmt: skip
    lower: tuple[float, ...] = chosen(
        (0.02, 0.1, 0.25, 0.5, 0.75), "lower rates that are bet on, as parts of the rate",
        _HAND, "how tight a share is bounded; any keep the rate",
    )  # fmt: skip
    unlike: float = chosen(
        0.2, "level at which looks of a learning are taken to differ",
        "where it errs, the honest rate is taken too high, which accuses nobody",
        "simulated honest replicas, stated .01: up to 5% call a change at .05, up to 1.5% at .2",
    )  # fmt: skip


DECISION = DecisionConfig()
STATES = StatesConfig()
CHECKS = ChecksConfig()
CALIBRATION = CalibrationConfig()
FAMILIES = FamiliesConfig()
IDENTITY = IdentityConfig()
PARENTAGE = ParentageConfig()
DESCENT = DescentConfig()
SETTINGS = SettingsConfig()
WATCHING = WatchingConfig()
