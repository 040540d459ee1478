"""The API as an OpenAPI 3.1 document, true to the atlas that is served."""

from __future__ import annotations

import math

from cladist import __version__
from cladist.atlas.server.asking import INTERFACES
from cladist.atlas.server.schemas import STRING, Schema, object_of, ref, schemas
from cladist.atlas.server.service import (
    MOST_COMPARED,
    MOST_DISTANCES,
    MOST_LISTED,
    MOST_RELATIVES,
    AtlasService,
)
from cladist.extraction.derive import MINIMUM_COVERAGE

__all__ = ["MOST_QUERY", "describe"]

MOST_QUERY = 200


def describe(service: AtlasService) -> Schema:
    """The OpenAPI document of a service."""
    n = len(service)
    index = {"type": "integer", "minimum": 0, "maximum": n - 1}
    indices = {"type": "array", "items": index, "minItems": 1, "maxItems": min(n, MOST_DISTANCES),
               "uniqueItems": True}  # fmt: skip
    part = {**indices, "minItems": 2, "maxItems": max(n, 2)}
    limit = {"type": "integer", "minimum": 1}
    probe = {"enum": list(service.atlas.source.assay.protocol.probes.ids)}
    fewest = math.ceil(MINIMUM_COVERAGE * len(probe["enum"]))
    newcomer = object_of(
        ("name", "alike"),
        name={"type": "string", "maxLength": 1_000},
        alike={"type": "boolean", "description": "Whether it was asked as the models here were"},
        responses={
            "type": "object",
            "propertyNames": probe,
            "additionalProperties": {"type": "string", "maxLength": 20_000},
            "minProperties": fewest,
        },
    )
    api = "/api/v1"
    documents = f"{api}/documents"
    paths = {
        f"{documents}/atlas.json": _get("All models, maps, the tree", "Atlas"),
        f"{documents}/probes.json": _get("What the models were asked", "Probes"),
        f"{documents}/model/{{index}}.json": _get("One model", "Model", _at("index", index)),
        f"{documents}/answers/{{index}}.json": _get(
            "What one model answered, the first sample of every probe", "Answers",
            _at("index", index),
        ),
        f"{documents}/pair/{{a}}/{{b}}.json": _get(
            "Two models, tested as one pair", "Pair", _at("a", index), _at("b", index)
        ),
        f"{api}/models": _get(
            "Models by words in their name or metadata", "Models",
            _asked("query", {"type": "string", "maxLength": MOST_QUERY}),
            _asked("limit", {**limit, "maximum": MOST_LISTED, "default": 50}),
            _asked("offset", {"type": "integer", "minimum": 0, "maximum": 10**9, "default": 0}),
        ),
        f"{api}/models/{{index}}": _get("One model", "Model", _at("index", index)),
        f"{api}/models/{{index}}/relatives": _get(
            "The nearest models of one", "Relatives",
            _at("index", index),
            _asked("limit", {**limit, "maximum": MOST_RELATIVES, "default": 10}),
        ),
        f"{api}/models/{{index}}/report.{{form}}": _report(_at("index", index)),
        f"{api}/distances": _get(
            "Distances between some models", "Distances", _asked("models", indices, True)
        ),
        f"{api}/kinship": _get(
            "Two models, tested as one pair", "Pair",
            _asked("a", index, True), _asked("b", index, True),
        ),
        f"{api}/compare": _get(
            "Some models, all their pairs tested together, p adjusted for all of them", "Compared",
            _asked("models", {**indices, "minItems": 2, "maxItems": MOST_COMPARED}, True),
        ),
        f"{api}/tree": _tree(part),
        f"{api}/place": _post(newcomer),
        **_askings(f"{api}/asked"),
        **_references(f"{api}/references"),
        f"{api}/health": _get("What is served; `stale` when the registry has moved on", "Health"),
    }  # fmt: skip
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "cladist atlas",
            "version": __version__,
            "description": "A family of language models. Models go by index, counted from 0, in "
            "the order of the document `atlas`. Names, prompts and answers are whatever models "
            "and people wrote: never trust them as markup.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {"schemas": schemas()},
    }


def _at(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _asked(name: str, schema: Schema, required: bool = False) -> Schema:
    made: Schema = {"name": name, "in": "query", "required": required, "schema": schema}
    if schema["type"] == "array":
        made |= {"style": "form", "explode": False}
    return made


_NUMBER = _at("number", {"type": "integer", "minimum": 1, "maximum": 10**8})


def _json(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}


def _errors(*statuses: int) -> dict[str, Schema]:
    words = {
        400: "The request cannot be read",
        403: "Not from this machine, or from another site",
        404: "Not in this atlas",
        413: "The request is too long",
        414: "The address is too long",
        415: "Not JSON",
        422: "The request makes no sense here",
        501: "What it needs is not installed",
    }
    return {str(s): {"description": words[s], "content": _json(ref("Error"))} for s in statuses}


def _get(summary: str, schema: str, *parameters: Schema) -> Schema:
    answer = {"description": summary, "content": _json(ref(schema))}
    errors = _errors(400, 403, 404, 414, 422)
    return {
        "get": {
            "summary": summary,
            "parameters": list(parameters),
            "responses": {"200": answer, **errors},
        }
    }


def _tree(part: Schema) -> Schema:
    form = {"type": "string", "enum": ["json", "newick"], "default": "json"}
    made = _get(
        "The tree, or what it says of some models; leaves are m0, m1, ...", "Tree",
        _asked("models", part), _asked("format", form),
    )  # fmt: skip
    made["get"]["responses"]["200"]["content"]["text/plain"] = {"schema": STRING}
    return made


def _report(index: Schema) -> Schema:
    form = _at("form", {"enum": ["pdf", "json"]})
    made = _get("The report on one model, as 'cladist report' makes it", "Model", index, form)
    answer: Schema = {kind: {"schema": {}} for kind in ("application/pdf", "application/json")}
    made["get"]["responses"] |= {
        "200": {"description": "A file", "content": answer},
        **_errors(501),
    }
    return made


def _askings(path: str) -> Schema:
    """Asking an endpoint: begun, looked at, stopped; all with the token that the server told."""
    text = {"type": "string", "maxLength": 200}
    wanted = object_of(
        ("interface", "key_env", "name"),
        model={**text, "minLength": 1},
        base_url={**text, "pattern": "^https?://"},
        interface={"enum": list(INTERFACES)},
        key_env={**text, "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,80}$"},
        name=text,
    )
    return {
        path: {"post": _told("Ask a model behind an endpoint, and place it", "Asked", body=wanted)},
        f"{path}/{{number}}": {
            "get": _told("How far the asking is", "Asked", _NUMBER),
            "delete": _told("Stop asking", "Asked", _NUMBER),
        },
    }


def _references(path: str) -> Schema:
    """Installed references: listed, opened, looked at, stopped; all with the token."""
    wanted = object_of(name={"type": "string", "minLength": 1, "maxLength": 80})
    return {
        path: {
            "get": _told("Which references are installed, and which are open", "References"),
            "post": _told("Have the atlas of a reference made and opened", "Opening", body=wanted),
        },
        f"{path}/{{number}}": {
            "get": _told("How far the making is, and where it is open", "Opening", _NUMBER),
            "delete": _told("Stop the making", "Opening", _NUMBER),
        },
    }


def _told(summary: str, schema: str, *parameters: Schema, body: Schema | None = None) -> Schema:
    """An operation for whoever has the token that the server told where it was started."""
    token: Schema = {"name": "X-Cladist-Token", "in": "header", "required": True, "schema": STRING}
    answer = {"description": summary, "content": _json(ref(schema))}
    made: Schema = {
        "summary": summary,
        "parameters": [token, *parameters],
        "responses": {"200": answer, **_errors(400, 403, 404, 413, 414, 415, 422, 501)},
    }
    return (
        made
        if body is None
        else {**made, "requestBody": {"required": True, "content": _json(body)}}
    )


def _post(body: Schema) -> Schema:
    answer = {"description": "Where it belongs", "content": _json(ref("Placed"))}
    return {
        "post": {
            "summary": "Place a model that is not in the registry, by its answers to the probes",
            "description": "422 where fewer than a fifth of the probes have an answer that is more "
            "than blanks.",
            "requestBody": {"required": True, "content": _json(body)},
            "responses": {"200": answer, **_errors(400, 403, 404, 413, 414, 415, 422)},
        }
    }
