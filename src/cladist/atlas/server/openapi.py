"""The API as an OpenAPI 3.1 document, true to the atlas that is served."""

from __future__ import annotations

import math
from typing import Any, get_args

from cladist import __version__
from cladist.atlas.columns import CLUSTER, FAMILY
from cladist.atlas.documents import VERSION
from cladist.atlas.families import Origin
from cladist.atlas.server.asking import INTERFACES
from cladist.atlas.server.service import (
    MOST_COMPARED,
    MOST_DISTANCES,
    MOST_LISTED,
    MOST_RELATIVES,
    Service,
)
from cladist.extraction.derive import MINIMUM_COVERAGE
from cladist.kinship.inference.decision import VERDICTS, Reason

__all__ = ["MOST_QUERY", "describe"]

Schema = dict[str, Any]
MOST_QUERY = 200

_STRING: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "number"}
_INTEGER: Schema = {"type": "integer"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
_BOOLEAN: Schema = {"type": "boolean"}


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _or_null(of: Schema) -> Schema:
    return {"anyOf": [of, {"type": "null"}]}


def _object(optional: tuple[str, ...] = (), /, **of: Schema) -> Schema:
    return {
        "type": "object",
        "properties": of,
        "required": [k for k in of if k not in optional],
        "additionalProperties": False,
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _schemas() -> dict[str, Schema]:
    verdict = {"enum": list(VERDICTS)}
    kind = {"enum": ["category", "number", "date"]}
    value = {"type": ["string", "number", "null"]}
    speaking = _list(_object(probe=_COUNT, weight=_NUMBER))
    tree = _object(
        newick=_STRING, method=_STRING, root=_STRING, support=_or_null(_STRING),
        replicates=_COUNT, note=_STRING,
    )  # fmt: skip
    judged = {
        "distance": {"type": "number", "minimum": 0},
        "similarity": _or_null(_NUMBER),
        "verdict": verdict,
        "reason": {"enum": list(get_args(Reason))},
        "p": _or_null({"type": "number", "minimum": 0}),
        "alpha": _or_null(_SHARE),
        "note": _STRING,
    }
    return {
        "Error": _object(error=_object(status=_INTEGER, message=_STRING)),
        "Tree": tree,
        "Relation": _object(index=_COUNT, **judged),
        "Pair": _object(a=_COUNT, b=_COUNT, **judged, probe=speaking),
        "Set": _object(
            families=_list(_STRING),
            more=_COUNT,
            none=_BOOLEAN,
            coverage=_SHARE,
            best=_STRING,
            probability=_SHARE,
            refused=_STRING,
            basis=_STRING,
            note=_STRING,
        ),
        "Compared": _object(
            models=_list(_COUNT), pairs=_list(_object(a=_COUNT, b=_COUNT, **judged))
        ),
        "Probes": _object(id=_list(_STRING), text=_list(_STRING)),
        "Answers": _object(text=_list(_or_null(_STRING)), state=_list(_STRING)),
        "Atlas": _object(
            format={"const": "cladist-atlas"},
            version={"const": VERSION},
            title=_STRING,
            generated_by=_STRING,
            remarks=_list(_STRING),
            assay=_object(
                name=_STRING,
                digest=_STRING,
                description=_STRING,
                probes=_COUNT,
                samples=_COUNT,
                dimension=_COUNT,
                metric=_STRING,
            ),
            models=_object(
                name=_list(_STRING),
                columns=_list(_object(key=_STRING, label=_STRING, kind=kind, values=_list(value))),
            ),
            maps=_list(
                _object(
                    key={"enum": ["tsne", "umap", "pcoa"]},
                    label=_STRING,
                    note=_STRING,
                    kept=_SHARE,
                    near=_COUNT,
                    x=_list(_NUMBER),
                    y=_list(_NUMBER),
                )
            ),
            tree=_or_null(_ref("Tree")),
            declared=_or_null(
                _object(
                    source=_STRING,
                    counts={"type": "object", "additionalProperties": _COUNT},
                    edges=_list(
                        _object(
                            child=_COUNT,
                            parent=_or_null(_COUNT),
                            parent_name=_STRING,
                            relation=_STRING,
                            verdict={
                                "enum": [
                                    "supported",
                                    "contradicted",
                                    "inconclusive",
                                    "not tested",
                                    "not measured",
                                ]
                            },
                            p=_or_null(_NUMBER),
                            note=_STRING,
                        )
                    ),
                    newick=_or_null(_STRING),
                )
            ),
            families=_object(
                column={"enum": [FAMILY, CLUSTER]},
                origin={"enum": list(get_args(Origin))},
                count=_COUNT,
                models=_COUNT,
            ),
            documents=_object(models=_BOOLEAN, answers=_BOOLEAN),
        ),
        "Model": _object(
            index=_COUNT,
            name=_STRING,
            uri=_STRING,
            fingerprint=_STRING,
            metadata={"type": "object", "additionalProperties": _STRING},
            provenance=_object(
                usable=_COUNT,
                probes=_COUNT,
                notes=_list(_STRING),
                encoders=_list(_STRING),
                states={"type": "object", "additionalProperties": _COUNT},
                digest=_STRING,
            ),
            relatives=_list(_ref("Relation")),
            foundation=_or_null(
                _object(candidates=_list(_object(name=_STRING, probability=_SHARE)), note=_STRING)
            ),
            set=_or_null(_ref("Set")),
            parents=_list(_object(index=_COUNT, confidence=_SHARE, note=_STRING)),
            evidence=_list(_object(other=_COUNT, **{"for": speaking, "against": speaking})),
        ),
        "Models": _object(
            total=_COUNT,
            offset=_COUNT,
            models=_list(
                _object(
                    index=_COUNT,
                    name=_STRING,
                    values={"type": "object", "additionalProperties": value},
                )
            ),
        ),
        "Relatives": _object(index=_COUNT, relatives=_list(_ref("Relation"))),
        "Distances": _object(
            models=_list(_COUNT),
            metric=_STRING,
            distances=_list(_list({"type": "number", "minimum": 0})),
        ),
        "Health": _object(
            status={"const": "ok"}, version=_STRING, models=_COUNT, assay=_STRING, stale=_BOOLEAN
        ),
        "Placed": _object(
            name=_STRING,
            usable=_COUNT,
            probes=_COUNT,
            metric=_STRING,
            nearest=_list(_ref("Relation")),
            set=_or_null(_ref("Set")),
            tree=_or_null(
                _object(below=_list(_COUNT), place=_NUMBER, pendant=_NUMBER, residual=_NUMBER)
            ),
            note=_STRING,
        ),
        "Asked": _object(
            number=_COUNT,
            name=_STRING,
            state={"enum": ["asking", "placing", "done", "failed", "stopped"]},
            done=_COUNT,
            of=_COUNT,
            said=_STRING,
            assumed=_list(_STRING),
            placed=_or_null(_ref("Placed")),
        ),
    }


def describe(service: Service) -> Schema:
    """The OpenAPI document of a service."""
    n = len(service)
    index = {"type": "integer", "minimum": 0, "maximum": n - 1}
    indices = {"type": "array", "items": index, "minItems": 1, "maxItems": min(n, MOST_DISTANCES),
               "uniqueItems": True}  # fmt: skip
    part = {**indices, "minItems": 2, "maxItems": max(n, 2)}
    limit = {"type": "integer", "minimum": 1}
    probe = {"enum": list(service.atlas.source.assay.protocol.probes.ids)}
    fewest = math.ceil(MINIMUM_COVERAGE * len(probe["enum"]))
    newcomer = _object(
        ("name",),
        name={"type": "string", "maxLength": 1_000},
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
        "components": {"schemas": _schemas()},
    }


def _at(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _asked(name: str, schema: Schema, required: bool = False) -> Schema:
    made: Schema = {"name": name, "in": "query", "required": required, "schema": schema}
    if schema["type"] == "array":
        made |= {"style": "form", "explode": False}
    return made


def _json(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}


def _errors(*statuses: int) -> dict[str, Schema]:
    words = {
        400: "The request cannot be read",
        403: "Not from this machine, or from another site",
        404: "Not in this atlas",
        413: "The request is too long",
        415: "Not JSON",
        422: "The request makes no sense here",
        501: "What it needs is not installed",
    }
    return {str(s): {"description": words[s], "content": _json(_ref("Error"))} for s in statuses}


def _get(summary: str, schema: str, *parameters: Schema) -> Schema:
    answer = {"description": summary, "content": _json(_ref(schema))}
    errors = _errors(400, 403, 404, 422)
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
    made["get"]["responses"]["200"]["content"]["text/plain"] = {"schema": _STRING}
    return made


def _askings(path: str) -> Schema:
    """Asking an endpoint: begun, looked at, stopped; all with the token that the server told."""
    token: Schema = {"name": "X-Cladist-Token", "in": "header", "required": True, "schema": _STRING}
    text = {"type": "string", "maxLength": 200}
    wanted = _object(
        ("interface", "key_env", "name"),
        model={**text, "minLength": 1},
        base_url={**text, "pattern": "^https?://"},
        interface={"enum": list(INTERFACES)},
        key_env={**text, "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,80}$"},
        name=text,
    )
    answer = {"description": "How far it is", "content": _json(_ref("Asked"))}
    errors = _errors(400, 403, 404, 413, 415, 422, 501)
    number = _at("number", {"type": "integer", "minimum": 1, "maximum": 10**8})

    def told(summary: str, *parameters: Schema, **more: Any) -> Schema:
        responses = {"200": answer, **errors}
        return {
            "summary": summary,
            "parameters": [token, *parameters],
            "responses": responses,
        } | more

    body = {"required": True, "content": _json(wanted)}
    return {
        path: {"post": told("Ask a model behind an endpoint, and place it", requestBody=body)},
        f"{path}/{{number}}": {
            "get": told("How far the asking is", number),
            "delete": told("Stop asking", number),
        },
    }


def _post(body: Schema) -> Schema:
    answer = {"description": "Where it belongs", "content": _json(_ref("Placed"))}
    return {
        "post": {
            "summary": "Place a model that is not in the registry, by its answers to the probes",
            "description": "422 where fewer than a fifth of the probes have an answer that is more "
            "than blanks.",
            "requestBody": {"required": True, "content": _json(body)},
            "responses": {"200": answer, **_errors(400, 403, 404, 413, 415, 422)},
        }
    }
