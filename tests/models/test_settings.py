"""Only what means something is sent, and what a server refuses by name is not sent again."""

from __future__ import annotations

from typing import Any

import pytest

from cladist.models._faults import told_by
from cladist.models._settings import Settings
from cladist.models.base import Request

GREEDY = Request("p", 16, interface="chat")
SAMPLED = Request("p", 16, 0.7, 1.0, 2**40 + 5, "chat")


def refuse(settings: Settings, body: Any, request: Request = SAMPLED, status: int = 400) -> bool:
    told = told_by(status, body)
    return settings.adapt(told, settings.body(request, "m"), told.words)


def test_what_has_no_effect_is_not_sent() -> None:
    assert set(Settings().body(GREEDY, "m")) == {"model", "max_tokens", "temperature", "messages"}
    raw = Settings().body(Request("p", 16, 0.0, 0.9), "m")
    assert (raw["prompt"], raw["top_p"], "seed" in raw) == ("p", 0.9, False)
    sampled = Settings().body(SAMPLED, "m")
    # Several servers take .8 to .95 where no top_p is sent.
    assert sampled["top_p"] == 1.0
    assert 0 < sampled["seed"] < 2**31


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"error": {"message": "`temperature` and `top_p` cannot both be specified"}}, "top_p"),
        ({"error": {"message": "Unsupported value: 'temperature' does not support 0.7"}},
         "temperature"),
        ({"error": {"message": "Unsupported parameter", "param": "seed"}}, "seed"),
        ({"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}, "seed"),
        ([{"error": {"message": 'Invalid JSON payload: Unknown name "seed": Cannot find field.'}}],
         "seed"),
        ({"error": "Input validation error: `top_p` must be > 0.0 and < 1.0"}, "top_p"),
        ({"error": "Input validation error: `temperature` must be strictly positive"},
         "temperature"),
        ({"message": "topP is not supported by this model"}, "top_p"),
    ],
)  # fmt: skip
def test_a_setting_that_is_refused_by_name_is_left_out(body: Any, name: str) -> None:
    settings = Settings()
    sent = settings.body(SAMPLED, "m")
    told = told_by(400, body)
    assert settings.adapt(told, sent, "its words")
    assert settings.refused == {name: "its words"}
    assert set(sent) - set(settings.body(SAMPLED, "m")) == {name}
    # Another call that was under way is made again, and the first words stay.
    assert settings.adapt(told, sent, "other words")
    assert settings.refused == {name: "its words"}
    # What is not sent cannot be the reason.
    assert not settings.adapt(told_by(400, {"error": {"message": f"no {name}, please; invalid"}}),
                              {"model": "m"}, "")  # fmt: skip


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"error": {"message": "maximum context length is 64; reduce max_tokens"}}),
        (400, {"error": {"message": "'max_tokens' or 'max_completion_tokens' is too large: 16"}}),
        (400, {"error": {"message": "max_tokens must be at least 16"}}),
        (400, {"error": {"message": "Invalid 'max_tokens': integer below minimum value."}}),
        (400, {"error": {"message": "I cannot talk about temperatures or seeds"}}),
        (500, {"error": {"message": "temperature is not supported"}}),
        (429, {"error": {"message": "seed is not allowed so often"}}),
        (400, {"error": {"message": "bad"}}),
    ],
)
def test_other_failures_cost_no_setting(status: int, body: Any) -> None:
    settings = Settings()
    before = settings.body(SAMPLED, "m")
    assert not refuse(settings, body, status=status)
    assert settings.body(SAMPLED, "m") == before
    assert settings.refused == {}


def test_the_limit_is_renamed_both_ways_and_never_dropped() -> None:
    settings = Settings()
    assert refuse(settings, {"error": {"message": "Use 'max_completion_tokens' instead."}})
    assert settings.body(SAMPLED, "m")["max_completion_tokens"] == 16
    assert not refuse(settings, {"error": {"message": "max_completion_tokens is not supported"}})
    assert "max_completion_tokens" in settings.body(SAMPLED, "m")
    assert settings.refused == {}
    named = Settings()
    extra = {"detail": [{"loc": ["body", "max_tokens"], "msg": "Extra inputs are not permitted"}]}
    assert refuse(named, extra, status=422)
    assert "max_completion_tokens" in named.body(SAMPLED, "m")


def test_thoughts_are_turned_off_by_every_way_that_the_server_takes() -> None:
    settings = Settings("off")
    ways = {"reasoning_effort", "chat_template_kwargs", "thinking"}
    assert ways <= set(settings.body(GREEDY, "m"))
    assert not ways & set(settings.body(Request("p", 16), "m"))
    for name in sorted(ways):
        assert not settings.cannot_be_stopped
        unknown = {"error": {"message": f"Unrecognized request argument supplied: {name}"}}
        assert refuse(settings, unknown, GREEDY)
        assert name not in settings.body(GREEDY, "m")
    assert settings.cannot_be_stopped
    assert settings.refused == {}
    assert not Settings().cannot_be_stopped


def test_thoughts_are_granted_tokens_of_their_own() -> None:
    settings = Settings("512")
    assert settings.grant == 512
    assert settings.body(GREEDY, "m")["max_tokens"] == 528
