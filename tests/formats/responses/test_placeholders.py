"""Failures recorded as answers are known by the whole text, and nothing else is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cladist.core.responses import State
from cladist.formats.responses.placeholders import MAX_LENGTH, failure_of
from cladist.formats.responses.recorded import read_recorded

FAILURES = [
    "$ERROR$",
    "[ERROR]",
    "<error>",
    "#ERROR!",
    "__ERROR__",
    "API_ERROR",
    "[API ERROR]",
    "<|timeout|>",
    "Request timed out.",
    "Request timed out",
    "The read operation timed out",
    "Connection error.",
    "Rate limit exceeded",
    "Rate limit reached for gpt-4 in organization org-x on tokens per min. Limit: 10000",
    "Error: Rate limit exceeded, please try again later.",
    "Error code: 429 - {'error': {'message': 'Rate limit reached', 'type': 'requests'}}",
    "openai.RateLimitError: Error code: 429 - {'error': {'message': 'x'}}",
    "RateLimitError: Rate limit",
    "429 Too Many Requests",
    "HTTP 503",
    "HTTP Error 429: Too Many Requests",
    "Client error '429 Too Many Requests' for url 'https://x/y'",
    "429 Client Error: Too Many Requests for url: https://x",
    "HTTPSConnectionPool(host='api.openai.com', port=443): Read timed out. (read timeout=600)",
    '{"error": {"message": "Rate limit", "type": "tokens", "code": "rate_limit_exceeded"}}',
    "{'error': {'message': 'x', 'code': 1}}",
    '{"error":"Model m/x is currently loading","estimated_time":20.0}',
    '{"object":"error","message":"This model\'s maximum context le'
    'ngth is 4096","type":"BadRequestError","code":400}',
    '{"error":"Rate limit reached for requests"}',
    "The response was filtered due to the prompt triggering Azure OpenAI's "
    "content management policy. Please modify your prompt and retry.",
    "[content_filter]",
    "Content filtered",
    "Output blocked by content filtering policy",
    "content_filter",
    "blocked by safety filters",
    "$MODERATION$ YOUR INPUT VIOLATES OUR CONTENT MODERATION GUIDELINES.",
    "**NETWORK ERROR DUE TO HIGH TRAFFIC. PLEASE REGENERATE OR REFRESH THIS PAGE.**",
    "The server had an error while processing your request. Sorry about that!",
    "That model is currently overloaded with other requests. You can retry your request",
    "You exceeded your current quota, please check your plan and billing details.",
    "Internal Server Error",
    "502 Bad Gateway",
    "Service Unavailable",
    "Timeout error",
    "Timed out after 60 seconds",
    "API request failed",
    "Request failed with status code 429",
    "Error generating response: timeout",
    "Error: Request timed out",
    "An error occurred: Connection error.",
    "TimeoutError: The read operation timed out",
    "Incorrect API key provided: sk-xx. You can find your API key at https",
    "[NO_RESPONSE]",
    "CUDA out of memory. Tried to allocate 2 GiB",
    "Error: 500 Internal Server Error",
    "Error code: 500",
    "Max retries exceeded",
    "litellm.exceptions.Timeout: x",
    "Failed to get response: Request timed out.",
    "insufficient_quota",
    "rate_limit_exceeded",
    "Error: insufficient_quota",
    '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
    '{"message":"Too many requests","status":429}',
    '{"detail":"Rate limit exceeded"}',
    "Exception: HTTPSConnectionPool(host='x', port=443): Max retries exceeded",
    "upstream request timeout",
    "no healthy upstream",
    "ERROR: API returned status 429",
    "<html><head><title>502 Bad Gateway</title></head><body>x</body></html>",
    "Error: Request timed out after 60 seconds.",
    "[ERROR: timeout]",
    "[Error: Rate limit exceeded]",
    "<<ERROR>>",
    "**ERROR**: API timeout",
    "ERROR_RATE_LIMIT",
    "<ERROR: 429>",
    "Provider returned error",
]
ANSWERS = [
    "It prints $ERROR$.",
    "Error",
    "The request timed out because of the slow server. Here is how to fix it: use retries.",
    "A rate limit exceeded message means that you sent too many requests.",
    "ConnectionError",
    "TimeoutError",
    "Not Found",
    "API",
    "HTTP",
    "Connection",
    "Error: invalid input",
    "error: expected ';' before '}' token",
    "ValueError: 400 is too large",
    '{"error": "invalid input"}',
    '{"error": {"message": "x"}}',
    '{"name": "a", "error": {"message": "x", "type": "y"}, "rows": []}',
    "N/A",
    "None",
    "I am sorry, I cannot help with that.",
    "def f():\n    raise TimeoutError('Request timed out')",
    "The error is a timeout.",
    "Rate limiting is a technique for controlling requests.",
    "Content filtering is used to block harmful content.",
    "Timeout",
    "404",
    "The server is overloaded function in C++ means",
    'Traceback (most recent call last):\n  File "x"\nValueError: x',
    "Internal Server Error is HTTP status 500.",
    "Error: division by zero",
    "429",
    "A",
    "",
    "Blocked pipes can be cleared.",
    "[Error handling] is important",
    "Failed requests are retried.",
    "Your request has been flagged? Here's what it means.",
    "HTTP 503 means that the service is unavailable.",
    "Model A is currently loading the data",
    "Server error is 5xx",
    "requests.get(url)",
    "requests.exceptions",
    "google.com",
    "openai.ChatCompletion.create(model='x')",
    "google.colab",
    "requests.post: sends a POST request",
    "I have exceeded the quota",
    "No response",
    "Error code: E42 means low battery",
    "The system is overloaded, so the circuit breaker trips.",
    "The server is busy, so the client should wait and retry. Here is the code: ...",
    "Resource exhausted trees were cut",
    "Too many requests? Use caching to fix this.",
    "Sorry, something went wrong. Please try again later.",
    "Overloaded",
    "**Error**",
    "`Error`",
]


@pytest.mark.parametrize("text", FAILURES)
def test_messages_of_tools_and_providers_are_no_answers(text):
    kind, state = failure_of(f" {text}\n")
    assert state is (State.REFUSED if kind == "content filter" else State.ERROR)


@pytest.mark.parametrize("text", FAILURES)
def test_an_answer_that_goes_on_is_an_answer(text):
    assert failure_of(f"When you see this, wait a minute: {text} Then ask again, politely.") is None


@pytest.mark.parametrize("text", ANSWERS)
def test_what_a_model_may_say_stays_an_answer(text):
    assert failure_of(text) is None


def test_a_filter_is_told_from_a_failure():
    assert failure_of("[content_filter]") == ("content filter", State.REFUSED)
    assert failure_of("Request timed out.") == ("time-out", State.ERROR)
    assert failure_of("Rate limit exceeded") == ("rate limit", State.ERROR)
    assert failure_of("x" * (MAX_LENGTH + 1)) is None


@given(st.text(alphabet="$[]<>{}# _:.'\"errortimdau429", max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_is_told_without_end_or_error(text):
    failure_of(text)
    failure_of(text * 40)


def test_failures_are_errors_on_import_named_and_counted(tmp_path):
    texts = ["$ERROR$", "fine", "$ERROR$", "Content filtered", "N/A", "N/A", "N/A", "ok then"]
    rows = [{"model": "a", "prompt_id": str(k), "response": t} for k, t in enumerate(texts)]
    (tmp_path / "r.jsonl").write_text("\n".join(map(json.dumps, rows)))
    table = read_recorded(tmp_path / "r.jsonl")
    assert [r.state.value for _, _, _, r in table.rows()] == [
        "error", "ok", "error", "refused", "ok", "ok", "ok", "ok",
    ]  # fmt: skip
    assert table.details[0] == "error mark: $ERROR$"
    assert table.notes == (
        "2 recorded answers are no answer but a failure (error mark), such as '$ERROR$'",
        "1 recorded answer is no answer but a failure (content filter), such as 'Content filtered'",
        "3 answers are just 'N/A'; they are kept as answers, look whether they are",
    )
