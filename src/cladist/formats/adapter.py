"""Adapters of PEFT: adapter_config.json names the model that they sit on."""

from __future__ import annotations

import json
from typing import Any

from cladist.core.lineage import DeclaredLink, Lineage
from cladist.errors import InputError
from cladist.formats.cards import names_of

__all__ = ["load_json", "read_adapter"]


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
    """The base of an adapter. `InputError` when the file names none."""
    data = load_json(text, where)
    value = data.get("base_model_name_or_path")
    if not isinstance(value, str) or not value.strip():
        raise InputError(
            f"{where}: no base_model_name_or_path; it is no configuration of an adapter"
        )
    parents = names_of(value, f"{where}: base_model_name_or_path")
    return Lineage(
        tuple(DeclaredLink(model, p, "adapter", where) for p in parents), {}, {}, (model,)
    )
