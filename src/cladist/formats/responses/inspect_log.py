"""Recorded responses in the logs of inspect: one JSON document, or a zip archive (.eval).

An archive holds header.json (or _journal/start.json while it runs) and samples/ID_epoch_N.json.
Nothing is unpacked to disk, and no more is read than the limits below.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from lzma import LZMAError
from pathlib import Path
from typing import Any

from cladist.core.responses import State
from cladist.errors import InputError
from cladist.formats.responses.json_files import MAX_LINE, parse_json
from cladist.formats.responses.problems import RowProblem
from cladist.formats.responses.roles import SETTINGS
from cladist.formats.responses.rows import Gathered, cell
from cladist.formats.responses.table import Columns, shown

MAX_ARCHIVE = 2 << 30
_STOPS = {"max_tokens": State.TRUNCATED, "model_length": State.TRUNCATED,
          "content_filter": State.REFUSED}  # fmt: skip


def from_inspect(path: Path, log: dict[str, Any], model: str | None) -> Columns:
    """A log in one JSON document."""
    samples = log.get("samples")
    if not isinstance(samples, list):
        raise InputError(f"{path}: the inspect log holds no samples; write it with log_samples on")
    return _columns(path, log, iter(samples), model)


def from_archive(path: Path, model: str | None) -> Columns:
    """A log in a zip archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = {i.filename: i for i in archive.infolist()}
            budget = _Budget(path, archive)
            head = next((n for n in ("header.json", "_journal/start.json") if n in names), None)
            if head is None:
                raise InputError(
                    f"{path}: a zip archive, but no inspect log: header.json is missing"
                )
            log = budget.read(names[head])
            if not isinstance(log, dict):
                raise InputError(f"{path}, {head}: an object is expected")
            inside = [n for n in names if n.startswith("samples/") and n.endswith(".json")]
            return _columns(path, log, (budget.read(names[n]) for n in inside), model)
    except (zipfile.BadZipFile, zlib.error, LZMAError, EOFError, OSError) as problem:
        raise InputError(f"{path}: damaged archive ({shown(str(problem), 120)})") from None
    except (NotImplementedError, RuntimeError, ValueError, OverflowError) as problem:
        raise InputError(
            f"{path}: an archive of a kind that cannot be read here ({shown(str(problem), 120)}); "
            "convert it with: inspect log convert --to json"
        ) from None


class _Budget:
    """Reads members until the limit for the archive is spent."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.path = path
        self.archive = archive
        self.left = MAX_ARCHIVE

    def read(self, member: zipfile.ZipInfo) -> Any:
        where = f"{self.path}, {shown(member.filename)}"
        allowed = min(MAX_LINE, self.left)
        with self.archive.open(member) as file:
            raw = file.read(allowed + 1)
        if len(raw) > allowed:
            raise InputError(f"{where}: too large; the archive may be a trap")
        self.left -= len(raw)
        return parse_json(raw, where)


def _columns(path: Path, log: dict[str, Any], samples: Iterator[Any], model: str | None) -> Columns:
    told = log.get("eval")
    told = told if isinstance(told, dict) else {}
    name = told.get("model") or model
    task = told.get("task")
    if not isinstance(name, str):
        raise InputError(f"{path}: the inspect log names no model; name it with --model")
    prefix = f"{task}/" if isinstance(task, str) and task else ""
    settings = _settings(log, told)
    out = Gathered(path, "sample")
    for number, sample in enumerate(samples, 1):
        with out.row(number):
            if not isinstance(sample, dict) or "id" not in sample:
                raise RowProblem("an object with id, input and output is expected")
            attached = sample.get("attachments")
            attached = attached if isinstance(attached, dict) else {}
            text, state, detail = _answer(sample, attached)
            epoch = sample.get("epoch", 1)
            if not isinstance(epoch, int) or isinstance(epoch, bool) or not 1 <= epoch < 10**9:
                raise RowProblem("epoch must be 1, 2, 3, ...")
            out.add(
                number,
                detail=detail,
                settings=settings,
                model=name,
                prompt_id=prefix + (cell(sample["id"], "prompt_id") or "?"),
                prompt=_prompt(sample.get("input"), attached),
                response=text,
                sample=str(epoch - 1),
                state=state,
            )
    return out.columns("a log of inspect: model = eval.model, response = output")


def _settings(log: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """How the answers were sampled, by the plan and the model's own configuration."""
    plan = log.get("plan")
    configs = (
        told.get("model_generate_config"),
        plan.get("config") if isinstance(plan, dict) else None,
    )
    return {k: v for c in configs if isinstance(c, dict) for k, v in c.items() if k in SETTINGS}


def _answer(
    sample: dict[str, Any], attached: dict[str, Any]
) -> tuple[str | None, State | None, str]:
    """Text, state (None: it follows from the text) and detail of a sample's first choice."""
    output = sample.get("output")
    output = output if isinstance(output, dict) else {}
    failure = sample.get("error") or output.get("error")
    if failure:
        told = failure.get("message") if isinstance(failure, dict) else failure
        return None, None, shown(str(told), 200)
    choices = output.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(first, dict):
        completion = output.get("completion")
        return (completion if isinstance(completion, str) and completion else None), None, ""
    message = first.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    stop = first.get("stop_reason")
    return _text(content, attached), _STOPS.get(stop) if isinstance(stop, str) else None, ""


def _text(content: Any, attached: dict[str, Any]) -> str | None:
    """Text of a message: a string, or the text parts of a list."""
    if isinstance(content, list):
        parts = (p.get("text") for p in content if isinstance(p, dict) and p.get("type") == "text")
        return "".join(_resolve(p, attached) for p in parts if isinstance(p, str))
    return _resolve(content, attached) if isinstance(content, str) else None


def _resolve(text: str, attached: dict[str, Any]) -> str:
    """Long texts are kept apart in `attachments`."""
    scheme, _, key = text.partition("attachment://")
    found = attached.get(key) if not scheme else None
    return found if isinstance(found, str) else text


def _prompt(value: Any, attached: dict[str, Any]) -> str | None:
    """The input as one text; several messages keep their roles."""
    if isinstance(value, str):
        return _resolve(value, attached)
    if not isinstance(value, list):
        return None
    said = [
        (m.get("role"), _text(m.get("content"), attached)) for m in value if isinstance(m, dict)
    ]
    texts = [(role, text) for role, text in said if text]
    if len(texts) == 1:
        return texts[0][1]
    return "\n\n".join(f"{role}: {text}" for role, text in texts) or None
