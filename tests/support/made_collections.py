"""Synthetic collections of recorded answers, in the layouts of the public ones."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from made_families import population

from cladist.core.assay import Decoding
from cladist.references.catalogue import Collection
from cladist.references.files import tree_hash

Texts = Mapping[str, Sequence[str]]
RAW = Decoding("raw", max_tokens=1024, unknown=("temperature", "top_p"))


def families(
    count: int = 8, members: int = 2, probes: int = 24
) -> tuple[dict[str, list[str]], list[str], dict[str, str]]:
    """Answers by model ('org/fX-mY'), prompts, and families by model."""
    models, names = population(families=count, members=members, probes=probes, kept=0.8)
    prompts = [f"prompt number {i} of the made collection, begin:" for i in range(probes)]
    said = {f"org/{m.model}": [t or "" for t in m.texts()] for m in models}
    return said, prompts, {f"org/{m.model}": n for m, n in zip(models, names, strict=True)}


def dna_web(folder: Path, said: Texts, prompts: Sequence[str]) -> None:
    """ORG_NAME/responses.json beside files that hold no answers."""
    for model, texts in said.items():
        place = folder / model.replace("/", "_")
        place.mkdir(parents=True)
        items = [{"prompt": p, "response": t} for p, t in zip(prompts, texts, strict=True)]
        data = {"model": model, "dataset": "rand", "count": len(items), "items": items}
        (place / "responses.json").write_text(json.dumps(data, ensure_ascii=False), "utf-8")
        (place / f"{place.name}_dna.json").write_text("[0.5, 1.0]")


def alpaca(folder: Path, said: Texts, prompts: Sequence[str]) -> None:
    """NAME/model_outputs.json."""
    for model, texts in said.items():
        place = folder / model.replace("/", "_")
        place.mkdir(parents=True)
        rows = [
            {"instruction": p, "output": t, "generator": model, "dataset": "helpful_base"}
            for p, t in zip(prompts, texts, strict=True)
        ]
        (place / "model_outputs.json").write_text(json.dumps(rows), "utf-8")


def can_ai_code(folder: Path, said: Texts, prompts: Sequence[str]) -> None:
    """FAMILY/eval_junior-v2_..._TIME.ndjson, one line a task."""
    for model, texts in said.items():
        place = folder / "family"
        place.mkdir(parents=True, exist_ok=True)
        rows = [
            {"name": f"Task{i}", "language": "python", "prompt": p, "answer": t, "model": model,
             "params": {"temperature": 0}, "runtime": "vllm"}
            for i, (p, t) in enumerate(zip(prompts, texts, strict=True))
        ]  # fmt: skip
        name = f"eval_junior-v2_python_chat-simple_none_greedy_{model.replace('/', '-')}_17.ndjson"
        (place / name).write_text("".join(json.dumps(r) + "\n" for r in rows), "utf-8")


def eq_bench(folder: Path, said: Texts, prompts: Sequence[str]) -> None:
    """eq-bench/ORG__NAME_eqbench_v2_results.json, runs by key; no texts of prompts."""
    place = folder / "eq-bench"
    place.mkdir(parents=True)
    for model, texts in said.items():
        run = {
            "run_metadata": {"instruction_template": "ChatML", "inference_engine": "ooba"},
            "model_path": model,
            "iterations": {"1": {"raw_results": {str(i): t for i, t in enumerate(texts, 1)}}},
        }
        name = f"{model.replace('/', '__')}_eqbench_v2_results.json"
        (place / name).write_text(json.dumps({f"run--{model}": run}), "utf-8")


WRITERS = {
    "dna-web": dna_web,
    "alpaca-eval": alpaca,
    "can-ai-code": can_ai_code,
    "eq-bench": eq_bench,
}


def collection(
    name: str = "made",
    layout: str = "dna-web",
    folder: Path | None = None,
    *,
    asked: Decoding = RAW,
    address: str = "https://example.org/made",
    commit: str = "0" * 40,
    consent: str = "",
    inside: str = "out/rand",
) -> Collection:
    """An entry of the catalogue for what was written into `folder`."""
    tree = "1" * 40 if folder is None else tree_hash(folder)
    return Collection(
        name, "a made collection", address, commit, "2026-01-01", inside, tree, 16, 24, 100_000,
        "MIT", consent, layout, asked, ("Made for a test.",),
    )  # fmt: skip
