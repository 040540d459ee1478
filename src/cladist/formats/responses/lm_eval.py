"""Samples that lm-eval writes with --log_samples, in its versions.

One object a document and filter: "doc_id", "arguments" (a list of [prompt, settings], later
{"gen_args_0": {"arg_0": prompt, "arg_1": settings}}) and "resps". The file does not name the
model. It is taken from the results file of the same run beside it, else from the folder that
lm-eval names org__name, and asked for where neither says it for certain.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from cladist.formats.responses.json_files import Rows, neighbour
from cladist.formats.responses.problems import Problems, RowProblem
from cladist.formats.responses.rows import Gathered, cell
from cladist.formats.responses.table import Columns, shown

_STAMP = r"\d{4}-\d\d-\d\dT[\d.:-]+"
_SAMPLES = re.compile(rf"samples_(?P<task>.+?)(?:_(?P<stamp>{_STAMP}))?$")
_FOLDER = re.compile(r"[A-Za-z0-9][\w.-]*?__[\w.-]+")
_PRETRAINED = re.compile(r"(?:^|[,\s])(?:pretrained|model)=([^,\s]+)")


def from_lm_eval(
    path: Path, rows: Rows, model: str | None, problems: Problems | None = None
) -> Columns:
    """Samples of generation tasks; prompt ids are task/doc_id, repeats are samples."""
    named = _SAMPLES.match(path.stem)
    task = named["task"] + "/" if named else ""
    out = Gathered(path, "line", problems)
    try:
        name = model or _model_of(path, named)
    except RowProblem as problem:
        name = "?"
        out.problems.take("", problem)
    seen: dict[str, Any] = {}
    for number, row in rows:
        with out.row(number):
            if not isinstance(row, dict) or "doc_id" not in row or "resps" not in row:
                raise RowProblem("an lm-eval sample with doc_id and resps is expected")
            key = f"{task}{cell(row['doc_id'], 'prompt_id')}"
            # A document comes once for every filter, with the same raw answers each time.
            if "filter" in row and key in seen and seen[key] != row["filter"]:
                continue
            seen.setdefault(key, row.get("filter"))
            _add(out, number, row, key, name)
    return out.columns(f"samples of lm-eval: model = {shown(name)}, response = resps")


def _add(out: Gathered, number: int, row: dict[str, Any], key: str, model: str) -> None:
    asked = _arguments(row.get("arguments"))
    groups = row["resps"] if isinstance(row["resps"], list) else [row["resps"]]
    target = row.get("target")
    for part, group in enumerate(groups):
        prompt, settings = asked[part] if part < len(asked) else (None, {})
        for sample, answer in enumerate(group if isinstance(group, list) else [group]):
            if isinstance(answer, list | float | bool):
                raise RowProblem(
                    "log-likelihoods of a multiple-choice task, not text; only generation tasks "
                    "can be read"
                )
            out.add(
                number,
                model=model,
                prompt_id=key if len(groups) == 1 else f"{key}/{part}",
                prompt=prompt,
                response=cell(answer, "response"),
                sample=str(sample),
                reference=target if isinstance(target, str) else None,
                settings=settings,
            )


def _arguments(value: Any) -> list[tuple[str | None, dict[str, Any]]]:
    """Prompt and settings of every request of a document."""
    parts = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(parts, list):
        return []
    out: list[tuple[str | None, dict[str, Any]]] = []
    for part in parts:
        settings = None
        if isinstance(part, dict):
            first, settings = part.get("arg_0"), part.get("arg_1")
        else:
            first = part
        if isinstance(first, list) and first:
            first, settings = first[0], first[1] if len(first) > 1 else None
        out.append(
            (
                first if isinstance(first, str) else None,
                settings if isinstance(settings, dict) else {},
            )
        )
    return out


def _model_of(path: Path, named: re.Match[str] | None) -> str:
    """The model of a samples file; `RowProblem` asks for it where nothing tells it."""
    stamp = named["stamp"] if named else None
    told = _of_results(path, stamp)
    if told:
        return told
    folder = path.resolve().parent
    if not _FOLDER.fullmatch(folder.name):
        raise RowProblem(
            f"the file names no model, and its folder '{shown(folder.name)}' is not named "
            "ORG__NAME as lm-eval names its output; name the model with --model"
        )
    if named and stamp:
        runs = {
            other["stamp"]
            for p in folder.iterdir()
            if (other := _SAMPLES.match(p.stem)) and other["task"] == named["task"]
        }
        if len(runs) > 1:
            raise RowProblem(
                f"the folder holds {len(runs)} runs of the task '{shown(named['task'])}', "
                "perhaps of several models; import one file at a time and name its model with "
                "--model"
            )
    return folder.name.replace("__", "/", 1)


def _of_results(path: Path, stamp: str | None) -> str:
    """The model by the results file of the same run, '' where there is none that tells it."""
    results = neighbour(path, f"results_{stamp}.json") if stamp else neighbour(path, "results.json")
    if not isinstance(results, dict):
        return ""
    name = results.get("model_name")
    if isinstance(name, str) and name.strip():
        return name.strip()
    config = results.get("config")
    args = config.get("model_args") if isinstance(config, dict) else None
    if isinstance(args, dict):
        name = args.get("pretrained") or args.get("model")
        return name.strip() if isinstance(name, str) else ""
    found = _PRETRAINED.search(args) if isinstance(args, str) else None
    return found.group(1) if found else ""
