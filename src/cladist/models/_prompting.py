"""What a request becomes before a local engine sees it; the same for every engine."""

from __future__ import annotations

from cladist.core.next_token import Context
from cladist.errors import ModelError, UsageError
from cladist.models.base import Identity, ModelURI, Request

TEMPLATE_VALUES = {"date_string": "26 Jul 2024"}
"""Values for chat templates. Some (Llama 3's) write today's date into the prompt, and the answer
would depend on the day; the date is the one that those templates fall back to."""


def raw_text(request: Request) -> str:
    """The text to continue: the system text, a blank line, then the prompt."""
    return f"{request.system}\n\n{request.prompt}" if request.system else request.prompt


def messages(request: Request) -> list[dict[str, str]]:
    """The conversation to answer: the system message if there is one, then the user's."""
    user = {"role": "user", "content": request.prompt}
    return [{"role": "system", "content": request.system}, user] if request.system else [user]


def merged_messages(request: Request) -> list[dict[str, str]]:
    """The conversation for templates without a system role: its text opens the user's message."""
    return [{"role": "user", "content": raw_text(request)}]


def require_interface(
    identity: Identity, offered: frozenset[str], request: Request | Context
) -> None:
    """`ModelError` when the model cannot be asked the way the request wants."""
    if request.interface not in offered:
        reason = " (it has no chat template)" if request.interface == "chat" else ""
        raise ModelError(
            f"model '{identity.name}' cannot be asked through the {request.interface} "
            f"interface{reason}; use {' or '.join(sorted(offered))}"
        )


def refuse_tokens_behind(identity: Identity, context: Context) -> None:
    """`ModelError` for a context with tokens behind it, by a model that takes texts alone."""
    if context.then:
        raise ModelError(
            f"model '{identity.name}' takes a text alone, and cannot be asked what comes after "
            "given tokens; use a raw context of gguf: or of a decoder-only hf: model"
        )


def whole_number(uri: ModelURI, key: str, default: int, low: int, high: int) -> int:
    """An option that is a whole number in [low, high]; `UsageError` otherwise."""
    text = uri.option(key, str(default))
    try:
        value = int(text)
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise UsageError(
            f"'{uri.text}': {key} must be a whole number between {low} and {high}, not '{text}'"
        )
    return value


def one_of(uri: ModelURI, key: str, default: str, known: tuple[str, ...]) -> str:
    """An option with few values; `UsageError` for any other."""
    value = uri.option(key, default)
    if value not in known:
        raise UsageError(f"'{uri.text}': {key} must be one of {', '.join(known)}, not '{value}'")
    return value
