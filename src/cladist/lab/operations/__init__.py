"""Operations that make a model from others, one file each: `apply(job)` gives what was made."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

from cladist.lab.operations._job import Job, Made

_FILES = {
    "drop-layers": "layers",
    "grow-layers": "layers",
    "extend-vocabulary": "vocabulary",
    "pretrain": "tune",
}


def apply(job: Job) -> Made:
    """Carry out the operation of a job; `ModelError` when training diverges."""
    operation = job.node.operation
    module = import_module(f"{__name__}.{_FILES.get(operation, operation)}")
    return cast("Callable[[Job], Made]", module.apply)(job)
