from __future__ import annotations

import numpy as np
import pytest
from made_families import population, sentence

from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.kinship.inference.pairs import pair_evidence
from cladist.kinship.inference.parentage import direction, mixture, rarity


def lineage(seed: int, probes: int = 60) -> list[ResponseSet]:
    """A founder, four children that each changed a third of it, and twelve strangers."""
    draw = np.random.default_rng(seed)
    strangers, _ = population(families=12, members=1, probes=probes, seed=seed)
    founder = [sentence(draw) for _ in range(probes)]
    out = [ResponseSet.of_texts("founder", founder)]
    for c in range(4):
        texts = [sentence(draw) if draw.random() < 0.35 else t for t in founder]
        out.append(ResponseSet.of_texts(f"child{c}", texts))
    return [*out, *strangers]


def test_the_founder_is_the_ancestor_or_nobody() -> None:
    found = []
    for seed in range(4):
        models = lineage(seed)
        pairs, rare = pair_evidence(models), rarity(models)
        for c in range(4):
            d = direction(pairs, rare, f"child{c}", "founder")
            assert direction(pairs, rare, "founder", f"child{c}").ancestor == d.ancestor
            found.append(d.ancestor)
    assert found.count("founder") >= 14
    assert not any(f.startswith("child") for f in found)


def test_siblings_are_seldom_put_in_line() -> None:
    named = 0
    for seed in range(4):
        models = lineage(seed)
        pairs, rare = pair_evidence(models), rarity(models)
        named += sum(
            bool(direction(pairs, rare, "child0", f"child{c}").ancestor) for c in (1, 2, 3)
        )
    assert named <= 6


def test_dates_overrule_behaviour() -> None:
    models = lineage(0)
    pairs, rare = pair_evidence(models), rarity(models)
    d = direction(pairs, rare, "founder", "child0", dates=("2024-05", "2023-01-01"))
    assert (d.ancestor, d.basis) == ("child0", "dates")
    same_day = direction(pairs, rare, "founder", "child0", dates=("2024-05", "2024-05"))
    assert same_day.basis == "behaviour"
    with pytest.raises(InputError, match="no descendant of itself"):
        direction(pairs, rare, "founder", "founder")


def test_rarity_is_the_nats_of_openings() -> None:
    """Four models on one probe: three begin alike, one does not, one is silent elsewhere."""
    texts = [["abcd", "x"], ["abcd", "x"], ["abzz", "x"], ["qrst", None]]
    models = [ResponseSet.of_texts(f"m{i}", t) for i, t in enumerate(texts)]
    rare = rarity(models)
    same, half = np.log(4 / 3), np.log(4 / 2)
    assert rare[0, 0] == pytest.approx((same + same + half) / 3)  # lengths 1, 2, 4
    assert rare[2, 0] == pytest.approx((same + same + np.log(4)) / 3)
    assert rare[3, 0] == pytest.approx(np.log(4))
    assert np.isnan(rare[3, 1]) and rare[0, 1] == 0


def test_a_merge_needs_both_parents_and_a_child_needs_one() -> None:
    models, _ = population(families=12, members=1, probes=80, seed=3)
    draw = np.random.default_rng(0)
    one, two, third = (m.texts() for m in models[:3])
    merged = [a if draw.random() < 0.6 else b for a, b in zip(one, two, strict=True)]
    tuned = [a if draw.random() < 0.6 else sentence(draw) for a in one]
    every = [*models, ResponseSet.of_texts("merge", merged), ResponseSet.of_texts("tuned", tuned)]
    names = [m.model for m in models[:3]]
    found = mixture(every, "merge", names)
    assert found.needed(0.01) == (names[0], names[1])
    assert sum(found.weights) == pytest.approx(1)
    assert found.weights[0] == pytest.approx(0.6, abs=0.15)
    assert third is not None and found.weights[2] < 0.1
    assert mixture(every, "tuned", names).needed(0.01) == (names[0],)
    assert mixture(every, models[5].model, names).needed(0.01) == ()


def test_unrelated_candidates_are_not_needed() -> None:
    """By the sign of what a child gains alone, which is never below zero, nearly all were."""
    models, _ = population(families=30, members=1, probes=60, seed=7)
    names = [m.model for m in models]
    needed = 0
    for k in range(10):
        found = mixture(models, names[3 * k], names[3 * k + 1 : 3 * k + 3], seed=k)
        needed += len(found.needed(0.05))
    assert needed <= 2


def test_a_mixture_without_a_background_is_refused() -> None:
    models, _ = population(families=12, members=1, probes=20)
    with pytest.raises(InputError, match="9 models besides 'f0-m0' and the candidates"):
        mixture(models, "f0-m0", ["f1-m0", "f2-m0"])


def test_mixtures_need_candidates() -> None:
    models, _ = population(families=3, members=1)
    with pytest.raises(InputError, match="at least two candidates"):
        mixture(models, "f0-m0", ["f1-m0"])
    with pytest.raises(InputError, match="at least two candidates"):
        mixture(models, "f0-m0", ["f0-m0", "f1-m0"])
    with pytest.raises(InputError, match="no answers of x"):
        mixture(models, "f0-m0", ["x", "f1-m0"])
