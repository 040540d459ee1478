"""The built page, as it travels in the package."""

from __future__ import annotations

from importlib.resources import files
from typing import Literal

from cladist.errors import CladistError

__all__ = ["PAGE_FILES", "page_file"]

PAGE_FILES = {
    "index.html": "text/html; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "app.css": "text/css; charset=utf-8",
}
_PAGE = files("cladist.atlas") / "page"
_SOURCE = b'data-source="server"'


def page_file(name: str, source: Literal["server", "static"] = "server") -> bytes:
    """One of `PAGE_FILES`; its index says where documents come from.

    Raises `CladistError` where the page was not built into this installation.
    """
    try:
        raw = (_PAGE / name).read_bytes()
    except OSError as problem:
        raise CladistError(
            f"this installation lacks the atlas' page ({name}): install a wheel, or build it with "
            "'npm ci && npm run build' in web/"
        ) from problem
    if name == "index.html" and source != "server":
        if raw.count(_SOURCE) != 1:
            raise CladistError("the atlas' page does not say where its data come from; rebuild it")
        raw = raw.replace(_SOURCE, f'data-source="{source}"'.encode())
    return raw
