"""Which public collections of recorded answers there are, and what is known of them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cladist.core.assay import KNOWABLE, Decoding
from cladist.errors import CladistError, InputError, UsageError

__all__ = ["FORMAT", "Collection", "catalogue", "find_collection", "read_catalogue"]

FORMAT = 1
_HASH = re.compile(r"[0-9a-f]{40}")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,60}")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Collection:
    """A public collection of recorded answers.

    name      what `cladist reference add` calls it
    title     what it is, in a few words
    address   of its git repository; nothing else is ever called
    commit    40 hex digits, and `date` when it was made
    folder    of the repository that holds the answers
    tree      git's hash of that folder, which what arrives must have
    models    how many models are in it, about, and `prompts` that most of them answered
    size      bytes to fetch and keep, about
    licence   as its authors state it; `consent` says what must be agreed to first, '' for nothing
    layout    which reader of `references.layouts` understands the files
    asked     how its models were asked; what is not known is said there
    remarks   what a user should know, in sentences
    """

    name: str
    title: str
    address: str
    commit: str
    date: str
    folder: str
    tree: str
    models: int
    prompts: int
    size: int
    licence: str
    consent: str
    layout: str
    asked: Decoding
    remarks: tuple[str, ...] = ()


def catalogue() -> tuple[Collection, ...]:
    """The collections that this version of cladist knows."""
    text = (files("cladist") / "data" / "references.toml").read_text("utf-8")
    return _parse(text, "the catalogue of references")


def read_catalogue(path: Path) -> tuple[Collection, ...]:
    """A catalogue of one's own, of the same form; `InputError` with what is wrong with it."""
    try:
        return _parse(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"{path}: not a readable catalogue ({problem})") from problem


def find_collection(name: str, known: tuple[Collection, ...]) -> Collection:
    """The collection with a name; `UsageError` offers close names when there is none."""
    for found in known:
        if found.name == name:
            return found
    names = [c.name for c in known]
    close = get_close_matches(name, names, 3)
    hint = f"did you mean {', '.join(close)}?" if close else f"there are {', '.join(names)}"
    raise UsageError(f"no collection '{name[:80]}' in the catalogue; {hint}")


def _parse(text: str, where: str) -> tuple[Collection, ...]:
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as problem:
        raise InputError(f"{where}: not valid TOML: {problem}") from problem
    if data.get("format") != FORMAT:
        raise InputError(f"{where}: needs 'format = {FORMAT}', the one that this version reads")
    entries = data.get("collection", [])
    if not isinstance(entries, list) or not entries:
        raise InputError(f"{where}: holds no [[collection]]")
    found = tuple(_collection(e, f"{where}, collection {n}") for n, e in enumerate(entries, 1))
    names = [c.name for c in found]
    if len(set(names)) < len(names):
        raise InputError(f"{where}: a name stands there twice")
    return found


def _collection(entry: Any, where: str) -> Collection:
    if not isinstance(entry, Mapping):
        raise InputError(f"{where}: a table is expected")
    kinds = {f.name: f.type for f in fields(Collection)}
    strange = sorted(set(entry) - set(kinds))
    lacking = sorted(set(kinds) - set(entry) - {"remarks", "consent"})
    if strange or lacking:
        what = f"unknown key {', '.join(strange)}" if strange else f"no {', '.join(lacking)}"
        raise InputError(f"{where}: {what[:200]}")
    values: dict[str, Any] = {"consent": "", "remarks": (), **entry}
    for key, kind in kinds.items():
        wanted = {"str": str, "int": int, "Decoding": Mapping}.get(str(kind), list | tuple)
        if not isinstance(values[key], wanted) or isinstance(values[key], bool):
            raise InputError(f"{where}: '{key}' has the wrong type")
    values["asked"] = _asked(values["asked"], where)
    values["remarks"] = tuple(map(str, values["remarks"]))
    _check(values, where)
    return Collection(**values)


def _asked(data: Mapping[str, Any], where: str) -> Decoding:
    unknown = tuple(k for k in KNOWABLE if k not in data or k in data.get("unknown", ()))
    given = {k: v for k, v in data.items() if k not in ("unknown", "system", "template")}
    given.setdefault("interface", "recorded")
    given.setdefault("max_tokens", 1)
    try:
        return Decoding(**given, unknown=unknown)
    except (TypeError, CladistError) as problem:
        raise InputError(f"{where}: asked: {problem}") from problem


def _check(values: Mapping[str, Any], where: str) -> None:
    for key in ("commit", "tree"):
        if not _HASH.fullmatch(values[key]):
            raise InputError(f"{where}: '{key}' must be 40 hex digits, not '{values[key][:50]}'")
    if not _NAME.fullmatch(values["name"]):
        raise InputError(f"{where}: '{values['name'][:60]}' is no name; use a-z, 0-9, '-' and '.'")
    parts = values["folder"].split("/")
    if not values["folder"] or any(p in ("", ".", "..", ".git") for p in parts):
        raise InputError(f"{where}: '{values['folder'][:60]}' is no folder inside a repository")
    at = urlsplit(values["address"])
    safe = at.scheme == "https" or (at.scheme == "http" and at.hostname in _LOOPBACK)
    if not safe or not at.hostname or at.username is not None or at.query or at.fragment:
        raise InputError(
            f"{where}: '{values['address'][:80]}' is no plain https:// address of a repository"
        )
