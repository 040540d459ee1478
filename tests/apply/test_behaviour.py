"""Features of answers: what they read, and that nobody outside the reference changes them."""

from __future__ import annotations

import numpy as np
import pytest

from cladist.apply.behaviour import behaviour_table, distance_table, read_answers
from cladist.apply.reading import HABITS, conclusion, habits, words
from cladist.core.distances import symmetric
from cladist.core.responses import ResponseSet
from cladist.errors import InputError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"so the result is \boxed{\frac{3}{4}}.", "34"),
        ("The sum is 12. The answer is 1,234.", "1234"),
        ('{"reasoning": "...", "answer": "(B)"}', "(b)"),
        ("first 3, then 5, hence 8", "8"),
        ("I would choose C", "c"),
        ("nothing to see", ""),
        ("", ""),
        ("\\boxed{" * 300, ""),
    ],
)
def test_conclusions(text: str, expected: str) -> None:
    assert conclusion(text) == expected


def test_habits_are_finite_for_any_text() -> None:
    for text in ("a", "\n", "\ud800", "𝕏" * 9000, "- one\n- two\n3) three", "?" * 50, "é"):
        found = habits(text)
        assert found.shape == (len(HABITS),)
        assert np.isfinite(found).all()
    listed = dict(zip(HABITS, habits("- one\n- two"), strict=True))
    assert listed["share of list lines"] == 1.0
    again = dict(zip(HABITS, habits("a b c d " * 9), strict=True))
    assert again["repeated 4-grams of words"] > 0.8
    assert words("Ab, cD") == ["ab", "cd"]


def answers(models: int = 6, probes: int = 12):
    rng = np.random.default_rng(0)
    made = []
    for m in range(models):
        texts = [
            None if rng.random() < 0.1 else f"Model {m % 3} says {rng.integers(3)}"
            for _ in range(probes)
        ]
        made.append(ResponseSet.of_texts(f"m{m}", texts))
    return made


def test_models_outside_the_reference_change_nobody() -> None:
    sets = answers()
    inside = np.array([True] * 5 + [False])
    whole = behaviour_table(read_answers(sets), inside)
    alone = behaviour_table(read_answers(sets[:5]))
    assert [b.width for b in whole.blocks] == [b.width for b in alone.blocks]
    assert whole.values[:5] == pytest.approx(alone.values)


def test_agreement_is_the_share_of_equal_conclusions() -> None:
    sets = [
        ResponseSet.of_texts("a", ["1", "2", "3", None]),
        ResponseSet.of_texts("b", ["it is 1", "so 2", "4", "5"]),
        ResponseSet.of_texts("c", ["none", "none", "none", "none"]),
    ]
    found = behaviour_table(read_answers(sets))
    at = dict(zip([b.name for b in found.blocks], np.cumsum([b.width for b in found.blocks])))
    agreement = found.values[:, at["company"] : at["agreement"]]
    assert agreement == pytest.approx(np.array([[0, 2 / 3, 0], [2 / 3, 0, 0], [0, 0, 0]]))


def test_tables_are_checked() -> None:
    matrix = symmetric(["a", "b"], np.array([[0.0, 1], [1, 0]]), "euclidean")
    found = distance_table(matrix)
    assert found.values.tolist() == [[0, -1], [-1, 0]]
    assert found.select(["b"]).models == ("b",)
    with pytest.raises(InputError, match="no features of 'x'"):
        found.select(["x"])
    with pytest.raises(InputError, match="different probes"):
        read_answers([ResponseSet.of_texts("a", ["1"]), ResponseSet.of_texts("b", ["1", "2"])])
    with pytest.raises(InputError, match="no answers"):
        read_answers([])
    silent = [ResponseSet.of_texts(n, [None, ""]) for n in "ab"]
    with pytest.raises(InputError, match="usable answer"):
        behaviour_table(read_answers(silent))
