"""What the benchmarks of scores and routing share: recorded sets, their features, figures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cladist import catalog
from cladist.apply.behaviour import FeatureTable, behaviour_table, distance_table, read_answers
from cladist.core.responses import ResponseSet
from cladist.encoders import represent
from cladist.kinship.evidence.similarity import kinship_distances
from cladist.kinship.nei import nei_similarities

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
MAKERS = {
    "athene": "llama",
    "chatgpt": "gpt",
    "claude": "claude",
    "command": "command",
    "deepseek": "deepseek",
    "gemini": "google",
    "gemma": "google",
    "gpt": "gpt",
    "grok": "grok",
    "llama": "llama",
    "meta": "llama",
    "mistral": "mistral",
    "mixtral": "mistral",
    "o1": "gpt",
    "phi": "phi",
    "qwen": "qwen",
    "reka": "reka",
    "yi": "yi",
}
"""Families (makers, as far as known) of the routing set by how their names begin."""

SIZES = {
    0.2: ("8B", "7B", "9b", "9B", "2b", "3B", "mini-instruct", "mini-4k", "Nemo"),
    0.8: ("27b", "34B", "8x7B", "32B", "mini-2024-07", "haiku", "flash", "3.5-turbo", "command-r"),
    3.0: ("70B", "72B", "Coder-V2", "coder", "deepseek", "command-r-plus", "reka-core", "yi-large"),
}
"""Assumed costs of a question by class of size, roughly dollars per million tokens out in 2024:
the longest mark in a name decides, all others cost `DEAR`."""
DEAR = 12.0


def family_of(model: str) -> str:
    """Family of a model of the routing set."""
    low = model.lower()
    return next(f for mark, f in MAKERS.items() if low.startswith(mark))


def cost_of(model: str) -> float:
    """Assumed cost of a model of the routing set."""
    marks = [(len(m), cost) for cost, many in SIZES.items() for m in many if m in model]
    return max(marks)[1] if marks and "405B" not in model else DEAR


@dataclass(frozen=True)
class Scored:
    """Models with features and scores."""

    name: str
    features: FeatureTable
    log_nei: np.ndarray
    scores: np.ndarray
    families: dict[str, np.ndarray]


def responses(name: str) -> list[ResponseSet]:
    """Recorded responses of a set, one answer a probe."""
    if not DATA.is_dir():
        raise SystemExit(f"the recorded data are not at {DATA}")
    table = pd.read_parquet(DATA / name / "responses.parquet")
    table["model"] = table["model"].astype(str)
    wide = table.pivot(index="model", columns="prompt_id", values="response")
    ids = [str(c) for c in wide.columns]
    return [
        ResponseSet.of_texts(m, [t if isinstance(t, str) else None for t in row], ids)
        for m, row in zip(wide.index, wide.to_numpy(dtype=object), strict=True)
    ]


def features(sets: list[ResponseSet]) -> tuple[FeatureTable, np.ndarray]:
    """What `cladist scores predict` learns from, and ln of Nei's similarity for PhyloLM."""
    table = distance_table(kinship_distances(sets)).beside(behaviour_table(read_answers(sets)))
    genes = [represent(s, catalog.assay("phylolm").method) for s in sets]
    return table, np.log(np.maximum(nei_similarities(genes), 1e-5))


def gsm_records() -> tuple[list[str], np.ndarray, list[str]]:
    """Models, right or wrong (n, q) with NaN where not asked, and the questions' texts."""
    right = pd.read_parquet(DATA / "routing" / "gsm_correct.parquet")
    asked = pd.read_parquet(DATA / "routing" / "gsm_questions.parquet").set_index("id").question
    texts = [str(asked[i]) for i in right.columns]
    return [str(m) for m in right.index], right.to_numpy(dtype=np.float64), texts


def plain_name(model: str) -> str:
    """A name without the host that served the model, where the host is all that differs."""
    return model.removesuffix("@together")


def scored(name: str) -> Scored:
    """alpaca: length-controlled win rates; routing: accuracy on GSM8K in percent."""
    sets = responses(name)
    table, log_nei = features(sets)
    if name == "alpaca":
        lineage = pd.read_csv(DATA / name / "lineage.csv").set_index("model")
        rows = lineage[lineage.usable & lineage.length_controlled_winrate.notna()]
        value = rows.length_controlled_winrate.to_dict()
        families = {"superfamily": rows.superfamily.to_dict(), "family": rows.family.to_dict()}
    else:
        models, right, _ = gsm_records()
        value = {plain_name(m): 100 * float(np.nanmean(r)) for m, r in zip(models, right)}
        families = {"family": {m: family_of(m) for m in value}}
    names = [m for m in table.models if m in value]
    rows_of = [table.models.index(m) for m in names]
    return Scored(
        name,
        table.select(names),
        log_nei[rows_of],
        np.array([value[m] for m in names]),
        {k: np.array([v[m] for m in names]) for k, v in families.items()},
    )
