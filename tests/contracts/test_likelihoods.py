"""What every model that tells likelihoods keeps (`cladist.models.base.TellsLikelihood`)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from cladist.core.likelihood import Likelihood
from cladist.core.next_token import Context
from cladist.models import Model
from cladist.models.base import TellsLikelihood, TellsNextToken

TEXTS = ("The sea is wide.", "def area(radius):\n    return", "Ночью все кошки", "海は広い")


@pytest.fixture
def telling(model: Model) -> TellsLikelihood:
    if not isinstance(model, TellsLikelihood):
        pytest.skip("it tells no likelihoods")
    return model


def told(model: TellsLikelihood, texts: Sequence[str]) -> list[Likelihood]:
    got = list(model.likelihoods(texts))
    assert sorted(i for i, _ in got) == list(range(len(texts)))
    return [found for _, found in sorted(got, key=lambda pair: pair[0])]


@pytest.fixture
def scored(telling: TellsLikelihood) -> TellsLikelihood:
    found = told(telling, TEXTS)
    if all(f.error for f in found):
        assert {f.tokens for f in found} == {()}
        assert all("echo" in f.error or "encoder-decoder" in f.error for f in found)
        pytest.skip("it says that it tells none")
    return telling


def test_the_tokens_are_those_of_the_text(scored: TellsLikelihood) -> None:
    for text, found in zip(TEXTS, told(scored, TEXTS), strict=True):
        assert found.error == ""
        assert b"".join(found.tokens) == text.encode()
        assert (found.log_probs[1:] <= 1e-6).all()
        assert 0 < found.scored <= len(text.encode())
        assert found.bits_per_byte > 0


def test_company_and_order_change_nothing(scored: TellsLikelihood) -> None:
    whole = told(scored, TEXTS)
    for other in (told(scored, TEXTS[::-1])[::-1], [told(scored, [t])[0] for t in TEXTS]):
        for a, b in zip(whole, other, strict=True):
            assert a.tokens == b.tokens
            assert a.log_probs == pytest.approx(b.log_probs, abs=1e-4, nan_ok=True)


def test_a_likelihood_is_made_of_next_tokens(scored: TellsLikelihood) -> None:
    if not isinstance(scored, TellsNextToken) or scored.gives != "all":
        pytest.skip("it tells the likeliest few")
    (found,) = told(scored, TEXTS[:1])
    cuts = range(2, len(found.tokens))
    contexts = [Context(b"".join(found.tokens[:k]).decode()) for k in cuts]
    said = dict(scored.next_tokens(contexts))
    for place, k in enumerate(cuts):
        chance = said[place].log_probs[said[place].tokens.index(found.tokens[k])]
        assert found.log_probs[k] == pytest.approx(chance, abs=1e-4)


@pytest.mark.parametrize("text", ["", "\ud800 alone", "long " * 20_000])
def test_awkward_texts_get_an_answer_not_an_exception(telling: TellsLikelihood, text: str) -> None:
    odd, _ = told(telling, [text, TEXTS[0]])
    assert bool(odd.error) != bool(odd.tokens) or text == ""
    assert np.isfinite(odd.total)
    assert list(telling.likelihoods([])) == []
