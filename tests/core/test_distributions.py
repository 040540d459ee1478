"""Stored distributions: what goes in comes out, and what is damaged is refused."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cladist.core.distributions import (
    MOST_WITHHELD,
    PACKED,
    function_of,
    gist,
    holds_distributions,
    pack,
    response_of,
    roots_of,
    unpack,
)
from cladist.core.next_token import END, OUTCOMES, NextByte
from cladist.core.responses import Response, ResponseSet, State
from cladist.errors import InputError

masses = hnp.arrays(np.float64, OUTCOMES, elements=st.floats(0, 1)).filter(lambda m: m.sum() > 0)


def said(mass: np.ndarray, missing: float = 0.0) -> NextByte:
    return NextByte(mass / mass.sum() * (1 - missing), missing)


@given(masses, st.floats(0, 0.9))
def test_what_is_stored_is_what_was_told_to_within_a_step(mass: np.ndarray, missing: float) -> None:
    before = said(mass, missing)
    after = unpack(pack(before))
    assert np.sqrt(after.mass) == pytest.approx(np.sqrt(before.mass), abs=0.51 / 65535)
    assert after.missing == pytest.approx(missing, abs=2e-5)
    roots = np.sqrt(before.mass / before.mass.sum())
    if missing < 0.5:
        assert np.linalg.norm(roots_of([pack(before)])[0] - roots) < 2.5e-4


def damaged(good: bytes) -> list[bytes]:
    long = zlib.compress(zlib.decompress(good) + b"\0\0")
    bomb = zlib.compress(bytes(50_000_000))
    nought = zlib.compress(bytes(PACKED))
    return [b"", b"text", good[:-5], good[1:], long, bomb, nought]


def test_damaged_bytes_are_refused() -> None:
    for raw in damaged(pack(said(np.ones(OUTCOMES)))):
        with pytest.raises(InputError, match="damaged"):
            unpack(raw)


def test_states_follow_from_what_was_told() -> None:
    mass = np.ones(OUTCOMES)
    assert response_of(said(mass)).state is State.OK
    assert response_of(said(mass, 0.1)).state is State.TRUNCATED
    withheld = response_of(said(mass, MOST_WITHHELD + 0.1))
    assert withheld.state is State.REFUSED
    assert not withheld.usable
    assert "60% of the probability was not told" in withheld.detail
    failed = response_of(NextByte.failed("the line is dead"))
    assert (failed.state, failed.detail, failed.distribution) == (
        State.ERROR, "the line is dead", b"",
    )  # fmt: skip


def test_the_text_tells_the_likeliest_and_differs_where_the_numbers_do() -> None:
    mass = np.zeros(OUTCOMES)
    mass[[ord("a"), ord(","), 10, END]] = 0.4, 0.3, 0.2, 0.1
    assert gist(NextByte(mass)) == "a 0.400, 0x2c 0.300, 0x0a 0.200, end 0.100"
    near = mass.copy()
    near[[97, 44]] += 2e-4, -2e-4
    texts = {response_of(NextByte(m)).text for m in (mass, near, mass)}
    assert len(texts) == 2
    assert all(t.isprintable() for t in texts)


def test_contexts_that_are_not_usable_are_absent() -> None:
    good = response_of(said(np.ones(OUTCOMES)))
    slots = ((good,), (Response.error("no"),), (), (response_of(said(np.ones(OUTCOMES), 0.8)),))
    answers = ResponseSet("m", ("a", "b", "c", "d"), slots)
    roots, usable = function_of(answers)
    assert usable.tolist() == [True, False, False, False]
    assert np.linalg.norm(roots, axis=1).round(5).tolist() == [1, 0, 0, 0]
    assert holds_distributions(answers)
    assert not holds_distributions(ResponseSet.of_texts("t", ["a", "b"]))
