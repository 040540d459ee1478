"""The next few bytes from tokens: against brute force, and in what they leave open."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cladist.core.next_bytes import Following, next_bytes
from cladist.core.next_token import NextToken, next_byte
from cladist.errors import UsageError

PIECES = (b"a", b"b", b"ab", b"abc", b"bca", b"ca", b"\xd0", b"\xd0\xb0", None, b"cabba")


def drawn(seed: int, top: int = 0) -> NextToken:
    """Some distribution over `PIECES`."""
    rng = np.random.default_rng(seed)
    chances = rng.dirichlet(np.full(len(PIECES), 0.7))
    said = NextToken.of(PIECES, np.log(chances), "all", list(range(len(PIECES))))
    kept = top or len(said.tokens)
    return NextToken(
        said.tokens[:kept], said.log_probs[:kept], "top" if top else "all",
        numbers=said.numbers[:kept],
    )  # fmt: skip


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(0, 9))
def test_one_token_tells_what_it_begins_with(seed: int, length: int, top: int) -> None:
    said = drawn(seed, top)
    found = next_bytes(said, length)
    chances = dict(zip(said.tokens, np.exp(said.log_probs).tolist(), strict=True))
    texts = {t for t in chances if t is not None}
    for text, chance in found.whole.items():
        assert len(text) == length
        assert chance == pytest.approx(sum(chances[t] for t in texts if t.startswith(text)))
    assert dict(found.open) == pytest.approx({t: chances[t] for t in texts if len(t) < length})
    assert found.ended.get(b"", 0.0) == pytest.approx(chances.get(None, 0.0))
    assert found.missing == pytest.approx(1 - sum(chances.values()), abs=1e-12)
    whole = sum(found.whole.values()) + sum(found.ended.values()) + found.unknown
    assert whole == pytest.approx(1)


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(0, 9))
def test_the_first_of_them_is_the_next_byte(seed: int, length: int, top: int) -> None:
    said = drawn(seed, top)
    first, one = next_bytes(said, length).first(), next_byte(said)
    assert first.mass == pytest.approx(one.mass)
    assert first.missing == pytest.approx(one.missing, abs=1e-12)


def test_one_byte_leaves_nothing_open() -> None:
    assert not next_bytes(drawn(1), 1).open


def test_asking_stops_at_the_bound_and_asks_the_likeliest_first() -> None:
    following = Following(3)
    following.learn(
        (), NextToken.of([b"a", b"bb", b"abc"], np.log([0.5, 0.3, 0.2]), "all", [4, 5, 6])
    )
    assert following.wanted(0.35, 9) == [(4,)]
    assert following.wanted(0.1, 9) == [(4,), (5,)]
    assert following.wanted(0.1, 1) == [(4,)]
    assert following.wanted(0.8, 9) == []
    assert following.wanted(0.0, 0) == []
    following.learn((4,), NextToken.of([b"bc", None], np.log([0.75, 0.25]), "all", [7, 8]))
    found = following.found()
    assert found.whole == pytest.approx({b"abc": 0.2 + 0.375})
    assert found.ended == pytest.approx({b"a": 0.125})
    assert found.open == pytest.approx({b"bb": 0.3})


def test_what_cannot_be_asked_stays_open() -> None:
    plain = NextToken.of([b"a", b"bc"], np.log([0.5, 0.5]), "top")
    following = Following(2)
    following.learn((), plain)
    assert following.wanted(0.0, 100) == []
    assert following.found().open == pytest.approx({b"a": 0.5})
    numbered = Following(2)
    numbered.learn((), NextToken.of([b"a", b"bc"], np.log([0.5, 0.5]), "top", [1, 2]))
    numbered.learn((1,), NextToken.failed("the line is dead"))
    assert numbered.wanted(0.0, 100) == []
    assert numbered.found().open == pytest.approx({b"a": 0.5})
    assert numbered.found().error == ""


def test_what_a_later_step_does_not_tell_is_open_behind_what_is_known() -> None:
    following = Following(2)
    following.learn((), NextToken.of([b"a"], np.log([0.8]), "top", [1]))
    following.learn((1,), NextToken.of([b"b"], np.log([0.5]), "top", [2]))
    found = following.found()
    assert found.whole == pytest.approx({b"ab": 0.4})
    assert found.open == pytest.approx({b"a": 0.4})
    assert found.missing == pytest.approx(0.2)
    assert found.unknown == pytest.approx(0.6)


def test_a_failure_and_a_single_sample_say_so() -> None:
    for said in (NextToken.failed("no"), NextToken((b"ab",), np.array([0.0]), "sampled")):
        found = next_bytes(said, 2)
        assert found.error
        assert (found.missing, found.unknown, dict(found.whole)) == (1.0, 1.0, {})
        assert found.first().error == found.error


def test_probabilities_above_one_by_rounding_are_brought_down() -> None:
    found = next_bytes(NextToken.of([b"ab", b"cd"], np.log([0.61, 0.4]), "top"), 2)
    assert sum(found.whole.values()) == pytest.approx(1)
    assert found.unknown == 0


def test_a_note_is_carried_on() -> None:
    said = NextToken.of([b"ab"] * 5, [-1.75, -2.0, -2.25, -2.5, -3.0], "top")
    assert "rounded" in next_bytes(said, 2).note


@pytest.mark.parametrize("length", [0, -1, 9])
def test_a_length_that_cannot_be_had_is_refused(length: int) -> None:
    with pytest.raises(UsageError, match="bytes can be had"):
        next_bytes(drawn(0), length)


def test_tokens_that_were_not_waited_for_are_refused() -> None:
    with pytest.raises(KeyError):
        Following(2).learn((3,), drawn(0))
