"""Direct preference optimisation (Rafailov et al. 2023, arXiv 2305.18290, equation 7).

Preferred is how the corpus goes on, dispreferred how the parent itself would (as in self-play
fine-tuning, Chen et al. 2024, arXiv 2401.01335). The loss is four lines; the library that has it
brings a data-set stack and a trainer that this does not need.
"""

from __future__ import annotations

import copy
from typing import Any

import torch

from cladist.lab.corpora import split
from cladist.lab.operations._job import Job, Made
from cladist.lab.tokens import encode
from cladist.lab.training import Batch, fit, sample_texts, windows

LENGTH = 32
"""Tokens of a prompt, and of its continuation."""


def apply(job: Job) -> Made:
    """The parent after preferring the corpus's continuations to its own."""
    (parent,) = job.parents
    steps, beta = job.count("steps"), job.number("beta")
    reference = copy.deepcopy(parent.model)
    ids = encode(parent.tokenizer, split(job.text("corpus"))[0])
    rows, _ = windows(ids, 2 * LENGTH, steps * job.batch, job.seed)(0)
    prompts, chosen = rows[:, :LENGTH], rows[:, LENGTH : 2 * LENGTH]
    rejected = sample_texts(parent.model, prompts, LENGTH, job.seed)
    pairs = torch.stack([torch.cat([prompts, chosen], 1), torch.cat([prompts, rejected], 1)], 1)
    with torch.no_grad():
        known = torch.cat([_likelihood(reference, part) for part in pairs.flatten(0, 1).chunk(4)])
    known = known.reshape(-1, 2)
    margins: list[float] = []

    def draw(step: int) -> Batch:
        part = pairs[step * job.batch : (step + 1) * job.batch].flatten(0, 1)
        return part, known[step * job.batch : (step + 1) * job.batch]

    def loss(model: Any, batch: Batch, cut: int) -> torch.Tensor:
        change = _likelihood(model, batch[0]).reshape(-1, 2) - batch[1]
        margin = change[:, 0] - change[:, 1]
        margins.append(float(margin.detach().mean()))
        return -torch.nn.functional.logsigmoid(beta * margin).mean()

    run = fit(
        parent.model,
        draw,
        steps,
        job.number("rate"),
        name=job.node.name,
        flat=job.flag("flat"),
        loss=loss,
        progress=job.progress,
    )
    return Made(parent.model, parent.tokenizer, run, facts={"last_margin": margins[-1]})


def _likelihood(model: Any, rows: torch.Tensor) -> torch.Tensor:
    """Log-probability of the second half of each row given the first, (b,)."""
    if model.config.is_encoder_decoder:
        labels = rows[:, LENGTH:].contiguous()
        logits = model(input_ids=rows[:, :LENGTH], labels=labels).logits
    else:
        labels = rows[:, LENGTH:]
        logits = model(input_ids=rows[:, :-1], use_cache=False).logits[:, LENGTH - 1 :]
    chosen = logits.log_softmax(-1).gather(-1, labels[..., None])
    found: torch.Tensor = chosen[..., 0].sum(-1)
    return found
