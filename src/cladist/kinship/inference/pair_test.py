"""Is B kin of A? A test of one pair that an auditor can sign.

Three questions are asked, and an accusation needs all of the first two:

    panel     do unrelated pairs of the same manner ever have so much in common?  (calibration)
    probes    is it spread over probes, or a few lucky ones?  (sign flips of per-probe excess)
    mismatch  do the two agree more on the same probe than across probes?  (needs no panel, and
              is all there is without one: it tells agreement from manner, not kin from truth)

'unrelated' needs power: known kin of the calibration must nearly all have had more in common.
All else is 'inconclusive', with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.stats import false_discovery_control

from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.kinship.evidence.corpus import Corpus, read_corpus
from cladist.kinship.evidence.manner import opening_keys
from cladist.kinship.evidence.standard import Floats
from cladist.kinship.inference.calibration import (
    MINIMUM_MODELS,
    MISS,
    Calibration,
    Labels,
    PairEvidence,
    calibrate,
    guess_families,
)
from cladist.kinship.inference.states import pair_states

__all__ = [
    "KinshipResult",
    "Verdict",
    "adjust",
    "judge_kinship",
    "mismatch_p",
    "probe_excess",
    "shingles",
    "sign_flip_p",
]

Verdict = Literal["related", "unrelated", "inconclusive"]

CONTROLS = 40
"""Controls a side for the per-probe excess: the panel members nearest in manner."""

STABLE = 0.05
"""Level of the sign-flip test over probes: evidence above it rests on a few lucky probes."""

MINIMUM_KIN = 30
"""Known kin pairs below which nothing is said about power, nor is anybody called unrelated."""

MINIMUM_PROBES = 10
FLIPS = 9_999
READ = 400  # characters of an answer whose wording is compared
SHINGLE = 5
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class KinshipResult:
    """What a test of one pair came to.

    verdict      related, unrelated or inconclusive
    reason       why, in a sentence
    effect       excess over matched unrelated pairs, in their mean deviations; NaN without panel
    per_probe    mean per-probe excess over controls, with its 95% interval over probes
    p            upper bound of the panel p-value (of which `p_point` is the plain estimate)
    p_probes     sign-flip p-value over probes
    p_mismatch   p-value against the same answers on shuffled probes
    kin_p        upper bound of the share of known kin, of any large family, with no more in
                 common; NaN without any
    power        share of known kin that are found at `rate`; NaN without known kin
    rate         false-accusation rate that the verdict keeps to
    probes       probes that both answered
    states       what is remarkable about the answers ('identical-answers', 'few-probes', ...)
    basis        what the calibration rests on, in a sentence
    tokenizer    agreement of token clocks; above 1 the tokenizers look the same
    """

    a: str
    b: str
    verdict: Verdict
    reason: str
    effect: float
    per_probe: tuple[float, float, float]
    p: float
    p_point: float
    p_probes: float
    p_mismatch: float
    kin_p: float
    power: float
    rate: float
    probes: int
    states: tuple[str, ...]
    basis: str
    tokenizer: float = float("nan")


def judge_kinship(
    responses: Sequence[ResponseSet],
    pairs: PairEvidence,
    a: str,
    b: str,
    *,
    rate: float = 0.01,
    labels: Labels | None = None,
    prompts: Sequence[str] | None = None,
    calibration: Calibration | None = None,
    seed: int = 0,
) -> KinshipResult:
    """Test whether `a` and `b` are kin, with all other models given as the panel.

    `responses` and `pairs` (of `pair_evidence`) are of the same models in the same order.
    `prompts` (p) let repeated questions be told from answers. Raises `InputError` for unknown
    names and for a rate outside 0 to 1. Cost beyond `pair_evidence`: O(n^2) for the calibration.
    """
    if not 0 < rate < 1:
        raise InputError(f"a false-accusation rate of {rate} is outside 0 to 1")
    i, j = pairs.index(a), pairs.index(b)
    if i == j:
        raise InputError(f"'{a}' was to be compared with itself; name two models")
    common = int((pairs.present[i] & pairs.present[j]).sum())
    states = pair_states(responses[i], responses[j], prompts)
    p_mismatch = mismatch_p(responses[i], responses[j], seed=seed)
    if calibration is None:
        calibration, missing = _calibration(pairs, labels, (i, j))
    else:
        missing = ""
    if calibration is None:
        return KinshipResult(
            a, b, "inconclusive", _without_panel(p_mismatch, rate, missing), np.nan,
            (np.nan,) * 3, np.nan, np.nan, np.nan, p_mismatch, np.nan, np.nan, rate, common,
            states, f"no calibration: {missing}",
        )  # fmt: skip
    score = np.array(pairs.score[i, j])
    effect = float(calibration.matching.excess(score, pairs.covariates(i, j)[:, None]).item())
    excess = probe_excess(responses, pairs, i, j, labels)
    p, p_probes = calibration.upper_p(effect, seed=seed), sign_flip_p(excess, seed=seed)
    enough = len(calibration.kin) >= MINIMUM_KIN and not pairs.both_aloud(i, j)
    kin_p = calibration.upper_kin_p(effect, seed=seed) if enough else float("nan")
    unheard = calibration.unheard(pairs, i, j)
    verdict, reason = _judge(
        p, p_probes, p_mismatch, kin_p, rate, common, states, unheard, calibration
    )
    return KinshipResult(
        a, b, verdict, reason, effect, _interval(excess, seed), p,
        float(calibration.p_value(effect)), p_probes, p_mismatch, kin_p,
        calibration.power(rate) if enough else float("nan"), rate, common, states,
        _basis(calibration), float(pairs.clock[i, j]),
    )  # fmt: skip


def _calibration(
    pairs: PairEvidence, labels: Labels | None, tested: tuple[int, int]
) -> tuple[Calibration | None, str]:
    others = len(pairs) - 2
    if others < MINIMUM_MODELS:
        return None, (
            f"{others} other models in the panel, {MINIMUM_MODELS} are the least to calibrate on"
        )
    try:
        return calibrate(pairs, labels, leave_out=tested), ""
    except InputError as problem:
        return None, str(problem)


def _without_panel(p: float, rate: float, missing: str) -> str:
    found = (
        f"the two agree more on the same probe than across probes (p = {p:.2g}), which manner "
        "does not explain; but models that merely know the same answers do that too"
        if p <= rate
        else f"the two agree no more on the same probe than across probes (p = {p:.2g})"
    )
    return f"{found}. There are {missing}; neither kinship nor its absence can be claimed"


def _judge(
    p: float,
    p_probes: float,
    p_mismatch: float,
    kin_p: float,
    rate: float,
    common: int,
    states: tuple[str, ...],
    unheard: str,
    calibration: Calibration,
) -> tuple[Verdict, str]:
    if common < MINIMUM_PROBES:
        return "inconclusive", (
            f"both answered only {common} probes; {MINIMUM_PROBES} are the least"
        )
    if "constant-answers" in states:
        return "inconclusive", "one of them says the same whatever it is asked"
    if "prompt-echo" in states:
        return (
            "inconclusive",
            "one of them mostly repeats the prompts, which says nothing",
        )
    if p <= rate and unheard:
        return "inconclusive", unheard
    if p <= rate and p_probes <= STABLE and p_mismatch <= STABLE:
        return "related", (
            f"at most {_percent(p)} of unrelated pairs of the same manner have so much in common, "
            "and it is spread over probes"
        )
    if p <= rate:
        return "inconclusive", "what they share rests on a few probes, or on manner alone"
    if kin_p <= MISS and p > STABLE:
        return "unrelated", (
            f"at most {_percent(kin_p)} of known kin of any large family have so little in common, "
            f"as {_percent(p)} of unrelated pairs do"
        )
    floor = 1 / (1 + len(calibration.null))
    if floor > rate:
        return "inconclusive", (
            f"the panel has {len(calibration.null)} unrelated pairs; a rate of {rate:g} needs "
            f"{int(np.ceil(1 / rate))}"
        )
    alike = "so have kin"
    if not np.isfinite(kin_p):
        which = "known kin that think aloud" if "think-aloud" in states else "known kin"
        alike = f"without {which} nobody is called unrelated"
    return "inconclusive", (
        f"{_percent(p)} of unrelated pairs of the same manner have as much in common (upper "
        f"bound), more than the rate of {_percent(rate)}; {alike}"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.2g}%"


def _basis(c: Calibration) -> str:
    how = "declared families" if c.labelled else "families guessed from tight clusters"
    kin = f", {len(c.kin)} known kin pairs" if c.labelled else ", no known kin"
    return (
        f"{len(c.null)} unrelated pairs among {c.models} models of {c.families} {how}{kin}; "
        "matched on manner and tokenizer" + (", and on thinking aloud" if c.aloud else "")
    )


def probe_excess(
    responses: Sequence[ResponseSet],
    pairs: PairEvidence,
    i: int,
    j: int,
    labels: Labels | None = None,
) -> Floats:
    """Evidence of the pair on every common probe beyond its controls, float64 (m,).

    Shared openings (-ln of the share of controls that begin alike) and shared wording, each less
    the mean over controls and in units of their spread over controls. Controls of a side are
    the CONTROLS models nearest in manner that are neither of the two families.
    """
    family = guess_families(pairs) if labels is None else np.array(labels.circles)
    other = (family != family[i]) & (family != family[j]) & pairs.present.any(axis=1)
    other[[i, j]] = False
    free = np.flatnonzero(other)
    if len(free) < 2:
        return np.zeros(0)
    sides = [free[np.argsort(-pairs.manner[k, free], kind="stable")[:CONTROLS]] for k in (i, j)]
    chosen = np.unique(np.concatenate(sides))
    rows = [i, j, *chosen]
    corpus = read_corpus([responses[k] for k in rows])
    place = {int(k): 2 + n for n, k in enumerate(chosen)}
    both = np.flatnonzero(corpus.present[0] & corpus.present[1])
    total = np.zeros(len(both))
    for values in (_openings(corpus), _wordings(corpus)):
        mine = values[0, 1, both]
        ground = np.zeros(len(both))
        means = []
        for side, row in zip(sides, (0, 1), strict=True):
            against = values[row][[place[int(k)] for k in side]][:, both]
            ground += against.mean(axis=0) / 2
            means.append(against.mean(axis=1))
        spread = float(np.concatenate(means).std())
        total += (mine - ground) / max(spread, 1e-6)
    return np.asarray(total / 2)


def _openings(corpus: Corpus) -> Floats:
    """(2, n, p) nats of the longest shared opening of models 0 and 1 with everybody."""
    n, p = corpus.length.shape
    out = np.zeros((2, n, p))
    for key in opening_keys(corpus.codes):
        for row in (0, 1):
            same = (key == key[row]) & (key > 0)
            nats = np.log((n + 1) / (same.sum(axis=0) + 1))
            out[row] = np.maximum(out[row], np.where(same, nats, 0.0))
    return out


def _wordings(corpus: Corpus) -> Floats:
    """(2, n, p) square-rooted cosines of shingles of models 0 and 1 with everybody."""
    n, p = corpus.length.shape
    out = np.zeros((2, n, p))
    for probe in range(p):
        x = shingles([row[probe][:READ] for row in corpus.texts])
        out[:, :, probe] = np.sqrt(np.clip((x[:2] @ x.T).toarray(), 0.0, None))
    return out


def sign_flip_p(excess: Floats, *, flips: int = FLIPS, seed: int = 0) -> float:
    """One-sided p-value that the mean excess is not above zero, signs flipped over probes.

    (1 + k) / (1 + n). 1 for no probes. A few huge probes cannot make it small.
    """
    m = len(excess)
    if m == 0:
        return 1.0
    draw = np.random.default_rng(seed)
    signs = draw.integers(0, 2, (flips, m), dtype=np.int8) * 2 - 1
    return float((1 + np.sum(signs @ excess >= excess.sum() - 1e-12)) / (1 + flips))


def _interval(excess: Floats, seed: int, resamples: int = 2_000) -> tuple[float, float, float]:
    if len(excess) < 2:
        return (float("nan"),) * 3
    draw = np.random.default_rng(seed)
    picks = draw.integers(0, len(excess), (resamples, len(excess)))
    low, high = np.quantile(excess[picks].mean(axis=1), [0.025, 0.975])
    return float(excess.mean()), float(low), float(high)


def mismatch_p(a: ResponseSet, b: ResponseSet, *, shuffles: int = 9_999, seed: int = 0) -> float:
    """p-value that two models agree on the same probe no more than on different ones.

    A's answer to probe p is held against B's to probe pi(p) for random pi: both keep their
    manner, and whatever they agree on because they were asked the same is lost. Agreement is the
    cosine of 5-character shingles weighted by rarity in the two models' own answers, square-
    rooted, so no panel is needed. 1 with fewer than two common probes.
    """
    corpus = read_corpus([a, b])
    both = np.flatnonzero(corpus.present.all(axis=0))
    m = len(both)
    if m < 2:
        return 1.0
    x = shingles([corpus.texts[k][p][:READ] for k in (0, 1) for p in both])
    kernel = np.sqrt(np.clip((x[:m] @ x[m:].T).toarray(), 0.0, None))
    draw = np.random.default_rng(seed)
    observed = float(np.trace(kernel))
    order = np.argsort(draw.random((shuffles, m)), axis=1)
    shuffled = kernel[np.arange(m), order].sum(axis=1)
    return float((1 + np.sum(shuffled >= observed - 1e-9)) / (1 + shuffles))


def shingles(texts: Sequence[str]) -> sparse.csr_array:
    """(n, f) unit rows of SHINGLE-character shingles, each weighing -ln of its share of texts."""
    owners, hashes = [], []
    for number, text in enumerate(texts):
        raw = (text + "\0" * (SHINGLE - 1)).encode("utf-32-le", "surrogatepass") if text else b""
        codes = np.frombuffer(raw, "<u4")
        width = max(len(codes) - SHINGLE + 1, 0)
        h = np.zeros(width, np.uint64)
        for d in range(SHINGLE):
            h = (h + codes[d : d + width].astype(np.uint64) + np.uint64(1)) * _GOLDEN
        h = np.unique(h)
        hashes.append(h)
        owners.append(np.full(len(h), number))
    owner: NDArray[np.int64] = np.concatenate(owners)
    _, place, users = np.unique(np.concatenate(hashes), return_inverse=True, return_counts=True)
    weight = np.log((len(texts) + 1) / users)[place]
    norm = np.sqrt(np.bincount(owner, weight**2, len(texts)))
    return sparse.csr_array((weight / norm[owner], (owner, place)), shape=(len(texts), len(users)))


def adjust(p: Sequence[float], method: Literal["holm", "bh", "none"] = "holm") -> Floats:
    """Adjusted p-values of several candidates, in the order given.

    holm  family-wise error (Holm 1979, Scand. J. Stat. 6:65)
    bh    false discovery rate (Benjamini & Hochberg 1995, J. R. Stat. Soc. B 57:289)
    """
    values = np.asarray(p, dtype=np.float64)
    if values.size == 0 or method == "none":
        return values
    if np.isnan(values).any() or (values < 0).any() or (values > 1).any():
        raise InputError("p-values to be adjusted must lie within 0 to 1")
    if method == "bh":
        return np.asarray(false_discovery_control(values, method="bh"))
    n = len(values)
    order = np.argsort(values, kind="stable")
    stepped = np.maximum.accumulate(values[order] * (n - np.arange(n)))
    out = np.empty(n)
    out[order] = np.minimum(stepped, 1.0)
    return out
