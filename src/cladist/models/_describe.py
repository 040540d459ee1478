"""What a server says of itself: its list of models, and the headers beside it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cladist.models._address import Endpoint
from cladist.models._wire import Unreadable, parsed
from cladist.models.served import Described

if TYPE_CHECKING:
    import openai as sdk

__all__ = ["described"]

MOST, LONGEST = 500, 200
"""Models, and characters of a text, that are kept of what a server says."""
_HEADERS = re.compile(r"server|via|x-powered-by|openai-.*|x-.*(provider|model|version|ratelimit).*")
_OWN = ("id", "owned_by", "root", "parent", "max_model_len", "context_length", "meta", "created")


async def described(client: sdk.AsyncOpenAI, endpoint: Endpoint, key: str) -> Described:
    """Ask for the list of models. Whatever goes wrong is a `problem` of the answer."""
    import openai as sdk

    try:
        async with asyncio.timeout(endpoint.timeout):
            reply = (await client.models.with_raw_response.list()).http_response
    except (sdk.APITimeoutError, TimeoutError):
        return Described(problem=f"no answer within {endpoint.timeout} s")
    except sdk.APIStatusError as refused:
        headers = _headers(refused.response.headers, key)
        return Described(headers=headers, problem=f"HTTP {refused.status_code}")
    except sdk.OpenAIError as problem:
        return Described(problem=type(problem.__cause__ or problem).__name__)
    body = parsed(reply.content, reply.headers.get("content-type", ""))
    headers = _headers(reply.headers, key)
    rows = body.get("data") if isinstance(body, dict) else body
    if isinstance(body, Unreadable) or not isinstance(rows, list):
        why = body.why if isinstance(body, Unreadable) else "it is no list of models"
        return Described(headers=headers, problem=_text(why, key))
    listed = [r for r in rows[:MOST] if isinstance(r, dict) and isinstance(r.get("id"), str)]
    own = next((r for r in listed if r["id"] == endpoint.model), {})
    told = {k: _text(own[k], key) for k in _OWN if own.get(k) not in (None, "")}
    return Described(tuple(_text(r["id"], key) for r in listed), told, headers)


def _headers(headers: Mapping[str, str], key: str) -> dict[str, str]:
    found = {k.lower(): _text(v, key) for k, v in headers.items()}
    return {k: v for k, v in sorted(found.items()) if _HEADERS.fullmatch(k)}


def _text(value: Any, key: str) -> str:
    """A value as text: short, printable, without the key."""
    text = str(value)[: 4 * LONGEST]
    if key != "none":
        text = text.replace(key, "***")
    return "".join(c if c.isprintable() else " " for c in text)[:LONGEST].strip()
