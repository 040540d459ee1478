"""Real models through a real engine: a lower precision or a tuned model shows in few queries."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from cladist.models import open_model
from cladist.models.base import Model
from cladist.models.builtin import path_of
from cladist.models.requantize import requantize
from cladist.provenance.border.learning import Effort
from cladist.provenance.border.looking import Rules, Watched, take_look
from cladist.provenance.border.state import begin

pytest.importorskip("xllamacpp")
pytest.importorskip("gguf")
EFFORT = Effort(contexts=80, pool=20, replicates=100)
RULES = Rules(explain=False)


def queries(model: Model, watched: Watched) -> tuple[str, int]:
    """What is called within 60 queries, and after how many."""
    draw, asked = random.Random(4), 0
    while asked < 60:
        told, watched = take_look(model, watched, RULES, EFFORT, draw)
        asked += told.asked
        if told.status != "same":
            break
    return told.status, asked


@pytest.mark.model
def test_real_changes_of_a_real_model_are_seen_within_sixty_queries(tmp_path: Path) -> None:
    original = open_model("builtin:tiny-scripture")
    watched = replace(begin(original.identity), secret=3)
    told, watched = take_look(original, watched, RULES, EFFORT, random.Random(0))
    assert told.status == "learnt", told.reason
    assert watched.border is not None and watched.border.departed == 0
    assert {i.kind for i in watched.border.inputs} == {"token", "log-probs"}
    assert queries(original, watched) == ("same", 60)
    requantize(path_of("tiny-scripture"), tmp_path / "four.gguf", "Q4_0")
    for uri in (
        f"gguf:{tmp_path}/four.gguf", "builtin:tiny-scripture-poems", "builtin:tiny-stage",
        "builtin:tiny-scripture?system=Answer in rhyme.",
    ):  # fmt: skip
        changed = open_model(uri)
        status, asked = queries(changed, watched)
        assert (status, asked <= 60) == ("changed", True), uri
        changed.close()
    original.close()
