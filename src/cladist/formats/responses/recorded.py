"""Read recorded responses from any of the layouts that people have them in.

Parquet, CSV, TSV, JSONL and JSON with the columns of `roles`; responses.json of llm-dna;
model_outputs.json of AlpacaEval; samples of lm-eval; logs of inspect (.json, .eval); answers of
FastChat, LiveBench, Arena-Hard and of batches (`chat_files`); HELM, OpenCompass, EvalPlus and
BigCodeBench (`harness_files`). What a file is follows from its content, not from its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from cladist.errors import InputError, UsageError
from cladist.formats.responses.arrow import guess_delimiter, read_delimited, read_parquet
from cladist.formats.responses.build import build
from cladist.formats.responses.chat_files import chat_layout, from_chat_file
from cladist.formats.responses.harness_files import (
    from_code_samples,
    from_helm,
    from_helm_predictions,
    from_opencompass,
)
from cladist.formats.responses.inspect_log import from_archive, from_inspect
from cladist.formats.responses.json_files import (
    MAX_LINE,
    Rows,
    json_lines,
    parse_json,
    read_document,
)
from cladist.formats.responses.json_rows import from_rows
from cladist.formats.responses.llm_dna import from_llm_dna
from cladist.formats.responses.lm_eval import from_lm_eval
from cladist.formats.responses.problems import Problems
from cladist.formats.responses.roles import OPTIONS
from cladist.formats.responses.table import Columns, RecordedTable

__all__ = ["RecordedTable", "read_recorded"]

HEAD = 1 << 16


@dataclass(frozen=True)
class _Asked:
    """The file, and what the user says of it."""

    path: Path
    model: str | None
    chosen: Mapping[str, str] = field(default_factory=dict)


def read_recorded(
    path: str | Path, *, model: str | None = None, columns: Mapping[str, str] | None = None
) -> RecordedTable:
    """Read a file of recorded responses.

    A null response means that none was recorded (state error), an empty string that the model
    said nothing (state empty); a response that is the error message of a tool or provider is an
    error. A prompt without an id gets 'p-' and the first 12 hex digits of the SHA-256 of its
    text. Several answers of a model to a prompt need a column `sample`.

    Parameters
    ----------
    path
        The file.
    model
        Names the model where the file does not; where it does, it picks that model.
    columns
        Role (response, prompt, prompt_id, model, sample, state) -> column of the file that has
        it; the file is then read as a table of rows.

    Returns
    -------
    RecordedTable
        With `reading`, how the file was understood, and `notes` on it.

    Raises
    ------
    InputError
        With every problem of the file by kind, each with its first three places.
    UsageError
        When `columns` names a role that there is not.

    Notes
    -----
    Linear; Parquet with 80,000 rows of 1,000 characters takes about a second.

    Examples
    --------
    >>> table = read_recorded("run.jsonl", columns={"response": "model_outputs"})  # doctest: +SKIP
    """
    path = Path(path)
    wrong = sorted(set(columns or ()) - set(OPTIONS))
    if wrong:
        raise UsageError(f"no role '{wrong[0]}' of a column; there are {', '.join(OPTIONS)}")
    try:
        found = _columns(_Asked(path, model, dict(columns or {})))
    except OSError as problem:
        raise InputError(f"cannot read {path}: {problem.strerror or problem}") from None
    return build(found, model)


def _columns(asked: _Asked) -> Columns:
    path = asked.path
    if path.is_dir():
        raise InputError(f"{path} is a folder; name the file with the responses")
    if not path.exists():
        raise InputError(f"{path} does not exist")
    if not path.is_file():
        raise InputError(f"{path} is not a regular file")
    with path.open("rb") as file:
        head = file.read(HEAD)
    if head.startswith(b"PAR1"):
        return read_parquet(path, asked.model, asked.chosen)
    if head.startswith(b"PK"):
        return from_archive(path, asked.model)
    if head.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ")):
        raise InputError(f"{path} is compressed; unpack it first")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{path} is UTF-16 text; save it as UTF-8")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    if not text:
        raise InputError(f"{path} is empty")
    if text.startswith(b"{"):
        return _objects(asked)
    if text.startswith(b"["):
        return _list(asked)
    return _delimited(asked, head)


def _objects(asked: _Asked) -> Columns:
    """One JSON object, or one a line."""
    path = asked.path
    with path.open("rb") as file:
        line = file.readline(MAX_LINE)
        while line and not line.strip(b" \t\r\n\xef\xbb\xbf"):
            line = file.readline(MAX_LINE)
        more = any(part.strip() for part in iter(lambda: file.readline(HEAD), b""))
    first = _parsed(line, path) if more else None
    if first is None:
        return _document(asked, read_document(path))
    problems = Problems(str(path))
    return _rows(asked, first, json_lines(path, problems), "line", problems)


def _parsed(line: bytes, path: Path) -> object:
    """The first line, None where it is no JSON by itself and the document spans several."""
    try:
        return cast("object", parse_json(line, str(path)))
    except InputError:
        return None


def _rows(
    asked: _Asked, first: object, rows: Rows, unit: str, problems: Problems | None = None
) -> Columns:
    """Rows whose layout the first one tells."""
    path, model = asked.path, asked.model
    if isinstance(first, dict) and not asked.chosen:
        keys = first.keys()
        if {"doc_id", "resps"} <= keys:
            return from_lm_eval(path, rows, model, problems)
        layout = chat_layout(first)
        if layout:
            return from_chat_file(path, rows, model, unit, layout, problems)
        if "task_id" in keys and {"solution", "completion"} & keys and "model" not in keys:
            return from_code_samples(path, rows, model, problems)
        _require_readable(path, first)
    return from_rows(path, rows, model, unit, chosen=asked.chosen, problems=problems)


def _require_readable(path: Path, first: dict[str, Any]) -> None:
    """Say of layouts that are known, and hold no answers to read, what they are."""
    keys = first.keys()
    if {"instance_id", "stats"} <= keys:
        raise InputError(
            f"{path}: statistics of HELM by instance, without answers; import "
            "scenario_state.json or display_predictions.json of the same run"
        )
    if {"conversation_a", "conversation_b"} <= keys:
        raise InputError(
            f"{path}: battles of two models a row; write one row for every answer, with model, "
            "prompt and response"
        )
    if "conversations" in keys and not {"response", "output", "model"} & keys:
        raise InputError(
            f"{path}: conversations in the layout of ShareGPT, which do not say what a model was "
            "asked and what it answered; write rows with model, prompt and response"
        )


def _document(asked: _Asked, value: dict[str, Any]) -> Columns:
    path, model = asked.path, asked.model
    if asked.chosen:
        return from_rows(path, [(1, value)], model, "line", chosen=asked.chosen)
    if "items" in value:
        return from_llm_dna(path, value, model)
    if "eval" in value and ("samples" in value or "plan" in value or "status" in value):
        return from_inspect(path, value, model)
    if "request_states" in value:
        return from_helm(path, value, model)
    first = next(iter(value.values()), None)
    if isinstance(first, dict) and "prediction" in first and next(iter(value)).isdecimal():
        return from_opencompass(path, value, model)
    if "eval" in value and isinstance(value["eval"], dict):
        samples = [s for found in value["eval"].values() if isinstance(found, list) for s in found]
        return from_code_samples(path, enumerate(samples, 1), model)
    return _rows(asked, value, [(1, value)], "line")


def _list(asked: _Asked) -> Columns:
    value = read_document(asked.path)
    if value and not asked.chosen:
        if all(v is None or isinstance(v, str) for v in value):
            return from_llm_dna(asked.path, value, asked.model)
        if isinstance(value[0], dict) and {"instance_id", "predicted_text"} <= value[0].keys():
            return from_helm_predictions(asked.path, value, asked.model)
    return _rows(asked, value[0] if value else None, enumerate(value, 1), "item")


def _delimited(asked: _Asked, head: bytes) -> Columns:
    path = asked.path
    if b"\0" in head:
        line = head[: head.index(b"\0")].count(b"\n") + 1
        raise InputError(f"{path}, line {line}: NUL byte; this is no text file")
    first = head.removeprefix(b"\xef\xbb\xbf").splitlines()[0]
    if len(first) >= HEAD - 3:
        raise InputError(f"{path}, line 1: no header of column names within {HEAD >> 10} KiB")
    try:
        header = first.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{path}, line 1: not UTF-8 text, and no format known here") from None
    delimiter = guess_delimiter(path, header, path.suffix.lower(), asked.chosen.values())
    return read_delimited(path, delimiter, header, asked.model, asked.chosen)
