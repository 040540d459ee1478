"""Hugging Face model cards: the YAML front matter of a README.md.

Read are `base_model` (a name or a list), `base_model_relation` (adapter, merge, quantized,
finetune), tags `base_model:RELATION:org/name`, `license` and `license_name`, as the Hub documents
them (huggingface.co/docs/hub/model-cards, "Specifying a base model"). Without a relation the Hub
infers one; here several parents are a merge and one is left open.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cladist.core.lineage import DeclaredLink, Lineage, norm_relation
from cladist.core.names import ModelName, parse_name
from cladist.errors import InputError
from cladist.formats._yaml import load_yaml

__all__ = ["LONGEST_NAME", "front_matter", "names_of", "read_card", "read_text"]

LONGEST_NAME, MOST_PARENTS = 200, 64
LARGEST = 4 << 20
_FRONT = re.compile(r"\A\s*---[ \t]*\n(.*?\n)??(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_OUTSIDE = re.compile(r"^[ \t]*(?:base_models?|base_model_relation)[ \t]*:[ \t]*\S", re.MULTILINE)
_UNKNOWN = re.compile(r"(?:base|parent|source|original|foundation|teacher)_?models?(?:_\w+)?")
_TAG = re.compile(r"base_model:(?:(adapter|merge|quantized|finetune):)?([^:\s]+/[^:\s]+)")


def read_text(path: Path, largest: int = LARGEST) -> str:
    """A UTF-8 file of bounded size; `InputError` says what is wrong with any other."""
    try:
        with path.open("rb") as file:
            raw = file.read(largest + 1)
    except OSError as problem:
        raise InputError(f"{path} cannot be read: {problem.strerror or problem}") from problem
    if len(raw) > largest:
        raise InputError(f"{path}: larger than {largest >> 20} MiB, which no such file is")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise InputError(f"{path} is not UTF-8 text (byte {problem.start})") from problem


def front_matter(text: str, where: str) -> dict[str, Any]:
    """The YAML between '---' lines at the top of a card, {} where there is none.

    The Hub lets blank lines stand above the first of them, so they may here.
    """
    found = _FRONT.match(_plain(text))
    if found is None:
        return {}
    data = load_yaml(found.group(1) or "", where)
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise InputError(f"{where}: the front matter is a {type(data).__name__}, not keys")
    return data


def read_card(text: str, model: str, where: str) -> Lineage:
    """What the card of `model` declares.

    A card that names no parent declares nothing of it; that is no word that there is none. What
    looks like a declaration and is not read is in the remarks. `InputError` for keys of the
    wrong kind.
    """
    data = front_matter(text, where)
    parents = names_of(data.get("base_model"), f"{where}: base_model")
    relation = data.get("base_model_relation")
    if not (relation is None or isinstance(relation, str)):
        raise InputError(f"{where}: base_model_relation is no word")
    tagged, told = _tagged(data)
    for name, written in tagged.items():
        if not any(parse_name(name).key == parse_name(p).key for p in parents):
            parents[name] = written
    word = norm_relation(relation or told or ("merge" if len(parents) > 1 else ""))
    links = tuple(DeclaredLink(model, p, word, where, written) for p, written in parents.items())
    remarks = _unread(data, text, where)
    return Lineage(
        links, _licences(data, model, where), _dates(data, model), (model,), (), tuple(remarks)
    )


def _plain(text: str) -> str:
    """Line ends of every system as one, and no byte order mark."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _tagged(data: dict[str, Any]) -> tuple[dict[str, str], str]:
    """Parents and their relation from tags such as base_model:quantized:org/name."""
    tags = data.get("tags")
    found = (
        [_TAG.fullmatch(t) for t in tags if isinstance(t, str)] if isinstance(tags, list) else []
    )
    named = [(m.group(2), m.group(1) or "") for m in found if m]
    out: dict[str, str] = {}
    for name, _ in named[:MOST_PARENTS]:
        made = parse_name(name).text
        if len(name) <= LONGEST_NAME:
            out.setdefault(made, name if name != made else "")
    return out, next((r for _, r in named if r), "")


def _unread(data: dict[str, Any], text: str, where: str) -> list[str]:
    """What looks like a declaration of a parent and is none that is read."""
    known = {"base_model", "base_model_relation"}
    out = [
        f"{where}: the key '{str(key)[:60]}' is not read; a parent is declared under base_model"
        for key, value in data.items()
        if key not in known and value and _UNKNOWN.fullmatch(str(key).casefold())
    ]
    if "base_model" in data and not data["base_model"]:
        out.append(f"{where}: base_model is there and blank, which declares nothing")
    if not data and _OUTSIDE.search(_plain(text)):
        out.append(
            f"{where}: base_model stands outside of a head between two lines '---', where it is "
            "not read; put these lines around it at the top"
        )
    return out


def names_of(value: Any, where: str) -> dict[str, str]:
    """Names of models from a string or a list of them, each once, with how it is written.

    Names are those of `core.names`: org/name without revision or address. '' stands where the
    name is written like that. Two paths that end alike are kept as written, as nothing tells
    whether they are one model. `InputError` for what is no name.
    """
    if value is None:
        return {}
    items: Iterable[Any] = [value] if isinstance(value, str) else value
    if not isinstance(items, list):
        raise InputError(f"{where}: expected a name or a list of names")
    found: dict[str, ModelName] = {}
    for item in items:
        if not isinstance(item, str):
            raise InputError(f"{where}: {str(item)[:60]!r} is no name of a model")
        name = item.strip().rstrip("/") or item.strip()
        made = parse_name(name)
        if len(made.text) > LONGEST_NAME or len(name) > 4 * LONGEST_NAME:
            raise InputError(f"{where}: a name of {len(name)} characters is no name of a model")
        if name:
            found.setdefault(name, made)
    alike = Counter(made.key for made in found.values())
    out: dict[str, str] = {}
    keys: set[str] = set()
    for name, made in found.items():
        if made.local and alike[made.key] > 1 and made.text != name:
            out.setdefault(name[:LONGEST_NAME], "")
        elif made.key not in keys:
            keys.add(made.key)
            out.setdefault(made.text, name if name != made.text else "")
    if len(out) > MOST_PARENTS:
        raise InputError(f"{where}: {len(out)} parents; at most {MOST_PARENTS} are read")
    return out


def _licences(data: dict[str, Any], model: str, where: str) -> dict[str, tuple[str, ...]]:
    named = data.get("license")
    if named is None:
        return {}
    words = named if isinstance(named, list) else [named]
    if not words or not all(isinstance(w, str) and len(w) <= LONGEST_NAME for w in words):
        raise InputError(f"{where}: license is neither a name nor a list of names")
    # 'other' says nothing; the name beside it does.
    better = data.get("license_name")
    if words == ["other"] and isinstance(better, str) and better.strip():
        words = [better[:LONGEST_NAME]]
    return {model: tuple(w.strip() for w in words)}


def _dates(data: dict[str, Any], model: str) -> dict[str, str]:
    found = str(data.get("release_date") or data.get("date") or "")
    return {model: found[:10]} if re.fullmatch(r"\d{4}(-\d\d){0,2}", found[:10]) else {}
