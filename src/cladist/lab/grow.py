"""Breed a menagerie: one model after another, each finished before the next is begun."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch

from cladist.core.progress import Progress, silent
from cladist.errors import InputError
from cladist.formats.files import write_text
from cladist.lab.corpora import corpus_digest, split
from cladist.lab.founders import found
from cladist.lab.operations import apply
from cladist.lab.operations._job import Job, Made, seed_of
from cladist.lab.plan import Child, Founder, Node, Plan
from cladist.lab.store import Loaded, load, record_of, store, write_weights
from cladist.lab.tokens import encode
from cladist.lab.training import held_out_loss, sample_texts
from cladist.lab.truth import PLAN, read_plans

ALWAYS_THERE = "reference"
"""Corpus that models of unknown schooling are measured on: Python carries it."""
PROMPT, SAMPLE = 12, 40
"""Tokens of the held-out text that a sample goes on from, and of the sample."""


@dataclass(frozen=True)
class Grown:
    """What growing came to: models made now, models that were there, processor seconds."""

    made: tuple[str, ...]
    kept: tuple[str, ...]
    seconds: float


def grow(plan: Plan, root: Path, *, jobs: int = 1, progress: Progress = silent) -> Grown:
    """Make whatever of a plan is not finished in `root`; parents before children.

    Several plans may grow in one folder, where all their models are scored together. A model
    whose recipe, or an ancestor's, has changed is made again. Everything is drawn from the
    plan's seed on one thread a model: the same machine kind and packages give the same weights,
    however many `jobs` (processes) share the work. Raises `ModelError` when training diverges,
    `InputError` when the disk is full or another plan there has a model of the same name,
    `MissingExtraError` for a corpus or library that is missing; finished models are kept in all
    cases, and by an interrupt too.
    """
    recipes = plan.recipes()
    _open(plan, root)
    kept = [n for n in plan.names if (record_of(root, n) or {}).get("recipe") == recipes[n]]
    todo = [n for n in plan.nodes if n.name not in set(kept)]
    made: list[str] = []
    progress("growing", len(kept), len(plan.nodes))
    if jobs == 1:
        for node in todo:
            breed(plan, node.name, root, recipes[node.name], progress)
            made.append(node.name)
            progress("growing", len(kept) + len(made), len(plan.nodes))
    else:
        for name in _bred_together(plan, todo, root, recipes, jobs, set(kept)):
            made.append(name)
            progress("growing", len(kept) + len(made), len(plan.nodes))
    seconds = sum(float((record_of(root, n) or {}).get("seconds", 0.0)) for n in made)
    return Grown(tuple(made), tuple(kept), seconds)


def _bred_together(
    plan: Plan, todo: list[Node], root: Path, recipes: dict[str, str], jobs: int, done: set[str]
) -> Iterator[str]:
    """Names as their models are finished by several processes; the first failure stops it all."""
    # Torch's threads do not survive a fork.
    with ProcessPoolExecutor(jobs, get_context("spawn"), _apart) as pool:
        waiting = list(todo)
        running: dict[Future[None], str] = {}
        try:
            while waiting or running:
                for node in [n for n in waiting if done.issuperset(n.sources)]:
                    if len(running) >= 2 * jobs:
                        break
                    waiting.remove(node)
                    task = pool.submit(breed, plan, node.name, root, recipes[node.name])
                    running[task] = node.name
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for task in finished:
                    name = running.pop(task)
                    task.result()
                    done.add(name)
                    yield name
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _open(plan: Plan, root: Path) -> None:
    """Enter a plan in the menagerie, beside those grown there before."""
    try:
        (root / "models").mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise InputError(f"cannot make {root / 'models'}: {problem.strerror}") from problem
    others = [p for p in read_plans(root) if p["name"] != plan.name]
    for other in others:
        both = {n["name"] for n in other["nodes"]}.intersection(plan.names)
        if both:
            raise InputError(
                f"{root} has '{min(both)}' of the plan '{other['name']}', and '{plan.name}' has "
                "a model of that name too; grow it in another folder"
            )
    nodes = [
        {"kind": "founder" if isinstance(n, Founder) else "child", **asdict(n)} for n in plan.nodes
    ]
    own = {"name": plan.name, "seed": plan.seed, "window": plan.window, "batch": plan.batch}
    plans = [*others, {**own, "nodes": nodes}]
    write_text(root / PLAN, json.dumps({"plans": plans}, indent=1) + "\n")


def _apart() -> None:
    """An interrupt is for the process that hands out work; models in the making are finished."""
    if hasattr(os, "setsid"):
        os.setsid()


def breed(plan: Plan, name: str, root: Path, recipe: str, progress: Progress = silent) -> None:
    """Make and store one model whose sources are finished, on one thread."""
    node, start = plan.node(name), time.process_time()
    torch.set_num_threads(1)
    what = f"breeding {name}"

    def step(done: int, total: int) -> None:
        progress(what, done, total)

    if isinstance(node, Founder):
        teacher = load(root, node.teacher) if node.teacher else None
        made = found(node, plan, teacher, step)
    else:
        made = apply(_job(plan, node, root, step))
    founder = plan.founder_of(node.name)
    corpus = founder.corpus if isinstance(node, Founder) else str(node.options.get("corpus", ""))
    record: dict[str, Any] = {
        "name": node.name,
        "recipe": recipe,
        "kind": made.kind,
        "base": made.base,
        "architecture": founder.architecture,
        "parameters": int(made.model.num_parameters()),
        "vocabulary": len(made.tokenizer),
        "steps": made.run.steps,
        "tokens": made.run.tokens,
        "train_loss": None if math.isnan(made.run.loss) else round(made.run.loss, 4),
        "facts": dict(made.facts),
        **_measured(plan, made, corpus or founder.corpus or ALWAYS_THERE),
        "seconds": round(time.process_time() - start, 2),
    }
    if isinstance(node, Child) and made.kind == "disguise":
        record["disguise"] = dict(node.options)
    store(root, node.name, record, made.write or _writer(made))


def _writer(made: Made) -> Callable[[Path], None]:
    return lambda folder: write_weights(made.model, made.tokenizer, folder)


def _job(plan: Plan, node: Child, root: Path, step: Callable[[int, int], None]) -> Job:
    needs_base = node.options.get("method") in ("ties", "dare")
    base: Loaded | None = load(root, plan.founder_of(node.name).name) if needs_base else None
    return Job(
        node,
        tuple(load(root, p) for p in node.parents),
        load(root, node.teacher) if node.teacher else None,
        base,
        seed_of(plan.seed, node.name, node.seed),
        plan.window,
        plan.batch,
        step,
    )


def _measured(plan: Plan, made: Made, corpus: str) -> dict[str, Any]:
    """Held-out loss in bits a byte, which tokenizers do not change, and how the model writes."""
    text = "\n\n".join(split(corpus)[1])[:12_000]
    ids = encode(made.tokenizer, [text])
    loss = held_out_loss(made.model, ids, plan.window, plan.batch, most=3)
    start = ids[:PROMPT]
    rows = sample_texts(made.model, torch.from_numpy(start[None]), SAMPLE, 0, temperature=0.7)
    return {
        "corpus": corpus,
        "corpus_digest": corpus_digest(corpus),
        "bits_per_byte": round(loss / math.log(2) * len(ids) / len(text.encode()), 4),
        "sample": [made.tokenizer.decode(start), made.tokenizer.decode(rows[0])],
    }
