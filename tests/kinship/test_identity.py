from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest

from cladist.core.assay import Assay, Decoding, EncoderSpec, Method, Projection, Protocol
from cladist.core.responses import Response, ResponseSet
from cladist.errors import InputError
from cladist.kinship.inference.identity import identity_kernel, same_model


def answers(name: str, slots: list[list[str]]) -> ResponseSet:
    ids = tuple(str(i) for i in range(len(slots)))
    return ResponseSet(name, ids, tuple(tuple(Response.of(t) for t in s) for s in slots))


def sampler(seed: int, probes: int = 30, samples: int = 4, skew: float = 0.0) -> list[list[str]]:
    """Answers drawn from one distribution a probe; `skew` moves weight to the first word."""
    draw = np.random.default_rng(seed)
    out = []
    for p in range(probes):
        vocabulary = [f"{w}{p % 7}" for w in ("alpha", "beta", "gamma", "delta", "rho", "tau")]
        weights = np.full(6, (1 - skew) / 6)
        weights[0] += skew
        out.append([" ".join(draw.choice(vocabulary, 12, p=weights)) for _ in range(samples)])
    return out


def test_greedy_copies_are_the_same_and_others_are_not() -> None:
    texts = [[f"answer {i * 31 % 17}"] for i in range(60)]
    a = answers("a", texts)
    same = same_model(a, answers("b", texts))
    assert (same.verdict, same.mode, same.effect, same.agreement) == ("same", "greedy", 0.0, 1.0)
    few = answers("b", [t if i else ["answer 0!"] for i, t in enumerate(texts)])
    assert same_model(a, few).verdict == "same"  # one of sixty: a rounding
    half = answers("b", [[t[0] + " more"] if i % 2 else t for i, t in enumerate(texts)])
    changed = same_model(a, half)
    assert changed.verdict == "changed" and "begin alike" in changed.reason
    other = same_model(a, answers("b", [["quite different"]] * 60))
    assert other.verdict == "changed" and "part at once" in other.reason
    assert same_model(answers("a", texts[:5]), answers("b", texts[:5])).verdict == "inconclusive"


def test_greedy_figures_agree_with_the_binomial_test() -> None:
    texts = [[f"t{i}"] for i in range(40)]
    b = answers("b", [["x"] if i < 9 else t for i, t in enumerate(texts)])
    r = same_model(answers("a", texts), b, tolerance=0.1)
    reference = binomtest(9, 40, 0.1, alternative="greater")
    assert r.p == pytest.approx(reference.pvalue)
    both = binomtest(9, 40, 0.1).proportion_ci(0.95, method="exact")
    assert r.interval == pytest.approx((both.low, both.high))


def test_single_answers_of_unknown_decoding_are_never_called_changed() -> None:
    a, b = answers("a", [["x"]] * 40), answers("b", [["y"]] * 40)
    assert same_model(a, b).verdict == "changed"
    doubtful = same_model(a, b, repeatable=False)
    assert doubtful.verdict == "inconclusive" and "sampled" in doubtful.reason


def test_sampled_answers_of_one_distribution_differ_at_the_stated_rate() -> None:
    results = [
        same_model(answers("a", sampler(2 * s, 12)), answers("b", sampler(2 * s + 1, 12)), rate=0.1)
        for s in range(40)
    ]
    assert sum(r.verdict == "changed" for r in results) <= 9  # expected 4 at most
    effects = np.array([r.effect for r in results])
    assert abs(effects.mean()) < 3 * effects.std() / np.sqrt(40)  # unbiased
    assert (effects < 0).any()


def test_sampled_answers_of_other_distributions_are_told_apart() -> None:
    a = answers("a", sampler(0))
    slight = same_model(a, answers("b", sampler(1, skew=0.15)))
    strong = same_model(a, answers("b", sampler(1, skew=0.6)))
    assert slight.verdict == strong.verdict == "changed"
    assert strong.effect > slight.effect > 0
    assert slight.p >= 1 / 2000


def test_many_samples_of_one_distribution_are_the_same() -> None:
    found = same_model(
        answers("a", sampler(0, 120, 8)), answers("b", sampler(1, 120, 8)), tolerance=0.004
    )
    assert found.verdict == "same" and found.samples == 120 * 16
    few = same_model(answers("a", sampler(0, 6, 2)), answers("b", sampler(1, 6, 2)))
    assert few.verdict == "inconclusive" and "cannot be ruled out" in few.reason


def test_a_change_of_some_answers_only_is_seen_per_probe() -> None:
    """Words swapped between probes: the overall manner is unchanged, the answers are not."""
    slots = sampler(0, 40)
    turned = sampler(1, 40)
    moved = answers("b", turned[1:] + turned[:1])
    r = same_model(answers("a", slots), moved)
    assert r.verdict == "changed" and r.effect < 0


def test_unequal_samples_and_failed_requests_are_handled() -> None:
    a = answers("a", [s[: 2 + i % 3] for i, s in enumerate(sampler(0))])
    b = sampler(1)
    slots = tuple(
        (*(Response.of(t) for t in s), Response.error("timeout")) if i % 2 else ()
        for i, s in enumerate(b)
    )
    r = same_model(a, ResponseSet("b", a.probe_ids, slots))
    assert r.probes == 15 and r.verdict != "changed"


def test_kernel_against_a_plain_computation() -> None:
    texts = ["ab", "ab b", "", "ba"]
    from collections import Counter

    def features(t: str) -> Counter[str]:
        found = Counter(" " + w for w in t.split())
        for k in (1, 2, 3):
            found.update(t[i : i + k] for i in range(len(t) - k + 1))
        return found or Counter({"": 1})

    every = [features(t) for t in texts]

    def dot(x: Counter[str], y: Counter[str]) -> float:
        weight = {f: np.log(5 / sum(f in e for e in every)) for f in x}
        return float(sum(np.sqrt(x[f] * y[f]) * weight[f] for f in x))

    kernel = identity_kernel(texts)
    for i, x in enumerate(every):
        for j, y in enumerate(every):
            expected = dot(x, y) / np.sqrt(dot(x, x) * dot(y, y))
            assert kernel[i, j] == pytest.approx(expected)


def test_wrong_input_is_refused() -> None:
    a = answers("a", [["x"]] * 3)
    with pytest.raises(InputError, match="other probes"):
        same_model(a, answers("b", [["x"]] * 4))
    with pytest.raises(InputError, match="no answered probe"):
        same_model(a, answers("b", [[], [], []]))
    with pytest.raises(InputError, match="two answers a probe"):
        same_model(a, a, greedy=False)
    with pytest.raises(InputError, match="error rate"):
        same_model(a, a, rate=0)


@pytest.mark.model
@pytest.mark.skipif(find_spec("xllamacpp") is None, reason="xllamacpp is not installed")
def test_real_models_greedy_and_sampled(tmp_path: Path) -> None:
    """The same weights asked again, quantised, re-prompted, and another model."""
    from cladist.catalog import probe_set
    from cladist.extraction.run import extract
    from cladist.models import open_model
    from cladist.models.builtin import path_of
    from cladist.models.requantize import requantize
    from cladist.registry import Registry

    requantize(path_of("tiny-stage"), tmp_path / "q4.gguf", "Q4_0")
    method = Method("identity", (EncoderSpec("alleles"),), Projection(8))
    place = iter(range(100))

    def ask(uri: str, decoding: Decoding) -> ResponseSet:
        protocol = Protocol("identity", probe_set("genes-128").first(32), decoding)
        with Registry.open(tmp_path / f"r{next(place)}") as store:
            model = open_model(uri)
            try:
                extract(model, Assay("identity", protocol, method), store, allow_sparse=True)
            finally:
                model.close()
            (found,) = store.responses(protocol)
            return found

    greedy = Decoding("raw", 0.0, 1.0, 16)
    reference = ask("builtin:tiny-stage", greedy)

    def verdict(uri: str) -> tuple[str, float]:
        r = same_model(reference, ask(uri, greedy))
        return r.verdict, r.effect

    assert verdict("builtin:tiny-stage") == ("same", 0.0)
    quantised = verdict(f"gguf:{tmp_path / 'q4.gguf'}")
    assert quantised[0] == "changed" and quantised[1] < 1
    assert verdict("builtin:tiny-stage?system=Speak%20like%20a%20pirate.")[0] == "changed"
    assert verdict("builtin:tiny-scripture")[0] == "changed"
    several = [
        ask(uri, Decoding("raw", 0.7, 1.0, 16, 4, seed))
        for seed, uri in enumerate(("builtin:tiny-stage",) * 2 + ("builtin:tiny-scripture",))
    ]
    again, other = (same_model(several[0], s) for s in several[1:])
    assert again.verdict != "changed" and abs(again.effect) < 0.005
    assert other.verdict == "changed" and other.effect > 0.01
