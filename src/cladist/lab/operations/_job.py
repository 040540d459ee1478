"""What an operation is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cladist.core.hashing import key64
from cladist.lab.corpora import some, split
from cladist.lab.plan import Child
from cladist.lab.store import Loaded
from cladist.lab.tokens import encode
from cladist.lab.training import Run, fit, windows


@dataclass(frozen=True)
class Job:
    """A child to be made: its recipe, and the models it comes from, in memory.

    parents  to be changed in place if need be: nobody else uses them
    base     the founder of the first parent, for merges of changes; None elsewhere
    """

    node: Child
    parents: tuple[Loaded, ...]
    teacher: Loaded | None
    base: Loaded | None
    seed: int
    window: int
    batch: int
    progress: Callable[[int, int], None]

    def text(self, key: str) -> str:
        """A textual option."""
        return str(self.node.options[key])

    def number(self, key: str) -> float:
        """A numeric option."""
        return float(self.node.options[key])

    def count(self, key: str) -> int:
        """A whole-number option."""
        return int(self.node.options[key])

    def flag(self, key: str) -> bool:
        """A yes-or-no option."""
        return bool(self.node.options[key])


@dataclass(frozen=True)
class Made:
    """The model made.

    kind   weights, adapter, gguf or disguise; `write` puts files of the last three
    base   the model that an adapter or a disguise belongs to
    facts  what else is worth recording
    """

    model: Any
    tokenizer: Any
    run: Run = field(default_factory=lambda: Run(0, 0, float("nan")))
    kind: str = "weights"
    base: str = ""
    write: Callable[[Path], None] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def seed_of(plan_seed: int, name: str, own: int) -> int:
    """Seed of a model, of 31 bits, from the plan's, its name and its own."""
    return key64(f"{plan_seed}/{name}/{own}") & 0x7FFFFFFF


def train(job: Job, model: Any, tokenizer: Any, *, warm_up: float = 0.05) -> Run:
    """Train on the corpus that the job names, for its steps at its rate; none for no steps."""
    steps = job.count("steps")
    if steps == 0:
        return Run(0, 0, float("nan"))
    # Tokenising a whole corpus would take longer than a short training.
    wanted = 4 * steps * job.window * job.batch
    ids = encode(tokenizer, some(split(job.text("corpus"))[0], wanted, job.seed))
    return fit(
        model,
        windows(ids, job.window, job.batch, job.seed),
        steps,
        job.number("rate"),
        name=job.node.name,
        flat=job.flag("flat"),
        warm_up=warm_up,
        progress=job.progress,
    )
