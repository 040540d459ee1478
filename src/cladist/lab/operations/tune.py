"""Full fine-tuning, and continued pretraining, which is longer and warms up longer."""

from __future__ import annotations

from cladist.lab.operations._job import Job, Made, train


def apply(job: Job) -> Made:
    """All weights of the parent, trained on another corpus."""
    (parent,) = job.parents
    warm_up = 0.15 if job.node.operation == "pretrain" else 0.05
    run = train(job, parent.model, parent.tokenizer, warm_up=warm_up)
    return Made(parent.model, parent.tokenizer, run)
