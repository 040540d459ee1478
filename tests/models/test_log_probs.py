"""Log probabilities of endpoints: every shape that they come in, and every way of giving none."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from faulty_server import Call, Mode, Reply, behaving, error

from cladist.core.distributions import response_of
from cladist.core.likelihood import Likelihood
from cladist.core.next_token import Context, NextToken, next_byte
from cladist.core.responses import State
from cladist.errors import EndpointError, ModelError
from cladist.models import open_model
from cladist.models._log_probs import read_choice, read_echo
from cladist.models.base import TellsLikelihood, TellsNextToken

pytest.importorskip("openai", reason="openai is not installed")


def asked(mode: Mode, interface: str = "raw", number: int = 1) -> tuple[list[NextToken], list[Any]]:
    with behaving(mode) as (server, base):
        model = open_model(f"openai:m@{base}?patience=1&concurrency=1")
        assert isinstance(model, TellsNextToken)
        contexts = [Context(f"The sea {i}", interface) for i in range(number)]  # type: ignore[arg-type]
        found = [said for _, said in sorted(model.next_tokens(contexts), key=lambda p: p[0])]
        return found, server.bodies


def with_log_probs(call: Call, told: Any) -> Reply:
    body = call.good(first_word(told))
    body["choices"][0]["logprobs"] = told
    return Reply(body)


def first_word(told: Any) -> str:
    """The text of the token that log probabilities are told of."""
    if not isinstance(told, dict):
        return "x"
    names = [e.get("token") for e in told.get("content") or ()] or told.get("tokens") or ["x"]
    return str(names[0])


def chat_shape(*entries: tuple[str, list[int] | None, float]) -> dict[str, Any]:
    listed = [{"token": t, "bytes": b, "logprob": p} for t, b, p in entries]
    return {"content": [{**listed[0], "top_logprobs": listed}]}


def test_chat_with_bytes_and_special_tokens() -> None:
    told = chat_shape(
        ("The", [84, 104, 101], -1.0),
        ("\ufffd", [195], -1.5),
        ("", [], -2.0),
        ("<|im_end|>", None, -2.5),
        ("\ufffd", None, -3.0),
        ("nought", None, -9999.0),
    )
    ((said,), bodies) = asked(lambda call: with_log_probs(call, told), "chat")
    assert said.tokens == (b"The", b"\xc3", None, None)
    assert said.gives == "top"
    assert said.missing == pytest.approx(1 - sum(math.exp(-x) for x in (1, 1.5, 2, 2.5)))
    assert bodies[0]["logprobs"] is True
    assert bodies[0]["temperature"] == bodies[0]["top_p"] == bodies[0]["max_tokens"] == 1


def test_completions_with_a_map_of_texts() -> None:
    told = {
        "tokens": [" b"],
        "token_logprobs": [-2.0],
        "top_logprobs": [{" a": -1.0, "bytes:\\xc3": -1.5, "</s>": -3.0, "token_id:7": -4.0}],
    }
    ((said,), bodies) = asked(lambda call: with_log_probs(call, told))
    assert said.tokens == (b" a", b"\xc3", None)
    assert bodies[0]["logprobs"] == 1000


def test_the_sampled_token_beside_the_likeliest_is_left_out() -> None:
    told = {"tokens": ["z"], "top_logprobs": [{c: -1.0 - i for i, c in enumerate("abcdez")}]}
    assert read_choice({"logprobs": told}).tokens == tuple(c.encode() for c in "abcde")


@pytest.mark.parametrize("told", [None, {}, {"content": []}, {"top_logprobs": [None]}, "no", 3])
def test_an_endpoint_that_gives_none_says_so_for_every_context(told: Any) -> None:
    for interface in ("raw", "chat"):
        said, _ = asked(lambda call: with_log_probs(call, told), interface, 3)
        assert [s.tokens for s in said] == [()] * 3
        assert all("no log probabilities" in s.error for s in said)


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ([("a", [97], "-1")], "no number"),
        ([("a", [97], None)], "no number"),
        ([("a", [97], True)], "no number"),
        ([("a", [97], 0.5)], "more than 1"),
        ([("a", [97], -0.1), ("b", [98], -0.1)], "more than 1"),
        ([("a", [97], float("nan"))], "NaN"),
    ],
)
def test_nonsense_is_an_error(entries: Any, why: str) -> None:
    assert why in read_choice({"logprobs": chat_shape(*entries)}).error


def test_log_probabilities_of_another_token_than_was_written_are_an_error() -> None:
    chat = {"message": {"content": "Paris is"}, "logprobs": chat_shape(("London", None, -1.0))}
    plain = {"text": " a", "logprobs": {"tokens": [" the"], "top_logprobs": [{" the": -1.0}]}}
    for choice in (chat, plain):
        found = read_choice(choice)
        assert "another token" in found.error
        assert found.tokens == ()
    for text in ("Lon", "London is", "", None, "\ufffd"):
        choice = {"message": {"content": text}, "logprobs": chat["logprobs"]}
        assert read_choice(choice).error == ""


def test_coarse_numbers_are_told_of() -> None:
    letters = "abcdef"
    rough = [(c, [ord(c)], -0.3 * i - 1.5) for i, c in enumerate(letters)]
    fine = [(c, [ord(c)], -0.31 * i - 1.5) for i, c in enumerate(letters)]
    found = read_choice({"logprobs": chat_shape(*rough)})
    assert found.note == "log probabilities rounded to 0.1"
    assert response_of(next_byte(found)).detail == found.note
    assert read_choice({"logprobs": chat_shape(*fine)}).note == ""
    assert read_choice({"logprobs": chat_shape(*rough[:3])}).note == ""


def test_coarse_numbers_may_add_up_to_more_than_one_by_their_step() -> None:
    coarse = [(c, [ord(c)], -1.75) for c in "abcdef"]
    found = read_choice({"logprobs": chat_shape(*coarse)})
    assert found.error == ""
    assert found.note == "log probabilities rounded to 0.25"
    assert next_byte(found).mass.sum() == pytest.approx(1)
    fine = [(c, [ord(c)], -1.7501 - i / 1000) for i, c in enumerate("abcdef")]
    assert "more than 1" in read_choice({"logprobs": chat_shape(*fine)}).error
    wild = [(c, [ord(c)], -1.5) for c in "abcdef"]
    assert "more than 1" in read_choice({"logprobs": chat_shape(*wild)}).error


def test_a_top_that_changes_between_calls_is_missing_mass() -> None:
    counts = iter([6, 1])

    def fickle(call: Call) -> Reply:
        told = [(c, [ord(c)], -0.51 * (i + 2)) for i, c in enumerate("abcdef")][: next(counts)]
        return with_log_probs(call, chat_shape(*told))

    (many, few), _ = asked(fickle, "chat", 2)
    assert few.missing > many.missing + 0.2
    answers = [response_of(next_byte(s)) for s in (many, few)]
    assert [a.state for a in answers] == [State.TRUNCATED, State.REFUSED]
    assert "was not told" in answers[1].detail


def test_rounded_numbers_are_taken_as_they_are() -> None:
    found = read_choice({"logprobs": chat_shape(("a", [97], -0.69), ("b", [98], -0.69))})
    assert found.error == ""
    assert found.missing == 0.0


def test_hostile_entries_break_nothing() -> None:
    told = {"content": [{"token": 5, "top_logprobs": [7, None, {"token": "\ud800", "logprob": -1},
            {"token": "x", "bytes": [300], "logprob": -1}, {"token": "x", "bytes": [True],
            "logprob": -1}, {"token": "ok", "bytes": None, "logprob": -2}]}]}  # fmt: skip
    assert read_choice({"logprobs": told}).tokens == (b"ok",)


def test_fewer_tokens_are_asked_for_until_the_server_takes_the_number() -> None:
    def strict(call: Call) -> Reply:
        number = call.body["top_logprobs"]
        if number > 20:
            return error(400, f"Invalid 'top_logprobs': {number} is greater than max allowed: 20")
        return with_log_probs(call, chat_shape(("a", [97], -1.0)))

    said, bodies = asked(strict, "chat", 3)
    assert [s.tokens for s in said] == [(b"a",)] * 3
    assert [b["top_logprobs"] for b in bodies] == [1000, 100, 20, 20, 20]


def test_a_server_that_refuses_log_probabilities_ends_the_run_with_its_words() -> None:
    def refuses(call: Call) -> Reply:
        return error(400, "logprobs are not supported by this model")

    try:
        said, _ = asked(refuses, "chat", 12)
    except EndpointError as problem:
        assert "logprobs are not supported" in str(problem)
    else:
        assert all("logprobs are not supported" in s.error for s in said)


def test_thoughts_and_blanks_are_first_tokens_as_any_other() -> None:
    def thinks(call: Call) -> Reply:
        body = call.good("<think>", "length")
        body["choices"][0]["logprobs"] = chat_shape(("<think>", list(b"<think>"), -0.1))
        return Reply(json.dumps(body).encode())

    ((said,), _) = asked(thinks, "chat")
    assert said.tokens == (b"<think>",)
    assert np.exp(said.log_probs[0]) == pytest.approx(math.exp(-0.1))


def echoed(mode: Mode, *texts: str, options: str = "") -> tuple[list[Likelihood], list[Any]]:
    with behaving(mode) as (server, base):
        model = open_model(f"openai:m@{base}?patience=1&concurrency=1{options}")
        assert isinstance(model, TellsLikelihood)
        found = [said for _, said in sorted(model.likelihoods(texts), key=lambda p: p[0])]
        return found, server.bodies


def test_an_echo_is_the_likelihood_of_the_prompt() -> None:
    told = {
        "tokens": ["The", " s", "ea", " is"],
        "token_logprobs": [None, -1.0, -0.5, -2.0],
        "text_offset": [0, 3, 5, 7],
    }
    ((found,), bodies) = echoed(lambda call: with_log_probs(call, told), "The sea")
    assert found.tokens == (b"The", b" s", b"ea")
    assert found.total == -1.5
    assert found.scored == 4
    assert bodies[0]["echo"] is True
    assert bodies[0]["logprobs"] == 1
    assert bodies[0]["prompt"] == "The sea"


def test_special_tokens_before_the_text_are_what_it_is_told_after() -> None:
    told = {"tokens": ["<s>", "The", "x"], "token_logprobs": [None, -3.0, -1.0]}
    found = read_echo({"logprobs": told}, "The")
    assert found.tokens == (b"The",)
    assert found.total == -3.0


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (None, "did not echo"),
        ({"tokens": [" wide"], "token_logprobs": [-1.0]}, "did not echo"),
        ({"tokens": ["The"], "token_logprobs": [None, -1.0]}, "did not echo"),
        ({"tokens": ["The", " s"], "token_logprobs": [None, "x"]}, "no number"),
        ({"tokens": ["The", " sea"], "token_logprobs": [None, float("nan")]}, "NaN"),
        ({"tokens": ["The", " sea"], "token_logprobs": [-0.1, 2.0]}, "above 1"),
        ({"tokens": ["The", " s\ufffd"], "token_logprobs": [None, -0.1]}, "did not echo"),
    ],
)
def test_an_echo_that_lies_is_an_error(told: Any, why: str) -> None:
    found = read_echo({"logprobs": told}, "The sea")
    assert why in found.error
    assert found.tokens == ()
    for text in ("The sea", "The sky"):
        ((over,), _) = echoed(lambda call: with_log_probs(call, told), text)
        assert over.tokens == ()
        assert over.error


def test_a_chat_endpoint_tells_no_likelihood_of_a_text() -> None:
    with pytest.raises(ModelError, match="raw"):
        echoed(lambda call: with_log_probs(call, None), "The sea", options="&interface=chat")
