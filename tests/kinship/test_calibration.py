"""Calibration: p-values over cells of makers, and their rates over panels without any kin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from made_families import population

from cladist.errors import InputError
from cladist.kinship.config import CALIBRATION
from cladist.kinship.inference.calibration import Calibration, calibrate
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.levels import Groups
from cladist.kinship.inference.null import guess_families
from cladist.kinship.inference.pairs import PairEvidence, Pairwise, pair_evidence

pytestmark = pytest.mark.long


def scored(even: np.ndarray, odd: np.ndarray) -> PairEvidence:
    """Pairs with these scores on either half of the probes, all of one style."""
    n = len(even)
    nothing = Pairwise(np.zeros((n, n)))
    digest = tuple(k.to_bytes(16, "little") for k in range(n))
    return PairEvidence(
        tuple(map(str, range(n))), Pairwise((even + odd) / 2), Pairwise((even + odd) / 2),
        (Pairwise(even), Pairwise(odd)), nothing, nothing, np.ones((n, 4), np.bool_), digest,
        np.zeros(n, np.bool_),
    )  # fmt: skip


def test_a_p_value_counts_cells_of_makers_and_not_pairs() -> None:
    """Two makers of many models weigh no more than two of one each."""
    makers = ["a"] * 6 + ["b"] * 6 + ["c"]
    score = np.zeros((13, 13))
    score[:6, 6:12] = score[6:12, :6] = np.linspace(1, 2, 36).reshape(6, 6)  # the cell a-b
    score[12, :6] = score[:6, 12] = 5.0
    score[12, 6:12] = score[6:12, 12] = -5.0
    pairs = scored(score, score)
    c = calibrate(pairs, Labels(tuple(makers)))
    (null,) = c.nulls
    assert null.cells == 3 and len(null.residual) == 36 + 6 + 6
    assert c.floor == 1 / 4
    cells = [(range(6), range(6, 12)), (range(6), [12]), (range(6, 12), [12])]
    for i, j in ((0, 6), (3, 9), (5, 11), (12, 0), (12, 6)):
        mine = c.excess(pairs, i, j)
        reached = [c.excess(pairs, *np.meshgrid(one, other)) >= mine for one, other in cells]
        expected = (1 + sum(float(cell.mean()) for cell in reached)) / (1 + 3)
        assert c.p(pairs, i, j) == pytest.approx(expected)
    assert c.p(pairs, 5, 11) > c.p(pairs, 12, 0), "what a and c share is most"
    assert c.p(pairs, [12, 12], [0, 6]).tolist() == [c.p(pairs, 12, 0), c.p(pairs, 12, 6)]


def test_a_model_of_unknown_family_brings_its_own_cells() -> None:
    models, names = population(families=9, members=2)
    pairs = pair_evidence(models)
    c = calibrate(pairs, Labels(("", *names[1:])))
    (null,) = c.nulls
    assert null.makers[0] == -1 and null.cells == 36
    mine = c.excess(pairs, 0, 5)
    others = [k for k in range(1, 18) if names[k] != names[5]]
    above = {
        f: np.mean([c.excess(pairs, 0, k) >= mine for k in others if names[k] == f])
        for f in {names[k] for k in others}
    }
    inside = float(null.tail[np.searchsorted(null.residual, mine)])
    expected = (1 + inside + sum(above.values())) / (1 + 36 + 8)
    assert c.p(pairs, 0, 5) == pytest.approx(expected)


Draw = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]
NOISE: dict[str, Draw] = {
    "normal": lambda draw, shape: draw.normal(size=shape),
    "heavy tails": lambda draw, shape: draw.standard_t(3, size=shape),
    "skewed": lambda draw, shape: draw.lognormal(0, 1, size=shape),
}


def without_kin(
    draw: np.random.Generator, families: int, noise: Draw, effect: float
) -> tuple[PairEvidence, np.ndarray]:
    """A panel of unrelated families of unequal sizes, whose models and makers have effects."""
    sizes = np.maximum(draw.geometric(0.35, families), 1)
    maker = np.repeat(np.arange(families), sizes)
    n = len(maker)
    level = effect * (draw.normal(size=families)[maker] + 0.5 * draw.normal(size=n))
    cell = effect * draw.normal(size=(families, families))
    shared = level[:, None] + level[None, :] + (cell + cell.T)[np.ix_(maker, maker)] / 2
    halves = []
    for _ in range(2):
        rough = np.triu(noise(draw, (n, n)), 1)
        halves.append(shared + rough + rough.T)
        np.fill_diagonal(halves[-1], 0.0)
    return scored(*halves), maker


PANELS = 150


ALPHAS = np.array([0.05, 0.01])


def false_rates(
    families: int, noise: str, effect: float, how: str
) -> tuple[np.ndarray, np.ndarray]:
    """Shares of unrelated pairs called related at ALPHAS, makers drawn evenly, and their errors."""
    draw = np.random.default_rng([families, round(10 * effect), len(noise)])
    shares = []
    for _ in range(PANELS):
        pairs, maker = without_kin(draw, families, NOISE[noise], effect)
        known = np.array([f"maker {k}" for k in maker])
        tested = [draw.choice(families, 2, replace=False) for _ in range(20)]
        if how == "outsiders":
            hidden = {*tested[0].tolist()}
            tested = tested[:1]
            known[np.isin(maker, list(hidden))] = ""
        labels = None if how == "no labels" else Labels(tuple(known.tolist()))
        a, b = (
            np.array([draw.choice(np.flatnonzero(maker == pair[side])) for pair in tested])
            for side in (0, 1)
        )
        try:
            fitted = calibrate(pairs, labels)
        except InputError:
            continue  # too few models by the luck of the draw: nothing is said
        shares.append((fitted.p(pairs, a, b)[:, None] <= ALPHAS).mean(axis=0))
    return np.mean(shares, axis=0), np.std(shares, axis=0) / np.sqrt(len(shares))


@pytest.mark.parametrize("noise", NOISE)
@pytest.mark.parametrize("effect", [0.0, 1.0])
@pytest.mark.parametrize("families", [8, 20, 40])
@pytest.mark.parametrize("how", ["labels", "outsiders", "no labels"])
def test_rates_over_panels_without_kin_are_as_stated(
    families: int, noise: str, effect: float, how: str
) -> None:
    """Also with few makers of unequal sizes, effects of makers, and heavy tails."""
    rates, errors = false_rates(families, noise, effect, how)
    assert (rates <= ALPHAS + 3 * np.maximum(errors, np.sqrt(ALPHAS / PANELS / 20))).all()


def test_a_small_alpha_needs_many_makers() -> None:
    draw = np.random.default_rng(0)
    pairs, maker = without_kin(draw, 12, NOISE["normal"], 0.0)
    c = calibrate(pairs, Labels(tuple(map(str, maker))))
    assert c.floor == 1 / (1 + 12 * 11 / 2) > 0.01
    a, b = np.triu_indices(len(maker), 1)
    assert c.p(pairs, a, b).min() >= c.floor


def test_kin_are_found() -> None:
    models, names = population(families=16, members=3)
    pairs = pair_evidence(models)
    c = calibrate(pairs, Labels(tuple(names)))
    assert (c.models, c.families, c.labelled, len(c.kin)) == (48, 16, True, 48)
    assert c.power(0.05) > 0.8
    guessed = calibrate(pairs)
    assert not guessed.labelled and np.isnan(guessed.power(0.05))
    truth = np.array(names)
    a, b = np.triu_indices(48, 1)
    kin = truth[a] == truth[b]
    assert (guessed.p(pairs, a[kin], b[kin]) <= 0.05).mean() > 0.5
    assert (guessed.p(pairs, a[~kin], b[~kin]) <= 0.05).mean() < 0.05


def test_models_without_labels_take_no_part_and_groups_are_makers() -> None:
    models, names = population(families=8, members=3)
    pairs = pair_evidence(models)
    unknown = tuple("" if i < 3 else n for i, n in enumerate(names))
    assert calibrate(pairs, Labels(unknown)).models == 24 - 3
    one = calibrate(pairs, Labels(tuple(names), tuple("g" if i < 12 else "" for i in range(24))))
    assert one.families == 5  # one group of four families, and four more
    assert one.nulls[0].cells == 10


def test_guessed_families_put_close_kin_together_and_nobody_else() -> None:
    models, names = population(families=10, members=3, kept=0.95)
    guessed = guess_families(pair_evidence(models).score[:])
    truth = np.unique(names, return_inverse=True)[1]
    together = guessed[:, None] == guessed[None, :]
    assert (together & (truth[:, None] != truth[None, :])).sum() == 0
    assert together[truth[:, None] == truth[None, :]].mean() > 0.8


def test_too_small_a_panel_is_refused_with_numbers() -> None:
    models, names = population(families=3, members=3)
    pairs = pair_evidence(models)
    with pytest.raises(
        InputError, match=f"9 models to calibrate on, {CALIBRATION.models} are needed"
    ):
        calibrate(pairs, Labels(tuple(names)))
    models, names = population(families=1, members=14)
    with pytest.raises(InputError, match="two makers are the least"):
        calibrate(pair_evidence(models), Labels(tuple(names)))
    with pytest.raises(InputError, match=r"^1 model to calibrate on"):
        calibrate(pair_evidence(models[:1]))
    # Fourteen models are enough; it is the labels that are too few, and that is said.
    for named, there in ((1, "1 model"), (3, "3 models")):
        few = Labels(tuple(f"family{k}" if k < named else "" for k in range(14)))
        message = f"^{there} of declared family .* labels name {named} of 14 models here$"
        with pytest.raises(InputError, match=message):
            calibrate(pair_evidence(models), few)
    with pytest.raises(InputError, match="labels: 3 for 14"):
        calibrate(pair_evidence(models), Labels(("a", "b", "c")))


def test_copies_are_no_kin_pairs() -> None:
    models, names = population(families=8, members=2)
    copy = replace(models[0], model="copy")
    pairs = pair_evidence([*models, copy])
    c = calibrate(pairs, Labels((*names, names[0])))
    assert len(c.kin) == 8 + 1  # the copy is kin of the sibling, not of its original


def with_kin(
    kin: np.ndarray, of: np.ndarray, declared: list[int] | None = None
) -> tuple[PairEvidence, Calibration]:
    """A calibration on given kin; what style does not explain of models k and k + 1 is k.

    Model k is declared to be of family `declared[k]`, which is -1 for none.
    """
    models, names = population(families=12, members=1)
    found = calibrate(pair_evidence(models), Labels(tuple(names)))
    score = np.zeros((12, 12))
    for k in range(11):
        score[k, k + 1] = score[k + 1, k] = k
    pairs = scored(score, score)
    (null,) = found.nulls
    plain = replace(
        null.expected, coefficients=np.zeros_like(null.expected.coefficients), scale=1.0
    )
    rank = np.argsort(kin, kind="stable")
    of_models = np.full(12, -1) if declared is None else np.array(declared)
    levels = replace(null.levels, groups=Groups(null.makers, of_models))
    return pairs, replace(
        found, nulls=(replace(null, expected=plain, levels=levels),), kin=kin[rank],
        kin_excess=kin[rank], kin_order=of[rank],
    )  # fmt: skip


def test_little_in_common_is_measured_against_known_kin_by_family() -> None:
    pairs, c = with_kin(np.arange(100.0) / 10, np.arange(100) % 10)
    assert c.nulls[0].unexplained(pairs, 3, 4) == pytest.approx(3.0)
    assert c.kin_p(pairs, 0, 1) == pytest.approx((1 + 0.1) / 11)
    assert c.kin_p(pairs, 10, 11) == 1.0
    # A large family whose kin share less than those of all others is not outvoted by them.
    kin = np.concatenate([np.arange(30) / 10, np.arange(200) / 10 + 3])
    of = np.repeat([0, *range(1, 11)], [30, *[20] * 10])
    pairs, odd = with_kin(kin, of)
    assert odd.kin_p(pairs, 1, 2) == pytest.approx(12 / 31)
    # That is no matter of two models that are declared to be of others, unless these are small.
    declared = [3, 3, 5, 0, 0, 0, 11, 11, 11, 11, 11, 11]
    pairs, odd = with_kin(kin, of, declared)
    assert odd.kin_p(pairs, 1, 2) == pytest.approx((1 + 11 / 30) / 12), "the mean over families"
    assert odd.kin_p(pairs, 2, 3) == pytest.approx(22 / 31), "either may be of the other's family"
    assert odd.kin_p(pairs, 5, 6) == 1.0 == odd.kin_p(pairs, 8, 9)
    assert odd.kin_p(pairs, 0, 1) == pytest.approx((1 + 1 / 30) / 12)
    pairs, few = with_kin(np.arange(CALIBRATION.kin - 1.0), np.zeros(CALIBRATION.kin - 1, np.int64))
    assert np.isnan(few.kin_p(pairs, 0, 1)) and np.isnan(few.power(0.01))
