"""The application: addresses, requests read strictly, answers with ETag and gzip."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
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
from cladist.atlas.server.guard import Guard, Limits
from cladist.atlas.server.openapi import MOST_QUERY, describe
from cladist.atlas.server.service import (
    MOST_COMPARED,
    MOST_DISTANCES,
    MOST_LISTED,
    MOST_RELATIVES,
    NotThereError,
    Service,
)
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

_INDEX = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
_LEAST_PACKED = 1_000  # bytes below which gzip gains nothing
_KEPT = 512

USUAL = Limits()

Handler = Callable[[Request], Document | tuple[str, str]]


def application(service: Service, *, port: int | None = None, limits: Limits = USUAL) -> Guard:
    """The ASGI application of an atlas; `port` is that of the Host it answers to, any if None."""
    packed = lru_cache(maxsize=_KEPT)(partial(_document, service))
    # More threads than cores only wait for each other, each with an interpreter's turn in between.
    # What takes seconds has threads of its own, so that the page is answered meanwhile.
    cores = os.cpu_count() or 1
    room, slow = CapacityLimiter(cores), CapacityLimiter(cores)

    async def aside(work: Callable[..., Any], *given: Any, among: CapacityLimiter = room) -> Any:
        return await to_thread.run_sync(work, *given, limiter=among)

    api = "/api/v1"

    def kept(name: str, among: CapacityLimiter = room) -> Callable[[Request], Awaitable[Response]]:
        async def give(request: Request) -> Response:
            _only(request)
            wanted = name.format(**{k: _index(v) for k, v in request.path_params.items()})
            return _conditional(request, *await aside(packed, wanted, among=among))

        return give

    def asked(
        answer: Handler, among: CapacityLimiter = room
    ) -> Callable[[Request], Awaitable[Response]]:
        async def give(request: Request) -> Response:
            found = await aside(answer, request, among=among)
            return _conditional(request, *_packed(found))

        return give

    async def relatives(request: Request) -> Response:
        given = _only(request, "limit")
        limit = _number(given, "limit", 10, 1, MOST_RELATIVES)
        i = _index(request.path_params["index"])
        # A row of a table takes less than another thread does.
        listed = service.lists(limit)
        found = service.relatives(i, limit) if listed else await aside(service.relatives, i, limit)
        return _conditional(request, *_packed(found))

    async def place(request: Request) -> Response:
        _only(request)
        name, responses = _newcomer(request, await request.body())
        found = await aside(service.place, name, responses, among=slow)
        return _conditional(request, *_packed(found))

    async def page(request: Request) -> Response:
        name = request.url.path.removeprefix("/") or "index.html"
        raw = await aside(page_file, name)
        return _conditional(request, raw, _shrunk(raw), PAGE_FILES[name])

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
    handlers = {CladistError: _explained, HTTPException: _plain}
    inner = Starlette(routes=routes, exception_handlers=handlers)  # type: ignore[arg-type]
    inner.router.redirect_slashes = False
    writing = frozenset({f"{api}/place"})

    def methods(path: str) -> frozenset[str]:
        if path in writing:
            return frozenset({"POST", "OPTIONS"})
        return frozenset({"GET", "HEAD", "OPTIONS"})

    return Guard(inner, methods, limits, port)


def _document(service: Service, name: str) -> tuple[bytes, bytes | None, str]:
    kind, *numbers = name.split("/")
    makers: Mapping[str, Callable[..., Document]] = {
        "atlas": service.head,
        "probes": service.probes,
        "model": service.model,
        "answers": service.answers,
        "pair": service.pair,
    }
    return _packed(makers[kind](*map(int, numbers)))


def _models(service: Service, request: Request) -> Document:
    given = _only(request, "query", "limit", "offset")
    query = given.get("query", "")
    if len(query) > MOST_QUERY:
        raise HTTPException(400, f"query: at most {MOST_QUERY} characters")
    limit = _number(given, "limit", 50, 1, MOST_LISTED)
    return service.models(query, limit, _number(given, "offset", 0, 0, 10**9))


def _distances(service: Service, request: Request) -> Document:
    given = _only(request, "models")
    return service.distances(_indices(given, MOST_DISTANCES, required=True) or [])


def _kinship(service: Service, request: Request) -> Document:
    given = _only(request, "a", "b")
    if not {"a", "b"} <= given.keys():
        raise HTTPException(400, "name two models: a and b")
    return service.pair(_index(given["a"], 400), _index(given["b"], 400))


def _compare(service: Service, request: Request) -> Document:
    given = _only(request, "models")
    return service.compare(_indices(given, MOST_COMPARED, required=True) or [])


def _tree(service: Service, request: Request) -> Document | tuple[str, str]:
    given = _only(request, "models", "format")
    form = given.get("format", "json")
    if form not in ("json", "newick"):
        raise HTTPException(400, "format: json or newick")
    found = service.tree(_indices(given, len(service)))
    return (found["newick"] + "\n", "text/plain; charset=utf-8") if form == "newick" else found


def _trends(service: Service) -> Handler:
    def give(request: Request) -> tuple[str, str]:
        _only(request)
        return service.trends()

    return give


def _sheet(request: Request) -> tuple[str, str]:
    _only(request)
    return STYLE, "text/css; charset=utf-8"


def _health(service: Service, request: Request) -> Document:
    _only(request)
    return service.health()


def _newcomer(request: Request, body: bytes) -> tuple[str, dict[str, str]]:
    kind = request.headers.get("content-type", "").split(";")[0].strip().casefold()
    if kind != "application/json":
        raise HTTPException(415, "send application/json")
    try:
        data = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as problem:
        raise HTTPException(400, "the body is no JSON") from problem
    if not isinstance(data, dict) or not isinstance(data.get("responses"), dict):
        raise HTTPException(422, "send an object with 'responses': answers by probe id")
    name, responses = data.get("name", ""), data["responses"]
    if set(data) - {"name", "responses"} or not isinstance(name, str) or len(name) > 1_000:
        raise HTTPException(422, "besides 'responses' there may be a short 'name', and no more")
    if not responses or not all(
        isinstance(t, str) and len(t) <= 20_000 for t in responses.values()
    ):
        raise HTTPException(422, "answers are strings of at most 20,000 characters")
    return name, responses


def _only(request: Request, *known: str) -> dict[str, str]:
    """Parameters of the query; unknown or repeated ones are mistakes."""
    given: dict[str, str] = {}
    for key, value in request.query_params.multi_items():
        if key not in known or key in given:
            said = ", ".join(known) or "none"
            raise HTTPException(
                400, f"parameter '{key[:40]}' is unknown or repeated; known: {said}"
            )
        given[key] = value
    return given


def _number(given: Mapping[str, str], key: str, default: int, least: int, most: int) -> int:
    text = given.get(key)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,10}", text, re.ASCII) or not least <= int(text) <= most:
        raise HTTPException(400, f"{key}: a whole number from {least} to {most}")
    return int(text)


def _index(text: str, status: int = 404) -> int:
    if not _INDEX.fullmatch(text):
        raise HTTPException(status, f"'{text[:40]}' is no number of a model")
    return int(text)


def _indices(given: Mapping[str, str], most: int, required: bool = False) -> list[int] | None:
    if "models" not in given:
        if required:
            raise HTTPException(400, "models: numbers with commas between them")
        return None
    parts = given["models"].split(",")
    if len(parts) > most:
        raise HTTPException(400, f"models: at most {most} at once")
    found = [_index(part, 400) for part in parts]
    if len(set(found)) != len(found):
        raise HTTPException(400, "models: each of them once")
    return found


def _packed(found: Document | tuple[str, str]) -> tuple[bytes, bytes | None, str]:
    if isinstance(found, tuple):
        raw, kind = found[0].encode("utf-8"), found[1]
    else:
        raw, kind = written(found).encode("ascii"), "application/json"
    return raw, _shrunk(raw), kind


def _shrunk(raw: bytes) -> bytes | None:
    return gzip.compress(raw, 6, mtime=0) if len(raw) >= _LEAST_PACKED else None


def _conditional(request: Request, raw: bytes, small: bytes | None, kind: str) -> Response:
    """The answer, packed where that is understood, or 304 where it is known already."""
    packed = small is not None and _takes_gzip(request.headers.get("accept-encoding", ""))
    tag = f'"{hashlib.sha256(raw).hexdigest()[:32]}{"-gzip" if packed else ""}"'
    headers = {"etag": tag, "vary": "accept-encoding"}
    known = [t.strip().removeprefix("W/") for t in
             request.headers.get("if-none-match", "").split(",")]  # fmt: skip
    if request.method != "POST" and (tag in known or known == ["*"]):
        return Response(status_code=304, headers=headers)
    if packed:
        headers["content-encoding"] = "gzip"
    return Response(small if packed else raw, headers={**headers, "content-type": kind})


def _takes_gzip(accepted: str) -> bool:
    for part in accepted.split(","):
        name, _, weight = part.partition(";")
        if name.strip().casefold() in ("gzip", "*"):
            return re.fullmatch(r"q=0(\.0*)?", weight.strip()) is None
    return False


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
