"""Addresses by which the page has a model asked; all need the token of the server."""

from __future__ import annotations

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cladist.atlas.server.asking import wanted_of
from cladist.atlas.server.reading import body_of, index, only
from cladist.atlas.server.sending import conditional, packed
from cladist.atlas.server.service import Service

__all__ = ["asked_routes"]


def asked_routes(service: Service, path: str) -> list[Route]:
    """Begin at `path`; look at it and stop it at a number below."""

    async def begin(request: Request) -> Response:
        only(request)
        _allowed(service, request)
        wanted = wanted_of(body_of(request, await request.body()))
        # The library that speaks to endpoints takes a second to import.
        made = await to_thread.run_sync(service.askings.begin, wanted)
        return conditional(request, *packed(service.asked(made)))

    async def asking(request: Request) -> Response:
        only(request)
        _allowed(service, request)
        made = service.askings.at(index(request.path_params["number"]))
        if made is None:
            raise HTTPException(404, "no such model is asked; a later one forgets those before")
        if request.method == "DELETE":
            service.askings.stop(made)
        return conditional(request, *packed(service.asked(made)))

    return [
        Route(path, begin, methods=["POST"]),
        Route(f"{path}/{{number}}", asking, methods=["GET", "DELETE"]),
    ]


def _allowed(service: Service, request: Request) -> None:
    """Refuse whoever does not know the token; other people of this machine reach the port too."""
    if not service.askings.on:
        raise HTTPException(403, "this server asks nobody; start it with 'cladist map serve --ask'")
    if not service.askings.allows(request.headers.get("x-cladist-token", "")):
        raise HTTPException(403, "open the page by the whole address that the server told")
