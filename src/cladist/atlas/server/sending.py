"""Answers as they are sent: JSON, packed where that is understood, not again where it is known."""

from __future__ import annotations

import gzip
import hashlib
import re

from starlette.requests import Request
from starlette.responses import Response

from cladist.atlas.documents import Document, written

__all__ = ["conditional", "packed", "shrunk"]

_LEAST_PACKED = 1_000  # bytes below which gzip gains nothing


def packed(found: Document | tuple[str, str]) -> tuple[bytes, bytes | None, str]:
    """Bytes of an answer, the same packed where that gains anything, and its type."""
    if isinstance(found, tuple):
        raw, kind = found[0].encode("utf-8"), found[1]
    else:
        raw, kind = written(found).encode("ascii"), "application/json"
    return raw, shrunk(raw), kind


def shrunk(raw: bytes) -> bytes | None:
    """Packed bytes, None where nothing is gained."""
    return gzip.compress(raw, 6, mtime=0) if len(raw) >= _LEAST_PACKED else None


def conditional(request: Request, raw: bytes, small: bytes | None, kind: str) -> Response:
    """The answer, packed where that is understood, or 304 where it is known already."""
    packed = small is not None and _takes_gzip(request.headers.get("accept-encoding", ""))
    tag = f'"{hashlib.sha256(raw).hexdigest()[:32]}{"-gzip" if packed else ""}"'
    headers = {"etag": tag, "vary": "accept-encoding"}
    known = [t.strip().removeprefix("W/") for t in
             request.headers.get("if-none-match", "").split(",")]  # fmt: skip
    if request.method in ("GET", "HEAD") and (tag in known or known == ["*"]):
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
