"""What every model that tells its next token keeps (`cladist.models.base.TellsNextToken`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from cladist.core.next_token import Context, NextToken, next_byte
from cladist.errors import ModelError
from cladist.models import Model, Request, open_model
from cladist.models.base import TellsNextToken

TEXTS = ("The sea", "def area(radius):\n    return", "Ночью все кошки", "x", "海は広い")


class Telling(Model, TellsNextToken):
    """Both."""


@pytest.fixture
def telling(model: Model) -> Telling:
    assert isinstance(model, TellsNextToken)
    return model  # type: ignore[return-value]


def contexts(model: Model, **changes: object) -> list[Context]:
    interface = "raw" if "raw" in model.interfaces else "chat"
    return [replace(Context(t, interface), **changes) for t in TEXTS]  # type: ignore[arg-type]


def told(model: TellsNextToken, asked: Sequence[Context]) -> list[NextToken]:
    got = list(model.next_tokens(asked))
    assert sorted(i for i, _ in got) == list(range(len(asked)))
    return [n for _, n in sorted(got, key=lambda pair: pair[0])]


def test_distributions_are_sound(telling: Telling) -> None:
    for interface in sorted(telling.interfaces):
        for said in told(telling, contexts(telling, interface=interface)):
            assert said.error == ""
            assert len(said.tokens) == len(said.log_probs) > 0
            assert (np.diff(said.log_probs) <= 0).all()
            assert b"" not in said.tokens
            assert -0.02 < 1 - np.exp(said.log_probs).sum() <= 1
            assert said.gives in (("all",) if telling.gives == "all" else ("all", "top"))
            assert next_byte(said).mass.sum() + next_byte(said).missing == pytest.approx(1)


def test_whole_distributions_leave_nothing_out(telling: Telling) -> None:
    if telling.gives != "all":
        pytest.skip("it tells the likeliest few")
    assert all(said.missing < 1e-4 for said in told(telling, contexts(telling)))


def test_fewer_tokens_are_the_likeliest_of_all(telling: Telling) -> None:
    for whole, few in zip(
        told(telling, contexts(telling)), told(telling, contexts(telling, top=3)), strict=True
    ):
        assert few.tokens == whole.tokens[: len(few.tokens)]
        assert len(few.tokens) <= 3
        assert few.log_probs == pytest.approx(whole.log_probs[: len(few.tokens)], abs=1e-5)
        assert few.gives == "top" or len(whole.tokens) <= 3


def test_company_and_order_change_nothing(telling: Telling) -> None:
    asked = contexts(telling)
    whole = told(telling, asked)
    turned = told(telling, asked[::-1])[::-1]
    alone = [told(telling, [c])[0] for c in asked]
    for other in (turned, alone):
        for a, b in zip(whole, other, strict=True):
            assert next_byte(a).mass == pytest.approx(next_byte(b).mass, abs=1e-5)


def test_the_likeliest_token_is_the_greedy_answer(telling: Telling) -> None:
    asked = contexts(telling)
    requests = [Request(c.text, 1, interface=c.interface) for c in asked]
    for said, (_, response) in zip(
        told(telling, asked), sorted(telling.answer(requests), key=lambda p: p[0]), strict=True
    ):
        first = said.tokens[0] or b""
        assert response.text.strip() == first.decode("utf-8", "ignore").strip()


def test_no_context_no_answer(telling: Telling) -> None:
    assert list(telling.next_tokens([])) == []


@pytest.mark.parametrize("text", ["", "\ud800 alone", "nul \x00", "long " * 20_000])
def test_awkward_contexts_get_an_answer_not_an_exception(telling: Telling, text: str) -> None:
    usual = contexts(telling)[0]
    said, fine = told(telling, [replace(usual, text=text), usual])
    assert bool(said.error) != bool(said.tokens)
    assert fine.tokens


def test_a_system_text_changes_what_is_said(telling: Telling) -> None:
    plain = [replace(contexts(telling)[0], text=f"The sea {i}") for i in range(20)]
    before = told(telling, plain)
    after = told(telling, [replace(c, system="Speak like a pirate, in French") for c in plain])
    assert any(
        abs(next_byte(a).mass - next_byte(b).mass).max() > 1e-3
        for a, b in zip(before, after, strict=True)
    )


def test_a_disguise_is_told_as_it_would_speak(telling: Telling, uri: str) -> None:
    joint = "&" if "?" in uri else "?"
    other = open_model(f"{uri}{joint}temperature=0")
    try:
        assert isinstance(other, TellsNextToken)
        if telling.gives != "all":
            with pytest.raises(ModelError, match="temperature or top-p"):
                list(other.next_tokens(contexts(telling)))
            return
        for plain, cold in zip(
            told(telling, contexts(telling)), told(other, contexts(telling)), strict=True
        ):
            assert cold.tokens == plain.tokens[:1]
            assert cold.log_probs == pytest.approx([0.0])
    finally:
        other.close()


def test_an_interface_that_is_not_offered_is_refused(telling: Telling) -> None:
    for interface in {"raw", "chat"} - telling.interfaces:
        with pytest.raises(ModelError, match=interface):
            list(telling.next_tokens(contexts(telling, interface=interface)))
