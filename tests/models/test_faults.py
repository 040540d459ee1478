"""What real servers say when they do not answer, and what follows."""

from __future__ import annotations

from typing import Any

import pytest

from cladist.core.text import same_words
from cladist.models import _endpoint as endpoint_module
from cladist.models._endpoint import Pulse, retry_after
from cladist.models._faults import Kind, Told, judged, told_by, told_in

REAL: list[tuple[str, int, Any, Kind, str]] = [
    # OpenAI and Azure
    ("openai key", 401, {"error": {"message": "Incorrect API key", "code": "invalid_api_key"}},
     Kind.PERMANENT, "Incorrect API key"),
    ("openai quota", 429, {"error": {"message": "You exceeded your current quota, please check "
     "your plan", "code": "insufficient_quota"}}, Kind.PERMANENT, "current quota"),
    ("openai busy", 429, {"error": {"message": "Rate limit reached for gpt-x. Please try again in "
     "20ms.", "code": "rate_limit_exceeded"}}, Kind.WAIT, "Rate limit"),
    ("azure filter", 400, {"error": {"message": "The response was filtered due to the prompt "
     "triggering Azure OpenAI's content management policy.", "code": "content_filter",
     "status": 400}}, Kind.WITHHELD, "filtered"),
    ("azure deployment", 404, {"error": {"code": "DeploymentNotFound", "message": "The API "
     "deployment does not exist."}}, Kind.PERMANENT, "does not exist"),
    # OpenRouter
    ("openrouter credits", 200, {"error": {"code": 402, "message": "requires more credits"}},
     Kind.PERMANENT, "more credits"),
    ("openrouter provider", 200, {"error": {"code": 502, "message": "Provider returned error",
     "metadata": {"raw": "upstream says no"}}}, Kind.WAIT, "Provider returned error (upstream"),
    ("openrouter flagged", 403, {"error": {"code": 403, "message": "Your input was flagged",
     "metadata": {"reasons": ["violence"], "flagged_input": "x"}}}, Kind.WITHHELD, "flagged"),
    ("openrouter day", 429, {"error": {"message": "Rate limit exceeded: free-models-per-day",
     "code": 429}}, Kind.PERMANENT, "per-day"),
    # vLLM, SGLang
    ("vllm model", 404, {"object": "error", "message": "The model `x` does not exist.",
     "type": "NotFoundError", "code": 404}, Kind.PERMANENT, "does not exist"),
    ("vllm length", 400, {"error": {"message": "This model's maximum context length is 64 tokens",
     "type": "BadRequestError", "code": 400}}, Kind.REQUEST, "context length"),
    ("fastapi", 422, {"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs"}]},
     Kind.REQUEST, "body.seed: Extra inputs"),
    # llama.cpp, LM Studio, Ollama
    ("llama.cpp loading", 503, {"error": {"code": 503, "message": "Loading model",
     "type": "unavailable_error"}}, Kind.WAIT, "Loading model"),
    ("llama.cpp embeddings", 501, {"error": {"message": "This server does not support completions",
     "type": "not_supported_error"}}, Kind.PERMANENT, "does not support"),
    ("lm studio", 200, {"error": "Unexpected endpoint or method. (POST /v2/x)"},
     Kind.PERMANENT, "Unexpected endpoint"),
    ("ollama", 404, {"error": {"message": 'model "x" not found, try pulling it first',
     "type": "api_error"}}, Kind.PERMANENT, "not found"),
    # TGI, hubs, clouds
    ("tgi busy", 429, {"error": "Model is overloaded", "error_type": "overloaded"},
     Kind.WAIT, "overloaded"),
    ("hub loading", 503, {"error": "Model x is currently loading", "estimated_time": 20.0},
     Kind.WAIT, "currently loading"),
    ("loading by 500", 500, {"error": "the model is still loading"}, Kind.WAIT, "loading"),
    ("gateway", 502, "<html><head><title>502 Bad Gateway</title></head></html>",
     Kind.WAIT, "502 Bad Gateway"),
    ("edge", 524, "<html><title>524: A timeout occurred</title></html>", Kind.WAIT, "524"),
    ("crash", 500, {"error": {"message": "CUDA error: device-side assert"}}, Kind.FAULT, "CUDA"),
    # Anthropic, Gemini, DeepSeek, Groq, Together, Mistral, MiniMax, DashScope
    ("anthropic overloaded", 529, {"type": "error", "error": {"type": "overloaded_error",
     "message": "Overloaded"}}, Kind.WAIT, "Overloaded"),
    ("anthropic credit", 400, {"error": {"type": "invalid_request_error", "message": "Your credit "
     "balance is too low to access the API"}}, Kind.PERMANENT, "credit balance"),
    ("gemini key", 400, [{"error": {"code": 400, "message": "API key not valid",
     "status": "INVALID_ARGUMENT"}}], Kind.PERMANENT, "API key not valid"),
    ("gemini busy", 503, [{"error": {"code": 503, "message": "The model is overloaded.",
     "status": "UNAVAILABLE"}}], Kind.WAIT, "overloaded"),
    ("deepseek", 402, {"error": {"message": "Insufficient Balance"}}, Kind.PERMANENT, "Balance"),
    ("deepseek content", 400, {"error": {"message": "Content Exists Risk"}}, Kind.WITHHELD, "Risk"),
    ("groq size", 413, {"error": {"message": "Request too large for model", "type": "tokens"}},
     Kind.REQUEST, "too large"),
    ("minimax", 200, {"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}},
     Kind.PERMANENT, "insufficient balance"),
    ("dashscope", 400, {"error": {"code": "data_inspection_failed", "message": "Input data may "
     "contain inappropriate content."}}, Kind.WITHHELD, "inappropriate"),
    ("suspended", 403, {"error": {"message": "Your account was flagged for abuse"}},
     Kind.PERMANENT, "flagged"),
    ("method", 405, {"detail": "Method Not Allowed"}, Kind.PERMANENT, "Not Allowed"),
    ("said nothing", 418, "", Kind.REQUEST, "no reason given"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "kind", "said"), [r[1:] for r in REAL],
                         ids=[r[0] for r in REAL])  # fmt: skip
def test_what_real_servers_say(status: int, body: Any, kind: Kind, said: str) -> None:
    told = told_in(body) if status == 200 else told_by(status, body)
    assert told is not None
    assert judged(told) is kind
    assert said in told.words


def test_an_answer_tells_no_failure() -> None:
    for body in ({"choices": [{}], "error": None}, {"choices": [], "message": "x"}, [], 7, None):
        assert told_in(body) is None


def test_a_page_is_read_by_its_title_or_its_words() -> None:
    assert told_by(500, "<h1>Oops &amp; sorry</h1><script>bad()</script>").words == "Oops & sorry"
    assert told_by(500, "", "Internal Server Error").words == "Internal Server Error"
    deep: Any = "lost"
    for _ in range(50):
        deep = {"error": deep}
    assert told_by(500, deep).words == "no reason given"
    assert told_by(422, {"detail": [{"loc": ["body", "top_p"], "msg": "m"}]}).param == "top_p"


def test_same_words_forget_numbers_and_ids() -> None:
    assert same_words("Wait 12 s, req_8f3a") == same_words("wait 3 s, req_77aa")
    assert same_words("no seed") != same_words("no top_p")


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ({"retry-after": "7"}, {"retryDelay": "41s"}, 7.0),
        ({}, [{"error": {"details": [{"@type": "x"}, {"retryDelay": "41s"}]}}], 41.0),
        ({}, {"error": "loading", "estimated_time": 20.5}, 20.5),
        ({}, {"error": {"message": "Please try again in 1h2m3.5s."}}, 3723.5),
        ({}, {"error": {"message": "try again in 250ms"}}, 0.25),
        ({}, {"error": {"message": "try again in 6m0s"}}, 360.0),
        ({}, {"error": {"message": "try again in a while"}}, None),
        ({}, {"retry_after": True}, None),
        ({}, {"retry_after": "-1"}, None),
        ({}, None, None),
    ],
)
def test_waits_are_read_where_servers_tell_them(
    headers: dict[str, str], body: Any, expected: float | None
) -> None:
    assert retry_after(headers, body) == expected


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(endpoint_module.time, "monotonic", lambda: now[0])
    return now


def test_nobody_there_is_known_soon_and_a_known_endpoint_gets_patience(clock: list[float]) -> None:
    fresh, proven = Pulse(8, 600), Pulse(8, 600)
    refused = [fresh.failed(Kind.FAULT, f"{k}", "p", unreached=True) for k in range(3)]
    assert refused == [False, False, True]
    proven.answered()
    assert not any(proven.failed(Kind.FAULT, "x", f"p{k}", unreached=True) for k in range(50))


def test_the_same_words_for_every_request_are_for_all(clock: list[float]) -> None:
    one = Pulse(8, 600)
    assert not any(one.failed(Kind.REQUEST, "too long", "the same") for _ in range(50))
    assert [one.failed(Kind.REQUEST, f"no {k}", f"p{k}") for k in range(3)] == [False, False, True]
    faulty = Pulse(8, 600)
    assert not any(faulty.failed(Kind.FAULT, "500", f"p{k % 4}") for k in range(50))
    clock[0] += 20
    assert faulty.failed(Kind.FAULT, "500", "p")
    heard = Pulse(8, 600)
    heard.answered()
    assert [heard.failed(Kind.REQUEST, "no", f"p{k}") for k in range(24)] == [False] * 23 + [True]
    assert not any(heard.failed(Kind.FAULT, "500", f"p{k}") for k in range(99))
    waiting = Pulse(8, 600)
    assert not any(waiting.failed(Kind.WAIT, "loading", f"p{k}") for k in range(999))


def test_an_endpoint_is_given_up_when_patience_ends(clock: list[float]) -> None:
    pulse = Pulse(8, 600)
    pulse.failed(Kind.WAIT, "loading", "p")
    clock[0] += 599
    assert not pulse.gave_up()
    clock[0] += 1
    assert pulse.gave_up()
    poisoned = Pulse(8, 600)
    poisoned.answered()
    poisoned.failed(Kind.WAIT, "x", "p")
    clock[0] += 700
    assert [poisoned.gave_up() for _ in range(3)] == [False, False, True]
    hurried = Pulse(8, 600)
    hurried.answered()
    assert [hurried.gave_up() for _ in range(24)] == [False] * 23 + [True]


def test_waiting_is_told_after_two_seconds_and_then_now_and_again(clock: list[float]) -> None:
    pulse = Pulse(8, 600)
    pulse.failed(Kind.WAIT, "loading", "p")
    assert pulse.waiting(0.5) is None
    clock[0] += 1
    assert pulse.waiting(1.5) == 1
    assert pulse.waiting(30) is None
    clock[0] += 15
    assert pulse.waiting(1) == 16
    clock[0] += 4
    assert pulse.answered() == 20
    pulse.failed(Kind.WAIT, "busy", "p")
    clock[0] += 1
    assert pulse.answered() == 0


def test_a_failure_without_a_status_follows_from_its_words() -> None:
    assert judged(Told(0, "temporarily unavailable, try again")) is Kind.WAIT
    assert judged(Told(0, "Internal error: x")) is Kind.FAULT
    assert judged(Told(0, "I do not like this")) is Kind.REQUEST
