"""Requests read strictly: what is unknown or repeated is a mistake, and says so."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

__all__ = ["body_of", "index", "indices", "newcomer", "number", "only"]

_INDEX = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)


def body_of(request: Request, body: bytes) -> Any:
    """What the JSON of a body says."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().casefold()
    if kind != "application/json":
        raise HTTPException(415, "send application/json")
    try:
        return json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as problem:
        raise HTTPException(400, "the body is no JSON") from problem


def newcomer(request: Request, body: bytes) -> tuple[str, dict[str, str], bool]:
    """Name and answers by probe id of a model that is to be placed, and whether it was asked alike.

    Unless somebody says so, that is not known.
    """
    data = body_of(request, body)
    if not isinstance(data, dict) or not isinstance(data.get("responses"), dict):
        raise HTTPException(422, "send an object with 'responses': answers by probe id")
    name, responses, alike = data.get("name", ""), data["responses"], data.get("alike", False)
    known = set(data) <= {"name", "responses", "alike"} and isinstance(alike, bool)
    if not known or not isinstance(name, str) or len(name) > 1_000:
        raise HTTPException(
            422, "besides 'responses' there may be a short 'name' and 'alike', true or false"
        )
    if not responses or not all(
        isinstance(t, str) and len(t) <= 20_000 for t in responses.values()
    ):
        raise HTTPException(422, "answers are strings of at most 20,000 characters")
    return name, responses, alike


def only(request: Request, *known: str) -> dict[str, str]:
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


def number(given: Mapping[str, str], key: str, default: int, least: int, most: int) -> int:
    """A whole number of the query within its bounds."""
    text = given.get(key)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,10}", text, re.ASCII) or not least <= int(text) <= most:
        raise HTTPException(400, f"{key}: a whole number from {least} to {most}")
    return int(text)


def index(text: str, status: int = 404) -> int:
    """A number without sign or leading nought."""
    if not _INDEX.fullmatch(text):
        raise HTTPException(status, f"'{text[:40]}' is no number of a model")
    return int(text)


def indices(given: Mapping[str, str], most: int, required: bool = False) -> list[int] | None:
    """Numbers of different models; None where none are given."""
    if "models" not in given:
        if required:
            raise HTTPException(400, "models: numbers with commas between them")
        return None
    parts = given["models"].split(",")
    if len(parts) > most:
        raise HTTPException(400, f"models: at most {most} at once")
    found = [index(part, 400) for part in parts]
    if len(set(found)) != len(found):
        raise HTTPException(400, "models: each of them once")
    return found
