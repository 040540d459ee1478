"""Answers as other harnesses write them: HELM, OpenCompass, EvalPlus and BigCodeBench.

HELM           scenario_state.json {"adapter_spec", "request_states"}; display_predictions.json
               [{"instance_id", "predicted_text"}], with run_spec.json and display_requests.json
OpenCompass    predictions/MODEL/DATASET.json {"0": {"origin_prompt", "prediction", "gold"}}
EvalPlus,      JSONL {"task_id", "solution"} (or "completion"), in files that name model and
BigCodeBench   temperature: ORG--NAME_BACKEND_temp_0.0.jsonl, ORG--NAME--bigcodebench-...
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from cladist.core.responses import State
from cladist.errors import InputError
from cladist.formats.responses.json_files import Rows, neighbour
from cladist.formats.responses.messages import prompt_of_messages
from cladist.formats.responses.problems import Problems, RowProblem
from cladist.formats.responses.roles import SETTINGS
from cladist.formats.responses.rows import Gathered, cell
from cladist.formats.responses.table import Columns, shown

__all__ = ["from_code_samples", "from_helm", "from_helm_predictions", "from_opencompass"]

_HELM_MODEL = re.compile(r"(?:^|[:,])model=([^,]+)")
_EVALPLUS = re.compile(
    r"(?P<name>[^/]+?)_(?:vllm|hf|openai|anthropic|google|mistral|bedrock|gptqmodel|ollama)"
    r"_temp_(?P<temperature>[0-9.]+?)(?:[._-](?:raw|sanitized|eval_results).*)?"
)
_BIGCODE = re.compile(
    r"(?P<name>.+?)--(?:bigcodebench|calibrated)(?:-[a-z]+)*--(?:[a-z]+-?)*-?-?"
    r"(?P<temperature>[0-9]+(?:\.[0-9]+)?)-(?P<samples>[0-9]+).*"
)


def from_helm(path: Path, value: dict[str, Any], model: str | None) -> Columns:
    """A scenario_state.json: every request with its result; completions are samples."""
    adapter = value.get("adapter_spec")
    adapter = adapter if isinstance(adapter, dict) else {}
    states = value.get("request_states")
    if not isinstance(states, list):
        raise InputError(f"{path}: 'request_states' must be a list")
    task = _helm_task(path)
    out = Gathered(path, "request state")
    for number, state in enumerate(states, 1):
        with out.row(number):
            if not isinstance(state, dict) or not isinstance(state.get("request"), dict):
                raise RowProblem("an object with instance, request and result is expected")
            request = state["request"]
            name = request.get("model") or adapter.get("model") or model
            if not isinstance(name, str):
                raise RowProblem("the request names no model; name it with --model")
            prompt = request.get("prompt")
            if not prompt and isinstance(request.get("messages"), list):
                prompt = prompt_of_messages(request["messages"])
            settings = {k: v for k, v in {**adapter, **request}.items() if k in SETTINGS}
            for sample, (text, stopped, detail) in enumerate(_helm_results(state.get("result"))):
                out.add(
                    number, model=name, prompt_id=task + _helm_id(state), response=text,
                    prompt=prompt if isinstance(prompt, str) and prompt else None,
                    sample=str(sample), state=stopped, detail=detail, settings=settings,
                )  # fmt: skip
    return out.columns("HELM: model = request.model, response = result.completions")


def _helm_results(result: Any) -> list[tuple[str | None, State | None, str]]:
    if not isinstance(result, dict):
        return [(None, State.ERROR, "no result recorded")]
    completions = result.get("completions")
    if result.get("success") is False or not isinstance(completions, list):
        return [(None, State.ERROR, shown(str(result.get("error") or "the request failed"), 200))]
    out: list[tuple[str | None, State | None, str]] = []
    for completion in completions:
        if not isinstance(completion, dict) or not isinstance(completion.get("text"), str):
            raise RowProblem("a completion must be an object with text")
        ended = completion.get("finish_reason")
        reason = ended.get("reason") if isinstance(ended, dict) else ended
        cut = isinstance(reason, str) and reason in ("length", "max_tokens")
        out.append((completion["text"], State.TRUNCATED if cut else None, ""))
    return out or [(None, State.ERROR, "no completion recorded")]


def _helm_id(state: dict[str, Any]) -> str:
    """instance, perturbation and few-shot trial as one id."""
    instance = state.get("instance")
    instance = instance if isinstance(instance, dict) else state
    key = cell(instance.get("id", state.get("instance_id")), "prompt_id")
    if key is None:
        raise RowProblem("the instance has no id")
    changed = instance.get("perturbation", state.get("perturbation"))
    if isinstance(changed, dict) and isinstance(changed.get("name"), str):
        key += f"/{changed['name']}"
    trial = state.get("train_trial_index")
    return f"{key}/trial {trial}" if isinstance(trial, int) and trial > 0 else key


def _helm_task(path: Path) -> str:
    """What the folder of a run says beside the model: 'mmlu:subject=anatomy/'."""
    folder = path.resolve().parent.name
    if not _HELM_MODEL.search(folder):
        return ""
    head, colon, rest = folder.partition(":")
    kept = ",".join(p for p in rest.split(",") if not p.startswith("model="))
    return f"{head}{colon if kept else ''}{kept}/"


def from_helm_predictions(path: Path, rows: list[Any], model: str | None) -> Columns:
    """A display_predictions.json; model and prompts come from the files beside it."""
    spec = neighbour(path, "run_spec.json")
    adapter = spec.get("adapter_spec") if isinstance(spec, dict) else None
    adapter = adapter if isinstance(adapter, dict) else {}
    name = model or adapter.get("model")
    if not isinstance(name, str):
        raise InputError(
            f"{path}: the file names no model and run_spec.json beside it does not either; name "
            "the model with --model"
        )
    prompts: dict[str, str] = {}
    asked = neighbour(path, "display_requests.json")
    for entry in asked if isinstance(asked, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("request"), dict):
            prompt = entry["request"].get("prompt")
            if isinstance(prompt, str) and isinstance(entry.get("instance_id"), str):
                prompts[_helm_id(entry)] = prompt
    task = _helm_task(path)
    out = Gathered(path, "item")
    for number, row in enumerate(rows, 1):
        with out.row(number):
            if not isinstance(row, dict) or "predicted_text" not in row:
                raise RowProblem("an object with instance_id and predicted_text is expected")
            key = _helm_id(row)
            out.add(
                number, model=name, prompt_id=task + key, prompt=prompts.get(key),
                response=cell(row["predicted_text"], "response"),
                settings={k: v for k, v in adapter.items() if k in SETTINGS},
            )  # fmt: skip
    return out.columns(f"HELM: model = {shown(name)}, response = predicted_text")


def from_opencompass(path: Path, value: dict[str, Any], model: str | None) -> Columns:
    """Predictions of OpenCompass; ids are dataset/number, several predictions are samples."""
    folder = path.resolve().parent
    if model is None and folder.parent.name != "predictions":
        raise InputError(
            f"{path}: the file names no model, and it does not lie in predictions/MODEL/ as "
            "OpenCompass writes it; name the model with --model"
        )
    name = model or folder.name
    out = Gathered(path, "entry")
    for number, (key, entry) in enumerate(value.items(), 1):
        with out.row(number):
            if not isinstance(entry, dict) or "prediction" not in entry:
                raise RowProblem("an object with origin_prompt and prediction is expected")
            asked = entry.get("origin_prompt")
            prompt = prompt_of_messages(asked) if isinstance(asked, list) else asked
            answers = entry["prediction"]
            gold = entry.get("gold")
            for sample, answer in enumerate(answers if isinstance(answers, list) else [answers]):
                out.add(
                    number, model=name, prompt_id=f"{path.stem}/{key}",
                    prompt=prompt if isinstance(prompt, str) else None,
                    response=cell(answer, "response"), sample=str(sample),
                    reference=gold if isinstance(gold, str) else None,
                )  # fmt: skip
    return out.columns(f"OpenCompass: model = {shown(name)}, response = prediction")


def from_code_samples(
    path: Path, rows: Rows, model: str | None, problems: Problems | None = None
) -> Columns:
    """Samples of EvalPlus, BigCodeBench or HumanEval; repeats of a task are samples."""
    named = _BIGCODE.fullmatch(path.stem) or _EVALPLUS.fullmatch(path.stem)
    name = model or (named["name"].replace("--", "/", 1) if named else None)
    if name is None:
        raise InputError(
            f"{path}: neither the rows nor the file's name tell the model (EvalPlus writes "
            "ORG--NAME_BACKEND_temp_0.0.jsonl); name the model with --model"
        )
    settings = {"temperature": named["temperature"]} if named else {}
    out = Gathered(path, "line", problems)
    times: dict[str, int] = {}
    for number, row in rows:
        with out.row(number):
            if not isinstance(row, dict) or "task_id" not in row:
                raise RowProblem("an object with task_id and solution is expected")
            column = next((c for c in _CODE if isinstance(row.get(c), str)), None)
            if column is None and not any(c in row for c in _CODE):
                raise RowProblem("neither solution nor completion")
            key = cell(row["task_id"], "prompt_id") or "?"
            out.add(
                number, model=name, prompt_id=key, response=row[column] if column else None,
                sample=str(times.get(key, 0)), settings=settings,
            )  # fmt: skip
            times[key] = times.get(key, 0) + 1
    return out.columns(
        f"samples of code: model = {shown(name)}, prompt_id = task_id, response = "
        f"{' or '.join(_CODE)}"
    )


_CODE = ("raw_solution", "solution", "completion")
