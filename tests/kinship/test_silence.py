"""Whose answers say nothing of descent."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from made_families import population, sentence

import cladist
from cladist import ParentRule
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


def test_nobody_is_the_parent_of_a_copy_or_of_one_that_says_nothing(tmp_path: Path) -> None:
    """Of two copies, and of two echoes, the first by name was named as parent with 100%."""
    made, _ = population(families=12, members=3, kept=0.7)
    texts = {m.model: m.texts() for m in made}
    texts["a-copy"] = texts["f0-m0"]
    texts |= {f"echo-{k}": [f"{q} and so on" for q in PROMPTS] for k in range(2)}
    texts |= {f"no-{k}": (REFUSALS * 10)[:40] for k in range(2)}
    rows = [
        {"model": m, "prompt_id": f"q{p:02}", "prompt": PROMPTS[p], "response": t}
        for m, said_ in texts.items()
        for p, t in enumerate(said_)
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(x) + "\n" for x in rows))
    with cladist.open_registry(tmp_path / "r") as lab:
        cladist.import_responses(tmp_path / "a.jsonl", lab)
        for replicates in (0, 5):
            found = {
                p.model: p for p in cladist.parents(lab, rule=ParentRule(replicates=replicates))
            }
            odd = ("echo-0", "echo-1", "no-0", "no-1")
            assert not any(found[m].told for m in odd)
            assert not {p.parent for p in found.values()} & set(odd)
            pair = found["a-copy"], found["f0-m0"]
            assert all(p.parent not in ("a-copy", "f0-m0") for p in pair)
        dated = cladist.parents(
            lab, dates={"f0-m0": "2024-01-01", "a-copy": "2024-02-01"},
            rule=ParentRule(replicates=0),
        )  # fmt: skip
        assert {p.model: p.parent for p in dated}["a-copy"] == "f0-m0"
