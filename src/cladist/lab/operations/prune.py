"""Magnitude pruning: the smallest weights of every matrix become zero (Han et al. 2015)."""

from __future__ import annotations

import torch

from cladist.lab.operations._job import Job, Made, train


def apply(job: Job) -> Made:
    """The parent without its smallest weights; healing trains all weights again."""
    (parent,) = job.parents
    share = job.number("share")
    zero = total = 0
    with torch.no_grad():
        for weight in parent.model.parameters():
            if weight.ndim == 2 and share > 0:
                cut = weight.abs().flatten().kthvalue(max(1, round(share * weight.numel()))).values
                weight[weight.abs() <= cut] = 0.0
                zero += int((weight == 0).sum())
                total += weight.numel()
    run = train(job, parent.model, parent.tokenizer)
    facts = {"zeroed": zero / max(total, 1)}
    return Made(parent.model, parent.tokenizer, run, facts=facts)
