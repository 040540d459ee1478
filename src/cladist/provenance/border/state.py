"""What a watch knows between its looks, in one JSON file that is either the old or the new one."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cladist.errors import InputError, UsageError
from cladist.formats.files import write_text
from cladist.kinship.inference.departures import Evidence
from cladist.models.base import Identity
from cladist.provenance.border.inputs import from_data, to_data
from cladist.provenance.border.looking import Watched

__all__ = ["anew", "begin", "load", "read_watched", "save", "watched_data"]

FORM = "cladist one-token watch 1"


def begin(identity: Identity) -> Watched:
    """A watch that knows nothing yet; its contexts are drawn by the system and kept secret."""
    return Watched(identity.name, identity.fingerprint, secrets.randbelow(2**48))


def anew(watched: Watched) -> Watched:
    """A new watch of the same deployment, which is to learn what answers now."""
    return Watched(watched.model, watched.fingerprint, secrets.randbelow(2**48))


def load(path: Path, identity: Identity) -> Watched:
    """What the file knows of this deployment, or a new watch where there is no file.

    Raises `InputError` for a file that is none of a watch, and `UsageError` for one of another
    deployment; the file stays as it is.
    """
    if not path.exists():
        return begin(identity)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as problem:
        raise InputError(f"{path} cannot be read as a watch: {problem}") from None
    try:
        watched = read_watched(data)
    except InputError as problem:
        raise InputError(
            f"{path}: {problem}; restore it, or begin anew with another file"
        ) from None
    if watched.fingerprint != identity.fingerprint:
        raise UsageError(
            f"{path} is the watch of '{watched.model}', asked in another way or elsewhere; name "
            f"another file for '{identity.name}'"
        )
    return watched


def save(path: Path, watched: Watched) -> None:
    """Write what is known in place of the file; `InputError` when it cannot be written."""
    write_text(path, json.dumps(watched_data(watched), ensure_ascii=True, indent=1) + "\n")


def watched_data(watched: Watched) -> dict[str, Any]:
    """The same as JSON data."""
    plain = asdict(watched)
    plain["border"] = None if watched.border is None else to_data(watched.border)
    return {"form": FORM, **plain}


def read_watched(data: object) -> Watched:
    """What is known, from JSON data; `InputError` says what is wrong with it."""
    if not isinstance(data, dict) or data.get("form") != FORM:
        raise InputError(f"no '{FORM}'")
    try:
        return _made(data)
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise InputError(f"a damaged watch ({problem})") from None


def _made(data: Mapping[str, Any]) -> Watched:
    border = None if data["border"] is None else from_data(data["border"])
    wear = tuple((int(a), int(b)) for a, b in data["wear"])
    held = data["evidence"]
    if border is not None and len(wear) != len(border.inputs):
        raise ValueError("wear and inputs differ in number")
    if not all(isinstance(data[k], str) for k in ("model", "fingerprint", "changed")):
        raise TypeError("no name, fingerprint or time")
    evidence = Evidence(int(held["looks"]), tuple(float(s) for s in held["stakes"]))
    return Watched(
        data["model"], data["fingerprint"], int(data["secret"]), border, evidence,
        int(data["epoch"]), wear, int(data["suspect"]), data["changed"],
    )  # fmt: skip
