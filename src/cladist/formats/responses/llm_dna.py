"""The responses.json of llm-dna: {"model", "items": [{"prompt", "response"}]}, or bare answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cladist.errors import InputError
from cladist.formats.responses.problems import RowProblem
from cladist.formats.responses.rows import Gathered, cell, clean, kind_of
from cladist.formats.responses.table import Columns, prompt_key


def from_llm_dna(path: Path, payload: Any, model: str | None) -> Columns:
    """Both layouts of llm-dna; repeated prompts are told apart."""
    items = payload["items"] if isinstance(payload, dict) else payload
    named = payload.get("model") if isinstance(payload, dict) else None
    if not isinstance(items, list):
        raise InputError(f"{path}: 'items' must be a list of objects with prompt and response")
    if named is not None and not isinstance(named, str):
        raise InputError(f"{path}: 'model' must be a string, not {kind_of(named)}")
    name = named or model or path.parent.name
    out = Gathered(path, "item")
    times: dict[str, int] = {}
    for number, item in enumerate(items, 1):
        with out.row(number):
            if not isinstance(payload, dict):
                out.add(
                    number, model=name, prompt_id=f"{number - 1:04d}",
                    response=cell(item, "response"),
                )  # fmt: skip
                continue
            if not isinstance(item, dict) or "response" not in item:
                raise RowProblem("an object with prompt and response is expected")
            prompt = clean(cell(item.get("prompt"), "prompt"))
            if prompt is None:
                raise RowProblem("prompt is missing")
            response = cell(item["response"], "response")
            times[prompt] = times.get(prompt, 0) + 1
            suffix = f"-{times[prompt]}" if times[prompt] > 1 else ""
            out.add(
                number, model=name, prompt_id=prompt_key(prompt) + suffix, prompt=prompt,
                response=response,
            )  # fmt: skip
    return out.columns("responses.json of llm-dna: response = items.response")
