"""Addresses that do more than tell: a report is made; for who has the token, more.

With the token a model is asked, and an installed reference is opened.
"""

from __future__ import annotations

from anyio import CapacityLimiter, to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cladist.atlas.server.asking import wanted_of
from cladist.atlas.server.reading import body_of, index, only
from cladist.atlas.server.reporting import FORMS
from cladist.atlas.server.sending import conditional, packed, shrunk
from cladist.atlas.server.service import AtlasService
from cladist.atlas.server.shelf import Opening, Shelf
from cladist.atlas.server.token import Token

__all__ = ["asked_routes", "reference_routes", "report_route"]

_WHOLE_ADDRESS = "open the page by the whole address that the server told"


def asked_routes(service: AtlasService, path: str) -> list[Route]:
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


def reference_routes(shelf: Shelf, path: str) -> list[Route]:
    """List and open at `path`; look at an opening and stop it at a number below."""

    def allowed(request: Request) -> None:
        only(request)
        _require(shelf.token, request, "this server opens no references")

    async def references(request: Request) -> Response:
        allowed(request)
        if request.method != "POST":
            return conditional(request, *packed(await to_thread.run_sync(shelf.listed)))
        name = _name_of(body_of(request, await request.body()))
        made = await to_thread.run_sync(shelf.begin, name)
        return conditional(request, *packed(made.document()))

    async def opening(request: Request) -> Response:
        allowed(request)
        made: Opening | None = shelf.at(index(request.path_params["number"]))
        if made is None:
            raise HTTPException(404, "no such reference is opened; a later one was since")
        if request.method == "DELETE":
            shelf.stop(made)
        return conditional(request, *packed(made.document()))

    return [
        Route(path, references, methods=["GET", "POST"]),
        Route(f"{path}/{{number}}", opening, methods=["GET", "DELETE"]),
    ]


def _name_of(data: object) -> str:
    """The name that a request says, and nothing else."""
    if not isinstance(data, dict) or set(data) != {"name"} or not isinstance(data["name"], str):
        raise HTTPException(422, "send an object with the 'name' of a reference, and no more")
    return str(data["name"])


def report_route(service: AtlasService, path: str, among: CapacityLimiter) -> Route:
    """The report on a model, below its address, as a file to be saved."""

    async def report(request: Request) -> Response:
        only(request)
        i, form = index(request.path_params["index"]), str(request.path_params["form"])
        if form not in FORMS:
            raise HTTPException(404, f"a report is {' or '.join(FORMS)}")
        raw = await to_thread.run_sync(service.report, i, form, limiter=among)
        found = conditional(request, raw, shrunk(raw), FORMS[form][0])
        found.headers["content-disposition"] = f'attachment; filename="report.{form}"'
        return found

    return Route(f"{path}/{{index}}/report.{{form}}", report, methods=["GET"])


def _allowed(service: AtlasService, request: Request) -> None:
    nobody = "this server asks nobody; start it with 'cladist map serve --ask'"
    _require(service.askings.token, request, nobody)


def _require(token: Token, request: Request, nobody: str) -> None:
    """Refuse whoever does not know the token; other people of this machine reach the port too."""
    if not token.on:
        raise HTTPException(403, nobody)
    if not token.allows(request.headers.get("x-cladist-token", "")):
        raise HTTPException(403, _WHOLE_ADDRESS)
