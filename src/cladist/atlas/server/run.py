"""Listening, on the loopback address and nowhere else."""

from __future__ import annotations

import errno
import socket
import webbrowser
from collections.abc import Callable

from cladist.atlas.server.app import application
from cladist.atlas.server.service import AtlasService
from cladist.atlas.server.shelf import Shelf
from cladist.errors import MissingExtraError, UsageError

__all__ = ["DEFAULT_PORT", "listen", "serve"]

DEFAULT_PORT = 7373
ADDRESS = "127.0.0.1"
MOST_AT_ONCE = 256


def listen(port: int = DEFAULT_PORT, *, search: bool = True) -> socket.socket:
    """A socket on the loopback address; with `search` the next free port is taken, 0 is any.

    Raises `UsageError` when the port is taken or not allowed.
    """
    last: OSError | None = None
    for number in range(port, port + (20 if search and port else 1)):
        if number > 65_535:
            break
        # With the protocol named, connections send small answers at once; without, each waits
        # 40 ms for the other side's acknowledgement (Nagle's algorithm and delayed ones).
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((ADDRESS, number))
        except OSError as problem:
            made.close()
            last = problem
            if problem.errno != errno.EADDRINUSE:
                break
        else:
            return made
    reason = last.strerror if last else "there is no such port"
    raise UsageError(f"cannot listen on port {port}: {reason}; choose another with --port")


def serve(
    service: AtlasService,
    bound: socket.socket,
    *,
    open_page: bool,
    told: Callable[[str], None],
    shelf: Shelf | None = None,
    token: str = "",
) -> None:
    """Serve until interrupted. `told` gets the address; nothing is logged of requests.

    A `token` stands behind the sign # of the address, which no browser sends anywhere; its word
    there tells the page whether endpoints are asked.
    """
    try:
        import uvicorn
    except ImportError as problem:
        raise MissingExtraError("the server of the atlas", "atlas") from problem
    port = int(bound.getsockname()[1])
    word = "ask" if service.askings.token.on else "token"
    address = f"http://{ADDRESS}:{port}/" + (f"#{word}={token}" if token else "")

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                told(address)
                if open_page:
                    webbrowser.open(address)

    config = uvicorn.Config(
        application(service, port=port, shelf=shelf),
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="off",
        limit_concurrency=MOST_AT_ONCE,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=2,
    )
    Server(config).run(sockets=[bound])
