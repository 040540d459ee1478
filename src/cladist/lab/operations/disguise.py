"""The same weights behind another face; nothing is trained, and no weights are stored."""

from __future__ import annotations

from pathlib import Path

from cladist.lab.operations._job import Job, Made


def apply(job: Job) -> Made:
    """A record that names the model behind the disguise; it is worn when the model is asked."""
    (parent,) = job.parents

    def write(folder: Path) -> None:
        """Nothing but the record."""

    return Made(parent.model, parent.tokenizer, kind="disguise", base=parent.name, write=write)
