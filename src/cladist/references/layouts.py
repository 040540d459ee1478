"""What the files of a public collection say: one reader a layout, model by model.

A reader yields `Answers` for every model it could read and `Skipped` for every file it could not,
and never stops at a bad one. Prompts are told apart by their text where the collection has it, as
the same question has other numbers in other files.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cladist.errors import InputError, UsageError
from cladist.formats.responses.json_files import parse_json
from cladist.formats.responses.table import prompt_key
from cladist.references.files import Files

__all__ = ["LAYOUTS", "Answers", "Layout", "Skipped", "layout", "register_layout"]

LONGEST_NAME = 200
MOST_ANSWERS = 100_000


@dataclass(frozen=True)
class Answers:
    """One model of a collection: prompt ids to answers, and to texts where they are known.

    An answer that is None was not recorded. `metadata` is what else the files say of the model.
    """

    model: str
    source: str
    answers: Mapping[str, str | None]
    prompts: Mapping[str, str]
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Skipped:
    """A file that could not be used, and why."""

    source: str
    reason: str


Item = Answers | Skipped


@dataclass(frozen=True)
class Layout:
    """How one kind of collection is read.

    wanted  whether a path holds answers; others are not even fetched
    read    the models among the wanted files
    """

    wanted: Callable[[str], bool]
    read: Callable[[Files, Sequence[str]], Iterator[Item]]


_OWN: dict[str, Layout] = {}


def register_layout(
    name: str, wanted: Callable[[str], bool], read: Callable[[bytes, str], Answers]
) -> None:
    """Make a layout of one's own known by a name, for this process.

    Parameters
    ----------
    name : str
        What collections call it by; not a name that cladist has.
    wanted : callable
        Whether a path holds answers; others are not read.
    read : callable
        From what a file holds, and its path, the answers of one model. A file for which it
        raises `InputError` is left out with that reason.

    Raises
    ------
    UsageError
        For a name that cladist has itself.

    Examples
    --------
    >>> import json
    >>> def read(raw, path):
    ...     told = json.loads(raw)
    ...     return Answers(told["name"], path, told["answers"], {})
    >>> register_layout("plain", lambda path: path.endswith(".json"), read)
    >>> layout("plain").wanted("a/b.json")
    True
    """
    if name in LAYOUTS:
        raise UsageError(f"layout '{name}' is one of cladist; choose another name")
    _OWN[name] = Layout(wanted, _one_by_one(read))


def layout(name: str) -> Layout:
    """The layout with a name; `UsageError` for an unknown one."""
    if name not in LAYOUTS and name not in _OWN:
        known = ", ".join([*LAYOUTS, *_OWN])
        raise UsageError(f"layout '{name[:60]}' is unknown; known are {known}")
    return LAYOUTS.get(name) or _OWN[name]


def _one_by_one(
    read: Callable[[bytes, str], Iterator[Item] | Item],
) -> Callable[[Files, Sequence[str]], Iterator[Item]]:
    """A reader of whole collections from a reader of one file."""

    def every(files: Files, paths: Sequence[str]) -> Iterator[Item]:
        for path in paths:
            try:
                found = read(files.read(path), path)
                yield from [found] if isinstance(found, Answers | Skipped) else found
            except InputError as problem:
                yield Skipped(path, str(problem))

    return every


def _dna_web(raw: bytes, path: str) -> Item:
    data = parse_json(raw, path)
    items = data.get("items") if isinstance(data, dict) else None
    if not isinstance(items, list) or len(items) > MOST_ANSWERS:
        return Skipped(path, "no list 'items' of prompts and responses")
    prompts, answers = _pairs(items, "prompt", "response", path)
    folder = path.split("/")[-2] if "/" in path else ""
    told = data.get("model")
    # The folder is unique and the name inside may not be; it is preferred where both agree.
    agrees = isinstance(told, str) and told.replace("/", "_") == folder
    name = str(told) if agrees or not folder else folder
    metadata = {"dataset": str(data.get("dataset", ""))[:LONGEST_NAME]}
    return _answers(name, path, answers, prompts, metadata)


def _alpaca(raw: bytes, path: str) -> Item:
    data = parse_json(raw, path)
    if not isinstance(data, list) or len(data) > MOST_ANSWERS:
        return Skipped(path, "no list of instructions and outputs")
    prompts, answers = _pairs(data, "instruction", "output", path)
    metadata = {}
    if data and isinstance(data[0].get("generator"), str):
        metadata["generator"] = data[0]["generator"][:LONGEST_NAME]
    return _answers(path.split("/")[-2], path, answers, prompts, metadata)


def _pairs(
    items: Sequence[Any], prompt: str, response: str, path: str
) -> tuple[dict[str, str], dict[str, str | None]]:
    """Texts and answers by prompt id; a prompt asked again gets a number behind its id."""
    prompts: dict[str, str] = {}
    answers: dict[str, str | None] = {}
    times: Counter[str] = Counter()
    for number, item in enumerate(items, 1):
        text = item.get(prompt) if isinstance(item, dict) else None
        said = item.get(response) if isinstance(item, dict) else None
        if not isinstance(text, str) or not isinstance(said, str | None):
            raise InputError(f"{path}, item {number}: a text '{prompt}' and '{response}' expected")
        key = prompt_key(_plain(text))
        times[key] += 1
        key += f"-{times[key]}" if times[key] > 1 else ""
        prompts[key], answers[key] = _plain(text), said
    return prompts, answers


def _plain(text: str) -> str:
    """Text that every UTF-8 reader accepts."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _answers(
    name: str,
    path: str,
    answers: Mapping[str, str | None],
    prompts: Mapping[str, str],
    metadata: Mapping[str, str],
) -> Item:
    name = _plain(name).strip()
    if not name or len(name) > LONGEST_NAME:
        return Skipped(path, "the model has no usable name")
    if not any(a is not None for a in answers.values()):
        return Skipped(path, "no answer at all")
    return Answers(name, path, answers, prompts, {k: v for k, v in metadata.items() if v})


_INTERVIEW = re.compile(r"^(?:eval|interview)_(junior-v2|junior|senior)_", re.ASCII)


def _can_ai_code(files: Files, paths: Sequence[str]) -> Iterator[Item]:
    """Of every model the run with most tasks of each interview; other runs are said."""
    best: dict[tuple[str, str], Answers] = {}
    for path in paths:
        try:
            run = _interview(files.read(path), path)
        except InputError as problem:
            yield Skipped(path, str(problem))
            continue
        if isinstance(run, Skipped):
            yield run
            continue
        key = (run.model, run.metadata["interview"])
        old = best.get(key)
        if old is None:
            best[key] = run
            continue
        worse, better = (old, run) if len(run.answers) > len(old.answers) else (run, old)
        best[key] = better
        yield Skipped(worse.source, f"another run of '{run.model}' is used, {better.source}")
    runs: dict[str, list[Answers]] = {}
    for (model, _), run in sorted(best.items()):
        runs.setdefault(model, []).append(run)
    for model, some in runs.items():
        answers = {k: v for r in some for k, v in r.answers.items()}
        prompts = {k: v for r in some for k, v in r.prompts.items()}
        yield Answers(model, some[0].source, answers, prompts, some[0].metadata)


def _interview(raw: bytes, path: str) -> Item:
    named = _INTERVIEW.match(path.rsplit("/", 1)[-1])
    interview = named[1] if named else ""
    answers: dict[str, str | None] = {}
    prompts: dict[str, str] = {}
    model = runtime = ""
    for number, line in enumerate(raw.splitlines(), 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        row = parse_json(line, where)
        needed = ("name", "language", "model", "answer")
        if not isinstance(row, dict) or not all(isinstance(row.get(k), str) for k in needed):
            raise InputError(f"{where}: texts name, language, model and answer are expected")
        model, runtime = model or row["model"], runtime or str(row.get("runtime", ""))
        if row["model"] != model:
            raise InputError(f"{where}: another model than in the lines before")
        key = f"{interview}/{row['language']}-{row['name']}"[:LONGEST_NAME]
        answers.setdefault(key, row["answer"])
        if isinstance(row.get("prompt"), str):
            prompts.setdefault(key, _plain(row["prompt"]))
    metadata = {"interview": interview, "runtime": runtime[:LONGEST_NAME]}
    made = _answers(model, path, answers, prompts, metadata)
    if isinstance(made, Skipped):
        return made
    return Answers(made.model, path, made.answers, made.prompts, metadata)


def _eq_bench(raw: bytes, path: str) -> Iterator[Item]:
    data = parse_json(raw, path)
    if not isinstance(data, dict):
        yield Skipped(path, "no runs by their keys")
        return
    for key, run in data.items():
        source = f"{path}, run {key[:LONGEST_NAME]}"
        answers = {k: t for k, v in _raw_results(run).items() if (t := _said(v)) is not None}
        if not answers:
            yield Skipped(source, "no raw results")
            continue
        told = _anywhere(run, "model_path")
        metadata = {
            k: str(v)[:LONGEST_NAME]
            for k in ("instruction_template", "inference_engine")
            if (v := _anywhere(run, k)) is not None
        }
        yield _answers(str(told or ""), source, answers, {}, metadata)


def _anywhere(run: Any, key: str, depth: int = 3) -> Any:
    """The first value under `key` in nested objects, a few levels down."""
    if not isinstance(run, dict) or depth < 0:
        return None
    if key in run:
        return run[key]
    found = (_anywhere(v, key, depth - 1) for v in run.values())
    return next((f for f in found if f is not None), None)


def _raw_results(run: Any) -> dict[str, Any]:
    """Answers by question: of the first iteration that has them, under either of two names."""
    found = _anywhere(run, "raw_results")
    found = _anywhere(run, "raw_inference") if found is None else found
    if isinstance(found, list):
        return {str(n): v for n, v in enumerate(found, 1)}
    return {str(k)[:LONGEST_NAME]: v for k, v in found.items()} if isinstance(found, dict) else {}


def _said(value: Any) -> str | None:
    if isinstance(value, dict):
        names = ("raw", "response", "inference", "answer", "output", "text")
        return next((value[n] for n in names if isinstance(value.get(n), str)), None)
    return value if isinstance(value, str) else None


LAYOUTS: dict[str, Layout] = {
    "dna-web": Layout(lambda p: p.endswith("/responses.json"), _one_by_one(_dna_web)),
    "alpaca-eval": Layout(lambda p: p.endswith("/model_outputs.json"), _one_by_one(_alpaca)),
    "can-ai-code": Layout(
        lambda p: p.endswith(".ndjson") and bool(_INTERVIEW.match(p.rsplit("/", 1)[-1])),
        _can_ai_code,
    ),
    "eq-bench": Layout(
        lambda p: p.startswith("eq-bench/") and p.endswith("_results.json"),
        _one_by_one(_eq_bench),
    ),
}
"""Layout by the name that the catalogue calls it by."""
