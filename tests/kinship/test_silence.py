"""Whose answers say nothing of descent."""

from __future__ import annotations

import numpy as np
import pytest
from made_families import sentence

from cladist.core.responses import ResponseSet
from cladist.kinship.inference.silence import why_silent
from cladist.kinship.inference.states import model_flags, said

DRAW = np.random.default_rng(0)
OWN = [sentence(DRAW) for _ in range(40)]
PROMPTS = [f"please continue the text number {p} from here" for p in range(40)]
REFUSALS = [f"{sentence(DRAW)}, and so I cannot help." for _ in range(4)]


def why(texts: list[str | None]) -> str:
    answers = ResponseSet.of_texts("a", texts)
    return why_silent(model_flags(answers, PROMPTS), said(answers))


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (OWN, ""),
        ([*OWN[:20], *REFUSALS * 5], ""),
        ([t if p < 9 else None for p, t in enumerate(OWN)], "9 usable answers"),
        ([t if p < 10 else None for p, t in enumerate(OWN)], ""),
        (REFUSALS[:1] * 40, "the same to nearly all"),
        ([f"{q} and so on" for q in PROMPTS], "repeats the prompts"),
        (REFUSALS * 10, "only 4 different texts to 40 prompts"),
        ([*OWN[:5], *(REFUSALS * 9)[:35]], "only 9 different texts to 40 prompts"),
        ([*OWN[:6], *(REFUSALS * 9)[:34]], ""),
    ],
)
def test_why(texts: list[str | None], told: str) -> None:
    assert bool(told) == bool(why(texts)) and told in why(texts)
