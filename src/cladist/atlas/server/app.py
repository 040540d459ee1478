"""The application: addresses, requests read strictly, answers with ETag and gzip."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache, partial
from typing import Any

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cladist.atlas.documents import Document, written
from cladist.atlas.page_files import PAGE_FILES, page_file
from cladist.atlas.server.further import asked_routes, reference_routes, report_route
from cladist.atlas.server.guard import App, Guard, Receive, RequestLimits, Scope, Send
from cladist.atlas.server.openapi import MOST_QUERY, describe
from cladist.atlas.server.reading import index, indices, newcomer, number, only
from cladist.atlas.server.sending import conditional, packed, shrunk
from cladist.atlas.server.service import (
    MOST_COMPARED,
    MOST_DISTANCES,
    MOST_LISTED,
    MOST_RELATIVES,
    AtlasService,
    NotThereError,
)
from cladist.atlas.server.shelf import OPENED, Shelf
from cladist.errors import (
    AssayError,
    CladistError,
    CoverageError,
    InputError,
    MissingExtraError,
    RegistryError,
    UsageError,
)
from cladist.provenance.service.trends_page import STYLE

__all__ = ["application"]

_KEPT = 512

USUAL = RequestLimits()

Handler = Callable[[Request], Document | tuple[str, str]]


_API = "/api/v1"


def application(
    service: AtlasService,
    *,
    port: int | None = None,
    limits: RequestLimits = USUAL,
    shelf: Shelf | None = None,
) -> Guard:
    """The ASGI application of an atlas; `port` is that of the Host it answers to, any if None.

    Atlases of references that somebody opens from the `shelf` stand below `OPENED`, each as the
    first one stands at the root.
    """
    given = Shelf() if shelf is None else shelf
    whole = _whole(service, given)
    beside: dict[str, App] = {}

    async def rooms(scope: Scope, receive: Receive, send: Send) -> None:
        key, path = _room(scope["path"])
        if not key:
            await whole(scope, receive, send)
            return
        found = given.service(key)
        if found is None:
            beside.pop(key, None)
            answer = _told(404, "no atlas is open here any more; open the reference again")
            await answer(scope, receive, send)
            return
        if key not in beside:
            for closed in [k for k in beside if given.service(k) is None]:
                del beside[closed]
            beside[key] = _whole(found, given)
        await beside[key]({**scope, "path": path}, receive, send)

    return Guard(rooms, lambda path: _methods(_room(path)[1]), limits, port)


def _room(path: str) -> tuple[str, str]:
    """Key of the opened atlas that a path leads to, '' for the first, and the path in there."""
    if not path.startswith(OPENED):
        return "", path
    key, slash, rest = path.removeprefix(OPENED).partition("/")
    return (key, "/" + rest) if key and slash else ("", path)


def _methods(path: str) -> frozenset[str]:
    if path == f"{_API}/references":
        return frozenset({"GET", "HEAD", "POST", "OPTIONS"})
    if path in (f"{_API}/place", f"{_API}/asked"):
        return frozenset({"POST", "OPTIONS"})
    if path.startswith((f"{_API}/asked/", f"{_API}/references/")):
        return frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
    return frozenset({"GET", "HEAD", "OPTIONS"})


def _whole(service: AtlasService, shelf: Shelf) -> App:
    """Everything at the addresses of one atlas."""
    documents = lru_cache(maxsize=_KEPT)(partial(_document, service))
    # More threads than cores only wait for each other, each with an interpreter's turn in between.
    # What takes seconds has threads of its own, so that the page is answered meanwhile.
    cores = os.cpu_count() or 1
    room, slow = CapacityLimiter(cores), CapacityLimiter(cores)

    async def aside(work: Callable[..., Any], *given: Any, among: CapacityLimiter = room) -> Any:
        return await to_thread.run_sync(work, *given, limiter=among)

    api = _API

    def kept(name: str, among: CapacityLimiter = room) -> Callable[[Request], Awaitable[Response]]:
        async def give(request: Request) -> Response:
            only(request)
            wanted = name.format(**{k: index(v) for k, v in request.path_params.items()})
            return conditional(request, *await aside(documents, wanted, among=among))

        return give

    def asked(
        answer: Handler, among: CapacityLimiter = room
    ) -> Callable[[Request], Awaitable[Response]]:
        async def give(request: Request) -> Response:
            found = await aside(answer, request, among=among)
            return conditional(request, *packed(found))

        return give

    async def relatives(request: Request) -> Response:
        given = only(request, "limit")
        limit = number(given, "limit", 10, 1, MOST_RELATIVES)
        i = index(request.path_params["index"])
        # A row of a table takes less than another thread does.
        listed = service.lists(limit)
        found = service.relatives(i, limit) if listed else await aside(service.relatives, i, limit)
        return conditional(request, *packed(found))

    async def place(request: Request) -> Response:
        only(request)
        found = await aside(service.place, *newcomer(request, await request.body()), among=slow)
        return conditional(request, *packed(found))

    async def page(request: Request) -> Response:
        name = request.url.path.removeprefix("/") or "index.html"
        raw = await aside(page_file, name)
        return conditional(request, raw, shrunk(raw), PAGE_FILES[name])

    gets: dict[str, Callable[[Request], Awaitable[Response]]] = {
        "/": page,
        "/app.js": page,
        "/app.css": page,
        "/trends": asked(_trends(service), slow),
        "/trends.css": asked(_sheet),
        f"{api}/documents/atlas.json": kept("atlas"),
        f"{api}/documents/probes.json": kept("probes"),
        f"{api}/documents/model/{{index}}.json": kept("model/{index}"),
        f"{api}/documents/answers/{{index}}.json": kept("answers/{index}"),
        f"{api}/documents/pair/{{a}}/{{b}}.json": kept("pair/{a}/{b}", slow),
        f"{api}/models": asked(partial(_models, service)),
        f"{api}/models/{{index}}": kept("model/{index}"),
        f"{api}/models/{{index}}/relatives": relatives,
        f"{api}/distances": asked(partial(_distances, service)),
        f"{api}/kinship": asked(partial(_kinship, service), slow),
        f"{api}/compare": asked(partial(_compare, service), slow),
        f"{api}/tree": asked(partial(_tree, service)),
        f"{api}/health": asked(partial(_health, service)),
        "/openapi.json": asked(lambda request: describe(service)),
    }
    routes = [Route(path, handler, methods=["GET"]) for path, handler in gets.items()]
    routes.append(Route(f"{api}/place", place, methods=["POST"]))
    routes += asked_routes(service, f"{api}/asked")
    routes += reference_routes(shelf, f"{api}/references")
    routes.append(report_route(service, f"{api}/models", slow))
    handlers = {CladistError: _explained, HTTPException: _plain}
    inner = Starlette(routes=routes, exception_handlers=handlers)  # type: ignore[arg-type]
    inner.router.redirect_slashes = False
    return inner


def _document(service: AtlasService, name: str) -> tuple[bytes, bytes | None, str]:
    kind, *numbers = name.split("/")
    makers: Mapping[str, Callable[..., Document]] = {
        "atlas": service.head,
        "probes": service.probes,
        "model": service.model,
        "answers": service.answers,
        "pair": service.pair,
    }
    return packed(makers[kind](*map(int, numbers)))


def _models(service: AtlasService, request: Request) -> Document:
    given = only(request, "query", "limit", "offset")
    query = given.get("query", "")
    if len(query) > MOST_QUERY:
        raise HTTPException(400, f"query: at most {MOST_QUERY} characters")
    limit = number(given, "limit", 50, 1, MOST_LISTED)
    return service.models(query, limit, number(given, "offset", 0, 0, 10**9))


def _distances(service: AtlasService, request: Request) -> Document:
    given = only(request, "models")
    return service.distances(indices(given, MOST_DISTANCES, required=True) or [])


def _kinship(service: AtlasService, request: Request) -> Document:
    given = only(request, "a", "b")
    if not {"a", "b"} <= given.keys():
        raise HTTPException(400, "name two models: a and b")
    return service.pair(index(given["a"], 400), index(given["b"], 400))


def _compare(service: AtlasService, request: Request) -> Document:
    given = only(request, "models")
    return service.compare(indices(given, MOST_COMPARED, required=True) or [])


def _tree(service: AtlasService, request: Request) -> Document | tuple[str, str]:
    given = only(request, "models", "format")
    form = given.get("format", "json")
    if form not in ("json", "newick"):
        raise HTTPException(400, "format: json or newick")
    found = service.tree(indices(given, len(service)))
    return (found["newick"] + "\n", "text/plain; charset=utf-8") if form == "newick" else found


def _trends(service: AtlasService) -> Handler:
    def give(request: Request) -> tuple[str, str]:
        only(request)
        return service.trends()

    return give


def _sheet(request: Request) -> tuple[str, str]:
    only(request)
    return STYLE, "text/css; charset=utf-8"


def _health(service: AtlasService, request: Request) -> Document:
    only(request)
    return service.health()


def _told(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    document: dict[str, Any] = {"error": {"status": status, "message": message}}
    text = written(document)
    return Response(text, status, {**(headers or {}), "content-type": "application/json"})


async def _explained(request: Request, problem: CladistError) -> Response:
    statuses: tuple[tuple[type[CladistError], int], ...] = (
        (NotThereError, 404),
        (InputError, 422),
        (UsageError, 422),
        (CoverageError, 422),
        (AssayError, 422),
        (MissingExtraError, 501),
        (RegistryError, 503),
    )
    status = next((code for kind, code in statuses if isinstance(problem, kind)), 500)
    return _told(status, str(problem))


async def _plain(request: Request, problem: HTTPException) -> Response:
    return _told(problem.status_code, problem.detail, problem.headers)
