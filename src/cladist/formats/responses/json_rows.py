"""Recorded responses in JSON: rows, llm-dna, AlpacaEval and lm-eval layouts.

llm-dna 1.0.1 writes {"model", "items": [{"prompt", "response"}], ...}, before that a bare list
of answers. AlpacaEval writes a list of {"instruction", "output", "generator", ...}, which are
rows under other names. lm-eval (--log_samples) writes one object a document and filter with
"doc_id", "arguments" and "resps".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from cladist.errors import InputError
from cladist.formats.responses.arrow import state_codes, whole_numbers
from cladist.formats.responses.roles import roles_of
from cladist.formats.responses.table import Columns, Names, prompt_key, shown

MAX_DOCUMENT = 256 << 20
MAX_LINE = 64 << 20
_LONE = re.compile("[\ud800-\udfff]")

Rows = Iterable[tuple[int, Any]]


def parse_json(raw: bytes | str, where: str) -> Any:
    """Parse hostile JSON; `InputError` with the place for whatever is wrong with it."""
    try:
        return json.loads(raw if isinstance(raw, str) else raw.decode("utf-8-sig"))
    except UnicodeDecodeError as problem:
        raise InputError(f"{where}: not UTF-8 text (byte {problem.start})") from None
    except json.JSONDecodeError as problem:
        place = f"line {problem.lineno}, column {problem.colno}"
        raise InputError(f"{where}: not valid JSON: {problem.msg} ({place})") from None
    except RecursionError:
        raise InputError(f"{where}: JSON nested too deeply") from None
    except ValueError as problem:  # a whole number of thousands of digits
        raise InputError(f"{where}: not usable JSON: {shown(str(problem), 120)}") from None


def read_document(path: Path) -> Any:
    """One whole JSON document of bounded size."""
    if path.stat().st_size > MAX_DOCUMENT:
        raise InputError(
            f"{path}: a JSON document over {MAX_DOCUMENT >> 20} MiB; write JSONL or Parquet"
        )
    return parse_json(path.read_bytes(), str(path))


def json_lines(path: Path) -> Iterator[tuple[int, Any]]:
    """(line number, value) of every line that is not blank."""
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(MAX_LINE + 1), b""), 1):
            if len(line) > MAX_LINE:
                raise InputError(f"{path}, line {number}: longer than {MAX_LINE >> 20} MiB")
            if line.strip(b" \t\r\n\xef\xbb\xbf"):
                yield number, parse_json(line, f"{path}, line {number}")


class _Rows:
    """Rows as they are gathered, with their numbers in the file."""

    def __init__(self, path: Path, unit: str) -> None:
        self.path = path
        self.unit = unit
        self.numbers: list[int] = []
        self.cells: dict[str, list[str | None]] = {
            role: [] for role in ("model", "prompt_id", "prompt", "response", "sample", "state")
        }
        self.details: dict[int, str] = {}

    def add(self, number: int, **cells: str | None) -> None:
        self.numbers.append(number)
        for role, column in self.cells.items():
            column.append(cells.get(role))

    def where(self, row: int) -> str:
        return f"{self.path}, {self.unit} {self.numbers[row]}"

    def columns(self) -> Columns:
        if not self.numbers:
            raise InputError(f"{self.path}: no rows; it needs at least one recorded response")

        def names(role: str) -> Names | None:
            column = self.cells[role]
            return None if all(c is None for c in column) else Names.of(map(_clean, column))

        samples, states = names("sample"), names("state")
        responses = self.cells["response"]
        return Columns(
            str(self.path),
            self.where,
            names("model") or Names((), np.full(len(self.numbers), -1, dtype=np.int64)),
            [text_array(responses[i : i + 65536]) for i in range(0, len(responses), 65536)],
            names("prompt_id"),
            names("prompt"),
            None if samples is None else whole_numbers(samples, self.where),
            None if states is None else state_codes(states, self.where),
            self.details,
        )


def text_array(texts: Sequence[str | None]) -> Any:
    """An Arrow column; halves of surrogate pairs, which no file can hold, become U+FFFD."""
    try:
        return pa.array(texts, type=pa.large_string())
    except (UnicodeEncodeError, pa.ArrowInvalid):
        return pa.array([_clean(t) for t in texts], type=pa.large_string())


def _clean(text: str | None) -> str | None:
    return None if text is None else _LONE.sub("\ufffd", text)


def from_rows(path: Path, rows: Rows, model: str | None, unit: str) -> Columns:
    """Objects with the columns of `roles`, in any order."""
    out = _Rows(path, unit)
    known: dict[tuple[str, ...], dict[str, str]] = {}
    for number, row in rows:
        where = f"{path}, {unit} {number}"
        if not isinstance(row, dict):
            raise InputError(f"{where}: an object with model, prompt_id, response is expected")
        keys = tuple(row)
        if keys not in known:
            roles = roles_of(keys, where, model_known=model is not None)
            if len(known) < 1000:
                known[keys] = {role: keys[place] for role, place in roles.items()}
            names = {role: keys[place] for role, place in roles.items()}
        else:
            names = known[keys]
        cells = {role: _cell(row[key], role, where) for role, key in names.items()}
        cells.setdefault("model", model)
        out.add(number, **cells)
    return out.columns()


def _cell(value: Any, role: str, where: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if role in ("prompt_id", "sample") and isinstance(value, int) and not isinstance(value, bool):
        if abs(value) < 2**63:
            return str(value)
        raise InputError(f"{where}: {role} is a number out of range")
    raise InputError(f"{where}: {role} must be a string, not {_kind(value)}")


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", bool: "true or false"}
    return kinds.get(type(value), "a number")


def from_llm_dna(path: Path, payload: Any, model: str | None) -> Columns:
    """The responses.json of llm-dna, both its layouts; repeated prompts are told apart."""
    items = payload["items"] if isinstance(payload, dict) else payload
    named = payload.get("model") if isinstance(payload, dict) else None
    if not isinstance(items, list):
        raise InputError(f"{path}: 'items' must be a list of objects with prompt and response")
    if named is not None and not isinstance(named, str):
        raise InputError(f"{path}: 'model' must be a string, not {_kind(named)}")
    name = named or model or path.parent.name
    out = _Rows(path, "item")
    times: dict[str, int] = {}
    for number, item in enumerate(items, 1):
        where = f"{path}, item {number}"
        if not isinstance(payload, dict):
            out.add(
                number, model=name, prompt_id=f"{number - 1:04d}",
                response=_cell(item, "response", where),
            )  # fmt: skip
            continue
        if not isinstance(item, dict) or "response" not in item:
            raise InputError(f"{where}: an object with prompt and response is expected")
        prompt = _clean(_cell(item.get("prompt"), "prompt", where))
        if prompt is None:
            raise InputError(f"{where}: prompt is missing")
        times[prompt] = times.get(prompt, 0) + 1
        suffix = f"-{times[prompt]}" if times[prompt] > 1 else ""
        out.add(
            number, model=name, prompt_id=prompt_key(prompt) + suffix, prompt=prompt,
            response=_cell(item["response"], "response", where),
        )  # fmt: skip
    return out.columns()


_SAMPLES = re.compile(r"samples_(?P<task>.+?)(?:_\d{4}-\d\d-\d\dT[\d.:-]+)?$")


def from_lm_eval(path: Path, rows: Rows, model: str | None) -> Columns:
    """lm-eval samples of generation tasks; prompt ids are task/doc_id, repeats are samples.

    The model is named by `model`, else by the folder (org__name), as lm-eval names its output.
    """
    named = _SAMPLES.match(path.stem)
    task = named["task"] + "/" if named else ""
    name = model or path.resolve().parent.name.replace("__", "/")
    out = _Rows(path, "line")
    seen: dict[str, Any] = {}
    for number, row in rows:
        where = f"{path}, line {number}"
        if not isinstance(row, dict) or "doc_id" not in row or "resps" not in row:
            raise InputError(f"{where}: an lm-eval sample with doc_id and resps is expected")
        key = f"{task}{_cell(row['doc_id'], 'prompt_id', where)}"
        # A document comes once for every filter, with the same raw answers each time.
        if "filter" in row and key in seen and seen[key] != row["filter"]:
            continue
        seen.setdefault(key, row.get("filter"))
        prompts = _arguments(row.get("arguments"))
        groups = row["resps"] if isinstance(row["resps"], list) else [row["resps"]]
        for part, group in enumerate(groups):
            answers = group if isinstance(group, list) else [group]
            for sample, answer in enumerate(answers):
                if isinstance(answer, list | float | bool):
                    raise InputError(
                        f"{where}: log-likelihoods of a multiple-choice task, not text; "
                        "only generation tasks can be read"
                    )
                out.add(
                    number,
                    model=name,
                    prompt_id=key if len(groups) == 1 else f"{key}/{part}",
                    prompt=prompts[part] if part < len(prompts) else None,
                    response=_cell(answer, "response", where),
                    sample=str(sample),
                )
    return out.columns()


def _arguments(value: Any) -> list[str | None]:
    """Prompts of a document: {"gen_args_0": {"arg_0": prompt}} or [[prompt, settings]]."""
    parts = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(parts, list):
        return []
    out: list[str | None] = []
    for part in parts:
        first = part.get("arg_0") if isinstance(part, dict) else part
        if isinstance(first, list) and first:
            first = first[0]
        out.append(first if isinstance(first, str) else None)
    return out
