"""Distributions of the next token and of the next byte."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cladist.core.next_token import (
    END,
    NextByte,
    NextToken,
    Vocabulary,
    as_sampled,
    next_byte,
)

PIECES = (None, b"the", b"t", b" a", b"", b"\xd0\xb0", b"\xd0")


@given(hnp.arrays(np.float64, len(PIECES), elements=st.floats(-30, 5)))
def test_bytes_have_the_mass_of_the_tokens_that_begin_with_them(scores: np.ndarray) -> None:
    log_probs = scores - np.logaddexp.reduce(scores)
    chances = dict(zip(range(len(PIECES)), np.exp(log_probs), strict=True))
    found = next_byte(Vocabulary(PIECES).distribution(log_probs))
    expected = {END: chances[0], ord("t"): chances[1] + chances[2], ord(" "): chances[3],
                0xD0: chances[5] + chances[6]}  # fmt: skip
    for place in range(257):
        assert found.mass[place] == pytest.approx(expected.get(place, 0.0), abs=1e-12)
    assert found.missing == pytest.approx(chances[4], abs=1e-9)


@given(st.integers(1, 6))
def test_what_is_not_told_is_missing(top: int) -> None:
    log_probs = np.log(np.array([0.05, 0.3, 0.25, 0.2, 0.1, 0.06, 0.04]))
    said = Vocabulary(PIECES).distribution(log_probs, top)
    told = np.sort(np.exp(log_probs))[::-1][:top].sum() - (0.1 if top >= 4 else 0.0)
    assert said.missing == pytest.approx(1 - told)
    assert said.gives == "top"
    assert next_byte(said).missing == pytest.approx(said.missing)


def test_one_sample_is_no_distribution() -> None:
    said = NextToken((b"a",), np.array([0.0]), "sampled")
    assert math.isnan(said.missing)
    assert "one sampled token" in next_byte(said).error


def test_a_failure_is_carried_on() -> None:
    found = next_byte(NextToken.failed("the line is dead"))
    assert found.error == "the line is dead"
    assert (found.missing, found.mass.sum()) == (1.0, 0.0)
    assert NextByte.failed("x").missing == 1.0


@pytest.mark.parametrize(
    ("values", "why"),
    [([math.nan, -1.0], "NaN"), ([-math.inf, -math.inf], "no token any"), ([], "no token any"),
     ([math.inf], "no token any"), ([math.inf, -1.0], "more than 1"), ([0.0, 0.0], "more than 1")],
)  # fmt: skip
def test_numbers_that_are_no_probabilities(values: list[float], why: str) -> None:
    assert why in NextToken.of([b"a"] * len(values), values, "all").error
    assert why in Vocabulary((b"a", b"b")).distribution(np.array(values, dtype=float)).error


def test_tokens_of_no_probability_are_left_out() -> None:
    said = NextToken.of([b"a", b"b"], [-math.inf, 0.0], "all")
    assert said.tokens == (b"b",)


def test_temperature_and_top_p() -> None:
    said = NextToken.of([b"a", b"b", b"c"], np.log([0.5, 0.3, 0.2]), "all")
    hot = as_sampled(said, 2.0, 1.0)
    roots = np.sqrt([0.5, 0.3, 0.2])
    assert np.exp(hot.log_probs) == pytest.approx(roots / roots.sum())
    cut = as_sampled(said, 1.0, 0.6)
    assert np.exp(cut.log_probs) == pytest.approx([0.625, 0.375])
    assert as_sampled(said, 1.0, 0.5).tokens == (b"a",)
    assert as_sampled(said, 1.0, 1.0, top=2).gives == "top"
    assert as_sampled(said, 1.0, 1.0, top=2).missing == pytest.approx(0.2)
