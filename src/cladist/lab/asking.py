"""Ask every model of a menagerie, under several assays, and look inside while it is loaded."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from cladist import catalog
from cladist.core.assay import Assay, Protocol
from cladist.core.progress import Progress, silent
from cladist.errors import CladistError, InputError
from cladist.extraction.run import extract
from cladist.lab.inside import look_inside
from cladist.lab.reworded import Reworded
from cladist.lab.store import load, record_of
from cladist.lab.truth import Truth
from cladist.models.base import Identity, Model, ModelURI
from cladist.models.disguise import disguised
from cladist.registry import Registry

BATCH = 100
REGISTRY, SERIES, INSIDE = "registry", "registry-of-series", "inside"


@dataclass(frozen=True)
class Effort:
    """How much is asked: probes of RepTrace and PhyloLM, samples of PhyloLM, tokens of RepTrace."""

    genes: int
    samples: int
    questions: int
    tokens: int


ECONOMY = Effort(128, 32, 150, 32)
"""PhyloLM in full; RepTrace in part, since all of it is four processor minutes a tiny model."""
PUBLISHED = Effort(128, 32, 600, 1024)


def assays(effort: Effort) -> tuple[Assay, ...]:
    """The default assay as it is; PhyloLM and RepTrace by their published methods.

    The models know no chat, so RepTrace's questions are continued. Fewer probes, samples and
    tokens than published are a protocol of its own.
    """
    phylolm, reptrace = catalog.assay("phylolm"), catalog.assay("reptrace")
    genes = Protocol(
        "phylolm",
        catalog.probe_set(f"genes-128:{effort.genes}"),
        replace(phylolm.protocol.decoding, samples=effort.samples),
    )
    questions = Protocol(
        "reptrace",
        catalog.probe_set(f"questions-600:{effort.questions}"),
        replace(reptrace.protocol.decoding, interface="auto", max_tokens=effort.tokens),
    )
    return catalog.assay(), phylolm.on(genes), reptrace.on(questions)


def open_bred(root: Path, name: str) -> Model:
    """A finished model, ready to be asked; disguises are worn."""
    record = record_of(root, name)
    if record is None:
        raise InputError(f"'{name}' is not in {root}; run 'cladist lab grow' first")
    from cladist.models._generation import Checkpointed

    loaded = load(root, name)
    facts = {"architecture": loaded.architecture, "parameters": str(record["parameters"])}
    identity = Identity(name, f"lab:{name}", f"lab:{record['recipe']}", facts)
    model: Model = Checkpointed(identity, frozenset({"raw"}), BATCH, loaded.tokenizer, loaded.model)
    worn = record.get("disguise")
    if not worn:
        return model
    asked = {k: str(worn[k]) for k in ("system", "temperature") if worn[k]}
    if asked:
        model = disguised(model, ModelURI(f"lab:{name}", "lab", name, asked, name))
    if worn["words"]:
        model = Reworded(model, identity, float(worn["words"]))
    return model


def ask_all(
    root: Path,
    truth: Truth,
    effort: Effort = ECONOMY,
    *,
    jobs: int = 1,
    progress: Progress = silent,
) -> None:
    """Store answers and DNA of all models in `root`/registry, those of series beside it.

    What was answered before is not asked again. Models are shared among `jobs` processes.
    """
    (root / INSIDE).mkdir(parents=True, exist_ok=True)
    for folder in (REGISTRY, SERIES):
        Registry.open(root / folder).close()
    tasks = [(i.name, bool(i.series)) for i in truth.individuals]
    done = 0
    progress("asking the models", done, len(tasks))
    for _ in _asked(root, tasks, effort, jobs):
        done += 1
        progress("asking the models", done, len(tasks))


def _asked(
    root: Path, tasks: Sequence[tuple[str, bool]], effort: Effort, jobs: int
) -> Iterator[None]:
    if jobs == 1:
        for name, series in tasks:
            ask(root, name, series, effort)
            yield
        return
    with ProcessPoolExecutor(jobs, get_context("spawn"), _apart) as pool:
        waiting = [pool.submit(ask, root, name, series, effort) for name, series in tasks]
        try:
            for task in as_completed(waiting):
                yield task.result()
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _apart() -> None:
    if hasattr(os, "setsid"):
        os.setsid()


def ask(root: Path, name: str, series: bool, effort: Effort) -> None:
    """Ask one model whatever is open, and store what is inside it."""
    import torch

    torch.set_num_threads(1)
    chosen = assays(effort)[:1] if series else assays(effort)
    record = record_of(root, name)
    recipe = record["recipe"] if record else ""
    inside = root / INSIDE / f"{name}.npz"
    if _known(root / (SERIES if series else REGISTRY), name, recipe, chosen) and inside.is_file():
        return
    if not inside.is_file():
        functions, sketch = look_inside(load(root, name))
        part = inside.with_suffix(".part.npz")
        arrays: dict[str, Any] = {"functions": functions, **sketch}
        np.savez_compressed(part, **arrays)
        part.replace(inside)
    model = open_bred(root, name)
    try:
        with Registry.open(root / (SERIES if series else REGISTRY)) as registry:
            for assay in chosen:
                # Coverage is part of what is scored: a model that says little is kept.
                extract(model, assay, registry, allow_sparse=True)
    finally:
        model.close()


def _known(folder: Path, name: str, recipe: str, chosen: Sequence[Assay]) -> bool:
    """Whether a model has all its DNA; `CladistError` when it was bred anew since."""
    with Registry.open(folder) as registry:
        known = next((m for m in registry.models() if m.name == name), None)
        if known is None:
            return False
        if known.fingerprint.partition("+")[0] != f"lab:{recipe}":
            raise CladistError(
                f"'{name}' was bred anew since it was asked; remove {folder} and "
                f"{folder.parent / INSIDE} to ask all models again"
            )
        made = set(registry.assays_of(known))
    return made.issuperset(a.digest for a in chosen)
