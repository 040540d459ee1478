"""Replay of recorded answers."""

from __future__ import annotations

import json

import pytest

from cladist.core.responses import Response, State
from cladist.errors import InputError
from cladist.formats.responses.recorded import read_recorded
from cladist.models import Request
from cladist.models.recorded import RecordedModel

ANSWERS = {"a": Response.of("x"), "b": Response.of("")}


def test_known_prompts_are_answered_and_others_are_errors():
    model = RecordedModel("m", ANSWERS)
    got = dict(model.answer([Request(p, 4) for p in ("b", "unknown", "a", "a")]))
    assert [got[i].text for i in range(4)] == ["", "", "x", "x"]
    assert [got[i].state for i in (0, 1, 2)] == [State.EMPTY, State.ERROR, State.OK]
    model.close()
    model.close()


def test_identity_follows_the_answers():
    one, two = RecordedModel("m", ANSWERS), RecordedModel("m", dict(reversed(ANSWERS.items())))
    other = RecordedModel("m", ANSWERS | {"a": Response.of("y")})
    assert one.identity == two.identity
    assert one.identity.fingerprint != other.identity.fingerprint
    assert one.interfaces == {"raw", "chat"}


def test_a_file_is_replayed_by_its_prompts(tmp_path):
    path = tmp_path / "r.jsonl"
    rows = [{"model": "m", "prompt": p, "response": f"re {p}", "sample": s}
            for p in "ab" for s in (1, 0)]  # fmt: skip
    path.write_text("\n".join(map(json.dumps, rows)))
    model = RecordedModel("m", read_recorded(path).answers("m"))
    assert [r.text for _, r in model.answer([Request("b", 4)])] == ["re b"]


def test_a_file_without_prompts_cannot_be_replayed(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("model,prompt_id,response\nm,1,x\n")
    with pytest.raises(InputError, match="no prompt texts"):
        read_recorded(path).answers("m")
