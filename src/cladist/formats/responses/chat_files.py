"""Answers as benchmarks of chat write them: one object a question, with turns or messages.

FastChat's MT-bench, LiveBench and the first Arena-Hard write {"question_id", "model_id",
"choices": [{"index", "turns": [...]}]}; vicuna-bench wrote {"question_id", "text", "model_id"};
Arena-Hard now writes {"uid", "model", "messages": [...]}. Batches of OpenAI answer with
{"custom_id", "response": {"body": ...}}, those of Anthropic with {"custom_id", "result"}.

The first turn keeps the question's id, the n-th one gets 'id/n'.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cladist.core.responses import State
from cladist.formats.responses.json_files import Rows
from cladist.formats.responses.messages import text_of_content, turns_of_messages
from cladist.formats.responses.problems import Problems, RowProblem
from cladist.formats.responses.roles import SETTINGS
from cladist.formats.responses.rows import Gathered, cell
from cladist.formats.responses.table import Columns, prompt_key, shown

__all__ = ["chat_layout", "from_chat_file"]

_STOPS: dict[str, State | None] = {
    "stop": None, "end_turn": None, "stop_sequence": None, "eos": None, "completed": None,
    "length": State.TRUNCATED, "max_tokens": State.TRUNCATED, "incomplete": State.TRUNCATED,
    "content_filter": State.REFUSED, "refusal": State.REFUSED, "error": State.ERROR,
    "cancelled": State.ERROR, "failed": State.ERROR,
}  # fmt: skip
_NAMES = ("model", "model_id", "model_name", "generator")
_IDS = ("question_id", "uid", "prompt_id", "id", "conversation_id")


def chat_layout(row: dict[str, Any]) -> str:
    """Which of the layouts here an object has, '' for none."""
    choices = row.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    if isinstance(first, dict) and "turns" in first:
        return "turns"
    if isinstance(row.get("messages"), list) and not {"response", "output"} & row.keys():
        return "messages"
    if "custom_id" in row and ("response" in row or "result" in row or "error" in row):
        return "batch"
    if {"question_id", "text"} <= row.keys() and {"model_id", "answer_id"} & row.keys():
        return "text"
    return ""


def from_chat_file(
    path: Path, rows: Rows, model: str | None, unit: str, layout: str, problems: Problems | None
) -> Columns:
    """The rows of a file in one of the layouts of `chat_layout`."""
    add, reading = _LAYOUTS[layout]
    out = Gathered(path, unit, problems)
    for number, row in rows:
        with out.row(number):
            if not isinstance(row, dict):
                raise RowProblem("an object is expected")
            add(out, number, row, model)
    if layout == "batch":
        _name_failures(out)
    return out.columns(reading)


def _turns(out: Gathered, number: int, row: dict[str, Any], model: str | None) -> None:
    name, key = _name(row, model), _id(row)
    choices = row.get("choices")
    if not isinstance(choices, list) or not all(isinstance(c, dict) for c in choices):
        raise RowProblem("choices must be a list of objects with turns")
    for place, choice in enumerate(choices):
        turns = choice.get("turns")
        if not isinstance(turns, list):
            raise RowProblem("turns must be a list of answers")
        index = choice.get("index", place)
        for turn, content in enumerate(turns, 1):
            text = text_of_content(content)
            if text is None and content is not None:
                raise RowProblem("a turn must be a text, or an object with content")
            out.add(
                number, model=name, prompt_id=key if turn == 1 else f"{key}/{turn}",
                response=text, sample=cell(index, "sample"), settings=_settings(row),
            )  # fmt: skip
        if not turns:
            out.add(
                number, model=name, prompt_id=key, response=None, sample=cell(index, "sample"),
                detail="no turn recorded",
            )  # fmt: skip


def _messages(out: Gathered, number: int, row: dict[str, Any], model: str | None) -> None:
    name = _name(row, model)
    turns = turns_of_messages(row["messages"] if isinstance(row.get("messages"), list) else [])
    if not turns:
        raise RowProblem("no message of the assistant in 'messages'")
    known = any(row.get(k) is not None for k in _IDS)
    if not known and turns[0][0] is None:
        raise RowProblem("neither an id nor a prompt before the first answer")
    key = _id(row) if known else prompt_key(turns[0][0] or "")
    for turn, (prompt, text) in enumerate(turns, 1):
        # What was said before a later turn holds the model's own earlier answers.
        out.add(
            number, model=name, prompt_id=key if turn == 1 else f"{key}/{turn}",
            prompt=prompt if turn == 1 else None, response=text, settings=_settings(row),
        )  # fmt: skip


def _text(out: Gathered, number: int, row: dict[str, Any], model: str | None) -> None:
    out.add(
        number, model=_name(row, model), prompt_id=_id(row),
        response=cell(row.get("text"), "response"), settings=_settings(row),
    )  # fmt: skip


def _batch(out: Gathered, number: int, row: dict[str, Any], model: str | None) -> None:
    key = cell(row.get("custom_id"), "prompt_id")
    result, response = row.get("result"), row.get("response")
    body: Any = None
    failure = row.get("error")
    if isinstance(result, dict):
        body = result.get("message")
        if result.get("type") != "succeeded":
            failure = failure or result.get("error") or result.get("type") or "no result"
    elif isinstance(response, dict):
        body = response.get("body")
        status = response.get("status_code", 200)
        if isinstance(body, dict) and body.get("error"):
            failure = failure or body["error"]
        elif status != 200:
            failure = failure or f"status {status}"
    if failure or not isinstance(body, dict):
        told = failure.get("message", failure) if isinstance(failure, dict) else failure
        name = body.get("model") if isinstance(body, dict) else None
        out.add(
            number, model=name if isinstance(name, str) else model, prompt_id=key, response=None,
            sample="0",
            state=State.ERROR, detail=shown(str(told or "no body in the response"), 200),
        )  # fmt: skip
        return
    name = body.get("model")
    for sample, (text, stop) in enumerate(_said(body)):
        state = _STOPS.get(stop, State.TRUNCATED) if isinstance(stop, str) else None
        if isinstance(stop, str) and stop not in _STOPS:
            out.note(f"finish_reason '{shown(stop, 40)}' is not known here; counted as cut off")
        out.add(
            number, model=name if isinstance(name, str) else model, prompt_id=key, response=text,
            sample=str(sample), state=state, settings=_settings(body),
            detail="" if state is not State.ERROR else f"finish_reason {shown(str(stop), 40)}",
        )  # fmt: skip


def _said(body: dict[str, Any]) -> list[tuple[str | None, Any]]:
    """(text, why it ended) of every choice of a chat, a completion, a response or a message."""
    choices = body.get("choices")
    if isinstance(choices, list):
        out: list[tuple[str | None, Any]] = []
        for choice in choices:
            if not isinstance(choice, dict):
                raise RowProblem("choices must be a list of objects")
            message = choice.get("message")
            content = message.get("content") if isinstance(message, dict) else choice.get("text")
            refusal = message.get("refusal") if isinstance(message, dict) else None
            if content is None and isinstance(refusal, str):
                out.append((refusal, "refusal"))
            else:
                out.append((text_of_content(content), choice.get("finish_reason")))
        return out
    if isinstance(body.get("output"), list):
        said = [p for p in body["output"] if isinstance(p, dict) and p.get("type") == "message"]
        texts = [text_of_content(p.get("content")) for p in said]
        known = [t for t in texts if t is not None]
        return [("".join(known) if known else None, body.get("status"))]
    if "content" in body:
        return [(text_of_content(body["content"]), body.get("stop_reason"))]
    raise RowProblem("the body of the response holds no choices, output or content")


def _name_failures(out: Gathered) -> None:
    """A request that failed names no model; it is that of the file's answers if there is one."""
    names = {n for n in out.cells["model"] if n is not None}
    if len(names) == 1:
        out.cells["model"] = [n or next(iter(names)) for n in out.cells["model"]]


def _name(row: dict[str, Any], model: str | None) -> str | None:
    told = next((row[k] for k in _NAMES if row.get(k) is not None), None)
    if told is None and model is None:
        raise RowProblem("the row names no model; name it with --model")
    return cell(told, "model") if told is not None else model


def _id(row: dict[str, Any]) -> str | None:
    return next((cell(row[k], "prompt_id") for k in _IDS if row.get(k) is not None), None)


def _settings(row: dict[str, Any]) -> dict[str, Any]:
    info = row.get("api_info")
    both = (row, info if isinstance(info, dict) else {})
    return {k: v for source in both for k, v in source.items() if k in SETTINGS}


_LAYOUTS: dict[
    str, tuple[Callable[[Gathered, int, dict[str, Any], str | None], None], str]
] = {
    "turns": (_turns, "FastChat: model = model_id, prompt_id = question_id, response = turns"),
    "messages": (_messages, "messages: prompt_id = uid, response = what the assistant says"),
    "text": (_text, "vicuna-bench: model = model_id, prompt_id = question_id, response = text"),
    "batch": (_batch, "batch: prompt_id = custom_id, response = what the body says"),
}  # fmt: skip
