"""What is signed: an in-toto statement whose subjects are the files of a pack.

The predicate has the question, the result, the versions of what computed it, and the secret draw.
Everything that is checked later is in it or is a file that it names by size and SHA-256.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from cladist.attestation.answers import json_bytes
from cladist.attestation.case import Case
from cladist.attestation.envelope import strict_json
from cladist.attestation.pack import ENVELOPE, SIGNER, require_name
from cladist.core.hashing import bytes_digest
from cladist.core.secret import Secret
from cladist.errors import InputError
from cladist.version import __version__

__all__ = ["FORMAT", "PREDICATE", "File", "Stated", "payload_of", "read_payload", "versions"]

TYPE = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:cladist:verdict"
FORMAT = 1
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_KEYS = {"format", "kind", "question", "result", "files", "created", "versions", "secret"}


@dataclass(frozen=True, slots=True)
class File:
    """Size and SHA-256 of a file of the pack."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Stated:
    """A statement as it was signed; nothing of it is checked but its form.

    created     when, by the clock of the signer: ISO, UTC, to the second
    secret      of the draw, revealed; None where probes were no secret
    commitment  the hash that the signer says was told before asking
    asked       model that was asked by the draw
    """

    kind: str
    question: Mapping[str, Any]
    result: Any
    files: Mapping[str, File]
    created: str
    versions: Mapping[str, str]
    secret: Secret | None = None
    commitment: str = ""
    asked: str = ""


def versions() -> dict[str, str]:
    """Versions of what computes verdicts."""
    found = {"cladist": __version__, "python": platform.python_version()}
    for name in ("numpy", "scipy", "scikit-learn"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # pragma: no cover - all of them are required
            found[name] = "?"
    return found


def payload_of(case: Case, created: str) -> bytes:
    """The bytes that are signed for a case; the same case gives the same."""
    if not _TIME.fullmatch(created):
        raise InputError(f"'{created:.40}' is no time in UTC as in 2026-01-31T12:00:00Z")
    secret = None
    if case.secret is not None:
        secret = {
            "commitment": case.secret.commitment,
            "revealed": case.secret.as_data(),
            "asked": case.asked,
        }
    told = {n: bytes_digest(raw) for n, raw in sorted(case.files.items())}
    return json_bytes(
        {
            "_type": TYPE,
            "subject": [{"name": n, "digest": {"sha256": d}} for n, d in told.items()],
            "predicateType": PREDICATE,
            "predicate": {
                "format": FORMAT,
                "kind": case.kind,
                "question": case.question,
                "result": case.result,
                "files": {n: len(case.files[n]) for n in told},
                "created": created,
                "versions": versions(),
                "secret": secret,
            },
        }
    )


def read_payload(raw: bytes, where: str) -> Stated:
    """Read what was signed; `InputError` for other statements and for newer formats."""
    data = strict_json(raw, where)
    try:
        if data["_type"] != TYPE or data["predicateType"] != PREDICATE:
            raise InputError(
                f"{where}: a statement of the kind {data['predicateType']!r:.60}, which is no "
                "verdict of cladist"
            )
        p = data["predicate"]
        if p["format"] != FORMAT:
            by = str(p.get("versions", {}).get("cladist", "?"))[:20]
            raise InputError(
                f"{where}: written by cladist {by} in format {p['format']!r:.20}; this is "
                f"{__version__}, which reads format {FORMAT}. Use a version that knows it"
            )
        if set(p) != _KEYS:
            raise ValueError("has other parts than a verdict has")
        names = [str(s["name"]) for s in data["subject"]]
        files = {s["name"]: File(int(p["files"][s["name"]]), s["digest"]["sha256"])
                 for s in data["subject"]}  # fmt: skip
        if len(files) != len(names) or set(p["files"]) != set(files):
            raise ValueError("names files twice, or without a size")
        for name in files:
            require_name(name, where)
            if name in (ENVELOPE, SIGNER):
                raise ValueError("names itself as a file that it rests on")
        if not _TIME.fullmatch(p["created"]):
            raise ValueError("has no time")
        s = p["secret"]
        secret = None if s is None else Secret.from_data(s["revealed"], where)
        return Stated(
            str(p["kind"]), dict(p["question"]), p["result"], files, p["created"],
            {str(k): str(v) for k, v in p["versions"].items()}, secret,
            "" if s is None else str(s["commitment"]), "" if s is None else str(s["asked"]),
        )  # fmt: skip
    except InputError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise InputError(f"{where}: no statement of a verdict ({problem!s:.120})") from None
