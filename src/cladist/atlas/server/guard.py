"""What every request has to pass, and what every answer bears.

The server is for the person at this machine. Other web pages in the same browser are not: a page
could name the server by a host name that it points at 127.0.0.1 (DNS rebinding), or send requests
across sites. So the Host must be a loopback name, an Origin must be our own, and what the browser
says of where a request comes from is believed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

__all__ = ["SECURITY_HEADERS", "Guard", "RequestLimits", "problem"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})

SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cache-control": "no-cache",
}


@dataclass(frozen=True)
class RequestLimits:
    """Of a request: bytes of its body and address, seconds to send it and to answer it.

    reporting  seconds to answer with a report, which measures much that no page shows
    """

    body: int = 2_000_000
    address: int = 8_192
    sending: float = 10.0
    answering: float = 60.0
    reporting: float = 300.0


class Guard:
    """Wraps an ASGI application; `methods` tells which are allowed on a path."""

    def __init__(
        self,
        app: App,
        methods: Callable[[str], frozenset[str]],
        limits: RequestLimits,
        port: int | None,
    ) -> None:
        self.app = app
        self.methods = methods
        self.limits = limits
        self.port = port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            # No web sockets here: close before anything is agreed.
            await send({"type": "websocket.close", "code": 1008})
            return
        head = scope["method"] == "HEAD"
        sender = _Sender(send, head)
        refused = self._refusal(scope)
        if refused is not None:
            await problem(sender, *refused)
            return
        if scope["method"] == "OPTIONS":
            allowed = ", ".join(sorted(self.methods(scope["path"])))
            await sender({"type": "http.response.start", "status": 204,
                          "headers": [(b"allow", allowed.encode())]})  # fmt: skip
            await sender({"type": "http.response.body", "body": b""})
            return
        try:
            body = await asyncio.wait_for(self._body(receive), self.limits.sending)
        except TimeoutError:
            await problem(sender, 408, "the request took too long to arrive")
            return
        if body is None:
            await problem(sender, 413, f"a request may have {self.limits.body} bytes")
            return
        report = "/report." in scope["path"]
        longest = self.limits.reporting if report else self.limits.answering
        try:
            await asyncio.wait_for(self.app(scope, _once(body, receive), sender), longest)
        except TimeoutError:
            if not sender.started:
                await problem(sender, 503, "this took too long; ask for less")

    def _refusal(self, scope: Scope) -> tuple[int, str] | tuple[int, str, dict[str, str]] | None:
        headers = [(k.lower(), v) for k, v in scope["headers"]]
        hosts = [v.decode("latin-1") for k, v in headers if k == b"host"]
        if len(hosts) != 1 or not self._ours(hosts[0]):
            return 403, "this server answers to localhost alone; open it by the address it told"
        for origin in (v.decode("latin-1") for k, v in headers if k == b"origin"):
            if origin != f"{scope['scheme']}://{hosts[0]}":
                return 403, "requests from other sites are refused"
        site = [v for k, v in headers if k == b"sec-fetch-site"]
        if any(v not in (b"same-origin", b"none") for v in site) and not (
            # Somebody follows a link to the page: nothing of it can be read over there.
            scope["path"] == "/" and (b"sec-fetch-mode", b"navigate") in headers
        ):
            return 403, "requests from other sites are refused"
        allowed = self.methods(scope["path"])
        if scope["method"] not in allowed:
            return (
                405,
                f"this address takes {', '.join(sorted(allowed))}",
                {"allow": ", ".join(sorted(allowed))},
            )
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > self.limits.address:
            return 414, f"an address may have {self.limits.address} bytes"
        for length in (v for k, v in headers if k == b"content-length"):
            if length.isdigit() and int(length[:20]) > self.limits.body:
                return 413, f"a request may have {self.limits.body} bytes"
        return None

    def _ours(self, host: str) -> bool:
        try:
            parts = urlsplit(f"//{host}")
            port = parts.port
        except ValueError:
            return False
        name = host[: -len(f":{port}")] if port is not None else host
        if name.casefold() not in LOOPBACK:
            return False
        return self.port is None or (80 if port is None else port) == self.port

    async def _body(self, receive: Receive) -> bytes | None:
        """The whole body; None when it is too long."""
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return b""
            part = message.get("body", b"")
            size += len(part)
            if size > self.limits.body:
                return None
            parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts)


class _Sender:
    """Puts the security headers on an answer, and sends no body where none was asked for."""

    def __init__(self, send: Send, head: bool) -> None:
        self.send = send
        self.head = head
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            own = {k.lower() for k, _ in message.get("headers", [])}
            message["headers"] = [
                *message.get("headers", []),
                *(
                    (k.encode(), v.encode())
                    for k, v in SECURITY_HEADERS.items()
                    if k.encode() not in own
                ),
            ]
        elif self.head:
            message = {**message, "body": b""}
        await self.send(message)


def _once(body: bytes, receive: Receive) -> Receive:
    given = False

    async def give() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return give


async def problem(
    send: Callable[[Message], Awaitable[None]],
    status: int,
    message: str,
    headers: dict[str, str] | None = None,
) -> None:
    """Send an error as JSON."""
    body = json.dumps({"error": {"status": status, "message": message}}).encode()
    listed: Iterable[tuple[str, str]] = {
        "content-type": "application/json",
        "content-length": str(len(body)),
        **(headers or {}),
    }.items()
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(k.encode(), v.encode()) for k, v in listed],
        }
    )
    await send({"type": "http.response.body", "body": body})
