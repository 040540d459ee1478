"""Gaussian noise on the weights, in units of each matrix's own spread."""

from __future__ import annotations

import torch

from cladist.lab.operations._job import Job, Made


def apply(job: Job) -> Made:
    """The parent with every matrix moved by `sigma` standard deviations of its entries."""
    (parent,) = job.parents
    sigma = job.number("sigma")
    draw = torch.Generator().manual_seed(job.seed)
    with torch.no_grad():
        for weight in parent.model.parameters():
            if weight.ndim == 2:
                step = torch.randn(weight.shape, generator=draw)
                weight += sigma * weight.std() * step
    return Made(parent.model, parent.tokenizer)
