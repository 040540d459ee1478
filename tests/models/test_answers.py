"""What is known to be an answer is one; everything else is named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cladist.core.origins import Origin
from cladist.core.responses import Response, State
from cladist.models._answers import (
    CUT,
    FAILED,
    TOOLS,
    WHOLE,
    WITHHELD,
    Answered,
    Reply,
    ServerAnswers,
)
from cladist.models._faults import Told
from cladist.models._wire import Unreadable
from cladist.models.base import Request

CHAT = Request("prompt", 16, interface="chat")
RAW = Request("prompt", 16)


def body(
    text: Any = "hello", finish: Any = "stop", chat: bool = True, **more: Any
) -> dict[str, Any]:
    message = more.pop("message", {})
    choice: dict[str, Any] = {"index": 0, "finish_reason": finish, **more.pop("choice", {})}
    if chat:
        choice["message"] = {"role": "assistant", "content": text, **message}
    else:
        choice["text"] = text
    return {"model": "m", "choices": [choice], **more}


def read(
    payload: Any, request: Request = CHAT, answers: ServerAnswers | None = None, **reply: Any
) -> Any:
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return (answers or ServerAnswers()).read(Reply(raw, **reply), request, str.strip)


def answer(payload: Any, request: Request = CHAT, answers: ServerAnswers | None = None) -> Response:
    found = read(payload, request, answers)
    assert isinstance(found, Answered), found
    return found.response


@pytest.mark.parametrize(
    ("values", "state"),
    [
        (WHOLE, State.OK),
        (CUT, State.TRUNCATED),
        (WITHHELD, State.REFUSED),
        (FAILED, State.ERROR),
        (TOOLS, State.OK),
        ({"moonrise"}, State.ERROR),
    ],
)
def test_every_way_to_end_has_its_state_in_any_case(values: set[str], state: State) -> None:
    for value in values:
        for told in (value, value.upper()):
            for request in (CHAT, RAW):
                found = answer(body(finish=told, chat=request is CHAT), request)
                assert found.state is state, told
                assert bool(found.text) is (state is not State.ERROR)


def test_what_nobody_knows_is_named_and_can_be_allowed() -> None:
    found = answer(body(finish="moonrise"))
    assert "finish_reason 'moonrise' is none that cladist knows" in found.detail
    allowed = ServerAnswers(finish="Moonrise")
    assert answer(body(finish="moonrise"), answers=allowed).state is State.OK
    untold = ServerAnswers()
    assert answer(body(finish=None), answers=untold).state is State.OK
    cut = body(finish=None, usage={"completion_tokens": 16})
    assert answer(cut, answers=untold).state is State.TRUNCATED
    assert any("does not tell why an answer ended" in r for r in untold.remarks)


def test_a_failure_inside_an_answer_is_no_answer() -> None:
    broken = body("The capital is Pa", choice={"error": {"code": 502, "message": "gone"}})
    found = read(broken)
    assert found.response == Response("", State.ERROR, None, "gone", Origin("m"))
    assert not found.heard
    withheld = {"error": {"code": "content_filter", "message": "by a filter"}, "message": None}
    assert answer(body(choice=withheld, finish="content_filter")).state is State.REFUSED
    assert "a tool" in answer(body(None, "tool_calls")).detail
    del broken["choices"][0]["message"]
    assert read(broken).response.detail == "gone"


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"error": {"code": 402, "message": "more credits"}}, "more credits"),
        ({"error": "plain words"}, "plain words"),
        ({"object": "error", "message": "not there", "code": 404}, "not there"),
        (
            {"detail": [{"loc": ["body", "seed"], "msg": "not permitted"}]},
            "body.seed: not permitted",
        ),
        ([{"error": {"message": "in a list"}}], "in a list"),
        ({"base_resp": {"status_code": 1008, "status_msg": "no balance"}}, "no balance"),
        ({"errors": ["first", "second"]}, "first; second"),
        (body(error={"message": "beside choices"}), "beside choices"),
    ],
)
def test_an_error_in_a_success_is_told(payload: Any, said: str) -> None:
    found = read(payload)
    assert isinstance(found, Told)
    assert found.words == said


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({**body(), "choices": None}, "'choices' is null"),
        ({**body(), "choices": []}, "'choices' is empty"),
        ({"model": "m"}, "'choices' is missing"),
        ({**body(), "choices": [7]}, "no object"),
        ("text", "a JSON str"),
        (body(7), "content is a int"),
        ({"choices": [{"index": 0}]}, "without a message"),
        (b"", "no content"),
        (b"<html><h1>It works</h1>", "HTML"),
        (b"{]", "no JSON"),
        (b"[" * 100_000, "no JSON"),
    ],
)
def test_what_is_no_answer_is_named(payload: Any, said: str) -> None:
    found = read(payload)
    assert isinstance(found, Unreadable)
    assert said in found.why


def test_chat_messages_for_completions_name_the_way_out() -> None:
    found = read(body(), RAW)
    assert isinstance(found, Unreadable)
    assert "interface=chat" in found.why and found.lasting


def test_character_sets_and_marks_are_obeyed_and_never_guessed() -> None:
    plain = json.dumps(body("café 日本"), ensure_ascii=False)
    for raw in (plain.encode("utf-8-sig"), plain.encode("utf-16"), plain.encode("utf-32")):
        assert answer(raw).text == "café 日本"
    latin = json.dumps(body("café"), ensure_ascii=False).encode("latin-1")
    told = read(latin, content_type="application/json; charset=ISO-8859-1")
    assert told.response.text == "café"
    silent = read(latin, content_type="application/json")
    assert isinstance(silent, Unreadable)
    assert "not UTF-8: byte 0xe9" in silent.why
    unknown = read(latin, content_type="application/json; charset=klingon")
    assert "nobody knows" in unknown.why
    assert answer(json.dumps(body("a@b")).replace("@", "\n\t\x01").encode()).text == "a\n\t\x01b"


def stream(*chunks: Any, done: bool = True) -> bytes:
    lines = [f"data: {json.dumps(c)}\r\n\r\n" for c in chunks]
    return (": PROCESSING\n\n" + "".join(lines) + ("data: [DONE]\n\n" if done else "")).encode()


def part(finish: Any = None, **delta: Any) -> dict[str, Any]:
    return {"model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def test_streams_are_put_together_or_named() -> None:
    whole = stream(part(role="assistant", content="Hel"), part(content="lo"), part("length"))
    assert answer(whole) == Response("Hello", State.TRUNCATED, None, "", Origin("m"))
    thinking = stream(part(reasoning_content="h"), part(reasoning_content="m"), part(content="A"),
                      part("stop"))  # fmt: skip
    assert (answer(thinking).text, answer(thinking).thoughts) == ("A", "hm")
    texts = [{"choices": [{"index": 0, "text": t, "finish_reason": f}]}
             for t, f in (("Hel", None), ("lo", "stop"))]  # fmt: skip
    assert answer(stream(*texts, done=False), RAW).text == "Hello"
    usage = {"choices": [], "usage": {"completion_tokens": 9}}
    assert answer(stream(part("stop", content="A"), usage)).tokens == 9
    cut = read(stream(part(content="Hel"), done=False))
    assert "ended before the answer did" in cut.why
    assert isinstance(read(stream(part(content="x"), {"error": {"message": "gone"}})), Told)
    for bad in (b"data: {]\n\n", b"data: 7\n\n", b": nothing\n\n"):
        assert isinstance(read(bad), Unreadable)


def test_thoughts_stay_apart_unless_they_are_asked_for() -> None:
    fields: list[tuple[Any, dict[str, Any]]] = [
        ("Paris", {"reasoning_content": "hm"}),
        ("Paris", {"reasoning": "hm"}),
        ("Paris", {"reasoning_details": [{"type": "reasoning.text", "text": "hm"}]}),
        ("<think>hm</think>\n\nParis", {}),
        ("hm</think>Paris", {}),
        ([{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
          {"type": "text", "text": "Paris"}], {}),
    ]  # fmt: skip
    for text, message in fields:
        apart = answer(body(text, message=message))
        assert (apart.text, apart.thoughts, apart.state) == ("Paris", "hm", State.OK)
        inside = answer(body(text, message=message), answers=ServerAnswers(thoughts="answer"))
        assert (inside.text, inside.thoughts) == ("hm\n\nParis", "")
    raw = answer(body("hm</think>Paris", chat=False), RAW)
    assert (raw.text, raw.thoughts) == ("hm</think>Paris", "")


@pytest.mark.parametrize(
    ("text", "message", "usage"),
    [
        (None, {"reasoning_content": "Okay"}, {}),
        ("", {"reasoning": "Okay"}, {}),
        ("<think>\nOkay, so", {}, {}),
        (None, {}, {"completion_tokens_details": {"reasoning_tokens": 16}}),
        (None, {}, {}),
    ],
)
def test_a_limit_spent_on_thinking_is_no_empty_answer(
    text: Any, message: dict[str, Any], usage: dict[str, Any]
) -> None:
    found = answer(body(text, "length", message=message, usage=usage))
    assert found.state is State.ERROR
    assert "limit of 16 tokens was spent before the first visible word" in found.detail
    assert "thinking=off" in found.detail and "thinking=TOKENS" in found.detail


def test_what_was_tried_already_is_not_offered_again() -> None:
    spent = body(None, "length", message={"reasoning_content": "Okay"})
    off = answer(spent, answers=ServerAnswers(thinking="off")).detail
    assert "thinking=off did not stop that" in off and "thinking=TOKENS" in off
    more = answer(spent, answers=ServerAnswers(thinking="84")).detail
    assert "limit of 100 tokens" in more and "a larger number for thinking=TOKENS" in more


def test_thoughts_alone_are_no_answer_and_silence_is_an_empty_one() -> None:
    alone = answer(body(None, "stop", message={"reasoning_content": "hm"}))
    assert (alone.state, alone.thoughts) == (State.ERROR, "hm")
    assert answer(body(None, "stop")).state is State.EMPTY
    assert answer(body("  ", "length")).state is State.EMPTY


def test_granted_thoughts_leave_the_answer_its_own_limit() -> None:
    request = Request("prompt", 10, interface="chat")
    words = " ".join(f"w{i:03}" for i in range(20))
    told = {"completion_tokens": 60, "completion_tokens_details": {"reasoning_tokens": 40}}
    granted = ServerAnswers(thinking="100")
    cut = answer(body(words, usage=told), request, granted)
    assert (cut.state, cut.tokens) == (State.TRUNCATED, 10)
    assert len(cut.text) == round(len(words) / 2)
    assert "about 10 visible tokens of 20" in cut.detail
    message = {"reasoning_content": "x" * (3 * len(words))}
    shared = answer(body(words, usage={"completion_tokens": 80}, message=message), request, granted)
    assert len(shared.text) == round(len(words) / 2)
    short = answer(
        body("short", usage={"completion_tokens": 43}, message=message), request, granted
    )
    assert (short.text, short.state) == ("short", State.OK)
    assert answer(body(words, usage=told), request).text == words


def test_who_answered_is_kept_and_another_model_is_refused() -> None:
    answers = ServerAnswers()
    first = body(system_fingerprint="fp_a", provider="one")
    assert answer(first, answers=answers).origin == Origin("m", "fp_a", "one")
    marked = answer(body(system_fingerprint="fp_b", provider="two"), answers=answers)
    assert marked.state is State.OK
    assert marked.detail == "configuration fp_b instead of fp_a; provider two instead of one"
    other = answer({**body(), "model": "n"}, answers=answers)
    assert (other.state, other.origin) == (State.ERROR, Origin("n"))
    assert "'n' instead of 'm'" in other.detail
    assert not answers.moved
    assert any("n (1)" in r for r in answers.remarks)
    header = read(body(), provider="elsewhere")
    assert header.response.origin.provider == "elsewhere"


def test_a_model_that_never_answers_any_more_has_moved() -> None:
    answers = ServerAnswers()
    answers.expect(Origin("m", "fp_a"))
    for count in range(3):
        assert answers.moved == ""
        assert answer({**body(), "model": "n"}, answers=answers).state is State.ERROR, count
    assert answers.moved == "n"
    answers.expect(Origin())
    assert answer({**body(), "model": "n"}, answers=answers).state is State.OK
    assert answers.moved == ""
