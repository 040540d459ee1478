"""Adapters of PEFT: adapter_config.json names the model that they sit on."""

from __future__ import annotations

import json
from typing import Any

from cladist.core.lineage import DeclaredLink, Lineage
from cladist.errors import InputError
from cladist.formats.cards import LONGEST_NAME, names_of

__all__ = ["load_json", "read_adapter"]

_BASES = ("base_model_name_or_path", "base_model_id", "model_name")
"""The key of PEFT, of X-LoRA, and of the library Adapters."""


def load_json(text: str, where: str) -> dict[str, Any]:
    """A JSON object; `InputError` for anything else, nesting beyond reason included."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise InputError(f"{where}: no usable JSON ({str(problem)[:120]})") from None
    if not isinstance(data, dict):
        raise InputError(f"{where}: a JSON {type(data).__name__}, not an object")
    return data


def read_adapter(text: str, model: str, where: str) -> Lineage:
    """The base of an adapter, and adapters that a mixture of them (X-LoRA) is made of.

    A base that is there and blank declares nothing, and a remark says so. `InputError` when the
    file is no configuration of an adapter.
    """
    data = load_json(text, where)
    key = next((k for k in _BASES if k in data), None)
    if key is None:
        raise InputError(
            f"{where}: no base_model_name_or_path; it is no configuration of an adapter"
        )
    value = data[key]
    if value is None or (isinstance(value, str) and not value.strip()):
        told = f"{where}: {key} is blank, so the adapter's base is not declared"
        return Lineage((), {}, {}, (model,), (), (told,))
    if not isinstance(value, str):
        raise InputError(f"{where}: {key} is {str(value)[:60]!r}, no name of a model")
    parents = names_of(value, f"{where}: {key}")
    more = data.get("adapters")
    if isinstance(more, dict):
        inner = [v for v in more.values() if isinstance(v, str)]
        parents |= names_of(inner, f"{where}: adapters")
    revision = data.get("revision")
    links = []
    for p, written in parents.items():
        told = written or (f"{p}@{revision}" if isinstance(revision, str) and revision else "")
        links.append(DeclaredLink(model, p, "adapter", where, told[:LONGEST_NAME]))
    return Lineage(tuple(links), {}, {}, (model,))
