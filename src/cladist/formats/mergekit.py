"""Merge recipes of mergekit: every model that goes into a merge is a parent.

Read are `base_model`, `models`, `slices[].sources`, `experts[].source_model`, `gate_mode` and the
sub-configurations of several documents' worth of nesting that mergekit allows
(github.com/arcee-ai/mergekit, docs). A LoRA applied with `model+lora` is a parent of its own.
"""

from __future__ import annotations

from typing import Any

from cladist.core.lineage import DeclaredLink, Lineage
from cladist.errors import InputError
from cladist.formats._yaml import load_yaml
from cladist.formats.cards import names_of

__all__ = ["is_recipe", "read_recipe"]

_MARKS = {"merge_method", "slices", "experts", "modules"}


def is_recipe(data: Any) -> bool:
    """Whether plain data looks like a merge recipe."""
    return isinstance(data, dict) and bool(_MARKS & set(data))


def read_recipe(text: str, model: str, where: str) -> Lineage:
    """Parents of the merged `model`. `InputError` when it is no recipe or names no model."""
    data = load_yaml(text, where)
    if not is_recipe(data):
        raise InputError(f"{where}: no merge recipe; it has none of {', '.join(sorted(_MARKS))}")
    named: list[str] = []
    _collect(data, named, where)
    parents = names_of(named, where)
    if not parents:
        raise InputError(f"{where}: the recipe names no model")
    return Lineage(tuple(DeclaredLink(model, p, "merge", where) for p in parents), {}, {}, (model,))


def _collect(data: Any, named: list[str], where: str) -> None:
    """Every value under a key that names a model, in the order in which it is written."""
    stack = [data]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(reversed(item))
        if not isinstance(item, dict):
            continue
        for key in ("base_model", "model", "source_model"):
            value = item.get(key)
            if value is None:
                continue
            if isinstance(value, dict):
                value = value.get("model") or value.get("path")
            if not isinstance(value, str):
                raise InputError(f"{where}: {key} is no name of a model")
            named.extend(part.strip() for part in value.split("+") if part.strip())
        stack.extend(
            item[key]
            for key in ("modules", "experts", "sources", "slices", "models")
            if isinstance(item.get(key), list | dict)
        )
        stack.extend(v for k, v in item.items() if k not in _KNOWN and isinstance(v, dict))


_KNOWN = {
    "modules", "experts", "sources", "slices", "models", "parameters", "tokenizer", "base_model",
    "model", "source_model",
}  # fmt: skip
