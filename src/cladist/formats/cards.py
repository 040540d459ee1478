"""Hugging Face model cards: the YAML front matter of a README.md.

Read are `base_model` (a name or a list), `base_model_relation` (adapter, merge, quantized,
finetune), `license` and `license_name`, as the Hub documents them
(huggingface.co/docs/hub/model-cards, "Specifying a base model"). Without a relation the Hub
infers one; here several parents are a merge and one is left open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cladist.core.lineage import DeclaredLink, Lineage, norm_relation
from cladist.errors import InputError
from cladist.formats._yaml import load_yaml

__all__ = ["LONGEST_NAME", "front_matter", "names_of", "read_card", "read_text"]

LONGEST_NAME, MOST_PARENTS = 200, 64
LARGEST = 4 << 20
_FRONT = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?\n)??(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)


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
    """The YAML between '---' lines at the top of a card, {} where there is none."""
    found = _FRONT.match(text)
    if found is None:
        return {}
    data = load_yaml(found.group(1) or "", where)
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise InputError(f"{where}: the front matter is a {type(data).__name__}, not keys")
    return data


def read_card(text: str, model: str, where: str) -> Lineage:
    """What the card of `model` declares. `InputError` for keys of the wrong kind."""
    data = front_matter(text, where)
    parents = names_of(data.get("base_model"), f"{where}: base_model")
    relation = data.get("base_model_relation")
    if not (relation is None or isinstance(relation, str)):
        raise InputError(f"{where}: base_model_relation is no word")
    word = norm_relation(relation or ("merge" if len(parents) > 1 else ""))
    links = tuple(DeclaredLink(model, p, word, where) for p in parents)
    return Lineage(links, _licences(data, model, where), _dates(data, model), (model,))


def names_of(value: Any, where: str) -> list[str]:
    """Names of models from a string or a list of them, each once; `InputError` for others."""
    if value is None:
        return []
    items: Iterable[Any] = [value] if isinstance(value, str) else value
    if not isinstance(items, list):
        raise InputError(f"{where}: expected a name or a list of names")
    out: dict[str, None] = {}
    for item in items:
        if not isinstance(item, str):
            raise InputError(f"{where}: {str(item)[:60]!r} is no name of a model")
        name = item.strip().removeprefix("https://huggingface.co/").rstrip("/")
        if len(name) > LONGEST_NAME:
            raise InputError(f"{where}: a name of {len(name)} characters is no name of a model")
        if name:
            out[name] = None
    if len(out) > MOST_PARENTS:
        raise InputError(f"{where}: {len(out)} parents; at most {MOST_PARENTS} are read")
    return list(out)


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
