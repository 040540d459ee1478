"""A webhook that is told of changes, until it has taken the notice."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from cladist.core.optional import needed
from cladist.errors import UsageError

__all__ = ["Post", "address_in", "notice", "post"]

Post = Callable[[str, Mapping[str, Any]], str]
"""Sends a notice to an address; returns why it was not taken, '' when it was."""
SECONDS = 10.0


def address_in(variable: str) -> str:
    """The address that an environment variable holds; '' where none is named.

    Raises `UsageError` when the variable is not set or holds no address.
    """
    if not variable:
        return ""
    address = os.environ.get(variable, "")
    if not address.startswith(("https://", "http://")):
        raise UsageError(
            f"the environment variable {variable} (webhook_env) holds no address of a webhook"
        )
    return address


def notice(name: str, look: Mapping[str, Any]) -> dict[str, Any]:
    """What is sent; `text` is what chat services show.

    >>> notice("shop", {"reason": "4 of 4 depart", "time": "noon"})["text"]
    'shop has changed (noon): 4 of 4 depart'
    """
    text = f"{name} has changed ({look.get('time', '')}): {look.get('reason', '')}"
    return {"event": "changed", "endpoint": name, "text": text, "look": dict(look)}


def post(address: str, payload: Mapping[str, Any]) -> str:
    """Send a notice by HTTP; the reason never holds the address, which is a secret.

    Raises `MissingExtraError` without the package httpx.
    """
    with needed("Telling a webhook", "watch"):
        import httpx
    try:
        answer = httpx.post(address, json=dict(payload), timeout=SECONDS, follow_redirects=False)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as problem:
        return f"the webhook was not reached ({type(problem).__name__})"
    return "" if answer.is_success else f"the webhook answered HTTP {answer.status_code}"
