"""From the bytes of an HTTP body to JSON: byte-order marks, character sets, event streams."""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import dataclass
from typing import Any

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_STREAM = re.compile(r"\s*(?::|data:|event:|id:|retry:)")
MOST_EVENTS = 100_000


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a body cannot be read; `lasting` when asking again cannot help."""

    why: str
    lasting: bool = False


def parsed(raw: bytes, content_type: str = "") -> Any | Unreadable:
    """The JSON of a body, or of an event stream put together; `Unreadable` says what else it is.

    Byte-order marks are obeyed and control characters inside texts are kept. A body that is
    neither UTF-8 nor of a character set that the server names is not guessed at: a wrong guess
    would be a wrong answer.
    """
    text = _text(raw, content_type)
    if isinstance(text, Unreadable):
        return text
    if not text.strip():
        return Unreadable("the answer has no content")
    if _STREAM.match(text):
        return _put_together(text)
    try:
        # Not strict: some servers leave line ends inside strings as they are.
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        kind = "HTML" if re.match(r"\s*<", text) else "no JSON of the OpenAI API"
        start = " ".join(text[:200].split())[:60]
        return Unreadable(f"the answer is {kind} ('{start}')")


def _text(raw: bytes, content_type: str) -> str | Unreadable:
    named = re.search(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", content_type or "", re.IGNORECASE)
    charset = named[1] if named else "utf-8"
    for mark, name in _MARKS:
        if raw.startswith(mark):
            charset = name
            break
    try:
        return raw.decode(charset)
    except UnicodeDecodeError as problem:
        byte = problem.object[problem.start]
        return Unreadable(
            f"the answer is not {charset.upper()}: byte 0x{byte:02x} at {problem.start}"
        )
    except (LookupError, ValueError):
        return Unreadable(f"the answer is in '{charset}', a character set that nobody knows")


def _put_together(text: str) -> Any | Unreadable:
    """One body from a stream of chunks: texts are joined, everything else is the last told."""
    whole: dict[str, Any] = {}
    choices: dict[int, dict[str, Any]] = {}
    ended = False
    for line in text.splitlines()[:MOST_EVENTS]:
        field, _, value = line.partition(":")
        if field.strip() != "data":
            continue
        value = value.strip()
        if value == "[DONE]":
            ended = True
            break
        try:
            chunk = json.loads(value, strict=False)
        except (ValueError, RecursionError):
            return Unreadable("the stream of the answer holds an event that is no JSON")
        if not isinstance(chunk, dict):
            return Unreadable("the stream of the answer holds an event that is no object")
        if chunk.get("error"):
            return chunk
        whole |= {k: v for k, v in chunk.items() if k != "choices" and v is not None}
        for choice in chunk.get("choices") or ():
            if isinstance(choice, dict):
                _join(choices, choice)
    if not whole and not choices:
        return Unreadable("the stream of the answer holds nothing")
    if not ended and not any(c.get("finish_reason") for c in choices.values()):
        return Unreadable("the stream ended before the answer did")
    return {**whole, "choices": list(choices.values())}


def _join(choices: dict[int, dict[str, Any]], part: dict[str, Any]) -> None:
    index = part.get("index")
    number = index if type(index) is int else 0
    choice = choices.setdefault(number, {"index": number})
    for key, value in part.items():
        if value is None or key in ("index", "delta", "message"):
            continue
        if key == "text" and isinstance(value, str):
            choice["text"] = str(choice.get("text") or "") + value
        else:
            choice[key] = value
    told = part.get("delta") if part.get("delta") is not None else part.get("message")
    if not isinstance(told, dict):
        return
    message = choice.setdefault("message", {})
    for key, value in told.items():
        if isinstance(value, str) and key != "role":
            message[key] = str(message.get(key) or "") + value
        elif isinstance(value, list):
            message[key] = [*message.get(key, []), *value]
        elif value is not None:
            message[key] = value
