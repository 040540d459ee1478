"""Thoughts and answers kept apart: what a model writes to itself before it answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

FIELDS = ("reasoning_content", "reasoning", "thinking", "thinking_content", "reasoning_details")
"""Fields of a message that hold thoughts, with the first that has any taken."""

_TAGS = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<thoughts>", "</thoughts>"),
    ("<reasoning>", "</reasoning>"),
    ("<reason>", "</reason>"),
    ("<reflection>", "</reflection>"),
    ("<seed:think>", "</seed:think>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<|channel|>analysis<|message|>", "<|end|>"),
)
_FINAL = re.compile(
    r"^\s*(?:<\|start\|>assistant)?<\|channel\|>final<\|message\|>|^\s*<\|begin_of_solution\|>"
    r"|^\s*<\|START_RESPONSE\|>"
)
_LAST = re.compile(r"(?:<\|return\|>|<\|end_of_solution\|>|<\|END_RESPONSE\|>)\s*$")


def told_thoughts(message: Mapping[str, Any]) -> str:
    """The thoughts that a message holds in a field of their own, '' where there are none."""
    for field in FIELDS:
        if text := _text_of(message.get(field)):
            return text
    content = message.get("content")
    if isinstance(content, list):
        return _text_of([p for p in content if isinstance(p, dict) and is_thought(p)])
    return ""


def is_thought(part: Mapping[str, Any]) -> bool:
    """Whether a part of a message's content is a thought."""
    return str(part.get("type", "")).lower() in ("thinking", "reasoning", "redacted_thinking")


def _text_of(value: object, depth: int = 0) -> str:
    if isinstance(value, str):
        return value
    if depth > 4:
        return ""
    if isinstance(value, dict):
        chosen = (value.get(k) for k in ("text", "thinking", "summary", "content"))
        return next((t for t in (_text_of(v, depth + 1) for v in chosen) if t), "")
    if isinstance(value, Iterable):
        return "".join(_text_of(v, depth + 1) for v in value)
    return ""


def split_thoughts(text: str, *, opened: bool) -> tuple[str, str]:
    """(thoughts, answer) of a text that begins with a thinking tag; ('', text) of any other.

    A tag that is never closed makes all of the text thoughts. `opened` says that a template may
    have opened the tag before the answer began, so that a closing one alone ends the thoughts.

    >>> split_thoughts("<think>hm</think>Paris", opened=False)
    ('hm', 'Paris')
    >>> split_thoughts("hm</think>Paris", opened=True)
    ('hm', 'Paris')
    """
    start = text.lstrip()
    for begin, end in _TAGS:
        if start[: len(begin)].lower() == begin.lower():
            thoughts, _, answer = _cut(start[len(begin) :], end)
            return thoughts, _plain(answer)
    if opened:
        for begin, end in _TAGS[:-1]:
            thoughts, found, answer = _cut(text, end)
            if found and begin.lower() not in thoughts.lower():
                return thoughts, _plain(answer)
    return "", _plain(text) if _FINAL.match(text) else text


def _cut(text: str, end: str) -> tuple[str, bool, str]:
    place = text.lower().find(end.lower())
    if place < 0:
        return text, False, ""
    return text[:place], True, text[place + len(end) :].lstrip("\n")


def _plain(answer: str) -> str:
    """An answer without the marks of a final channel."""
    return _LAST.sub("", _FINAL.sub("", answer, count=1))
