"""Chat messages as recorded files hold them: texts, parts, and a conversation as one prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["prompt_of_messages", "text_of_content", "turns_of_messages"]


def text_of_content(content: Any) -> str | None:
    """Text of a message: a string, the text parts of a list, or {"answer": ...}."""
    if isinstance(content, str):
        return content
    if isinstance(content, dict):
        told = content.get("answer", content.get("content", content.get("text")))
        return told if isinstance(told, str) else None
    if isinstance(content, list):
        parts = [p.get("text") for p in content if isinstance(p, dict)]
        texts = [p for p in parts if isinstance(p, str)]
        return "".join(texts) if texts or not content else None
    return None


def prompt_of_messages(messages: Sequence[Any]) -> str | None:
    """A conversation as one text; several messages keep their roles. None where there is none."""
    said = [
        (m.get("role"), text_of_content(m.get("content", m.get("prompt"))))
        for m in messages
        if isinstance(m, dict)
    ]
    texts = [(role, text) for role, text in said if text]
    if len(texts) == 1:
        return texts[0][1]
    return "\n\n".join(f"{role}: {text}" for role, text in texts) or None


def turns_of_messages(messages: Sequence[Any]) -> list[tuple[str | None, str | None]]:
    """(prompt, answer) of every turn of the assistant; the prompt is all that was said before."""
    turns = []
    for k, message in enumerate(messages):
        if isinstance(message, dict) and message.get("role") == "assistant":
            turns.append(
                (prompt_of_messages(messages[:k]), text_of_content(message.get("content")))
            )
    return turns
