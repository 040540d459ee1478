"""Instruction tuning: tasks in one format, the loss on the answers alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from cladist.lab.operations._job import Job, Made
from cladist.lab.tasks import Task, tasks
from cladist.lab.training import Batch, fit


def apply(job: Job) -> Made:
    """The parent trained to answer tasks about the corpus's lines."""
    (parent,) = job.parents
    steps = job.count("steps")
    pool = tasks(job.text("corpus"), steps * job.batch, job.seed)
    rows = [_tokens(parent.tokenizer, t, job.window) for t in pool]

    def draw(step: int) -> Batch:
        return _padded(rows[step * job.batch : (step + 1) * job.batch])

    seq2seq = parent.model.config.is_encoder_decoder
    run = fit(
        parent.model,
        draw,
        steps,
        job.number("rate"),
        name=job.node.name,
        flat=job.flag("flat"),
        loss=_answered if seq2seq else None,
        progress=job.progress,
    )
    return Made(parent.model, parent.tokenizer, run)


def _tokens(tokenizer: Any, task: Task, window: int) -> tuple[list[int], list[int]]:
    question = tokenizer(task.question)["input_ids"][-window:]
    return question, tokenizer(task.answer)["input_ids"][: max(window + 1 - len(question), 4)]


def _padded(rows: list[tuple[list[int], list[int]]]) -> Batch:
    """Rows padded to one length; only answers count."""
    longest = max(len(q) + len(a) for q, a in rows)
    ids = torch.zeros((len(rows), longest), dtype=torch.long)
    counts = torch.zeros((len(rows), longest), dtype=torch.bool)
    for k, (question, answer) in enumerate(rows):
        end = len(question) + len(answer)
        ids[k, :end] = torch.tensor(question + answer)
        counts[k, len(question) : end] = True
    return ids, counts


def _answered(model: Any, batch: Batch, cut: int) -> torch.Tensor:
    """Loss of an encoder-decoder: questions to the encoder, answers from the decoder."""
    ids, counts = batch
    starts = counts.int().argmax(dim=1).tolist()
    width = int(counts.sum(dim=1).max())
    reads, masks = torch.zeros_like(ids), torch.zeros_like(ids)
    labels = torch.full((len(ids), width), -100)
    for k, start in enumerate(starts):
        answer = ids[k][counts[k]]
        reads[k, :start], masks[k, :start] = ids[k, :start], 1
        labels[k, : len(answer)] = answer
    longest = int(np.max(starts))
    out = model(input_ids=reads[:, :longest], attention_mask=masks[:, :longest], labels=labels)
    found: torch.Tensor = out.loss
    return found
