"""Quantisation: GGUF files at real precisions, or integers simulated in float32.

Simulated means rounding to the nearest of 2^bits - 1 levels, symmetric about zero, with one
scale for every 32 numbers of a row: what such a file would hold, in another container.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import torch

from cladist.lab.operations._job import Job, Made
from cladist.lab.store import GGUF
from cladist.models.requantize import Kind, requantize

BLOCK = 32


def apply(job: Job) -> Made:
    """The parent with its matrices rounded."""
    (parent,) = job.parents
    kind = job.text("kind")
    if kind == "simulated":
        with torch.no_grad():
            for weight in parent.model.parameters():
                if weight.ndim == 2:
                    weight.copy_(rounded(weight, job.count("bits")))
        return Made(parent.model, parent.tokenizer, facts={"simulated": True})

    def write(folder: Path) -> None:
        from cladist.lab.gguf_file import write_gguf

        whole = folder / "f16.gguf"
        write_gguf(whole, parent, job.node.name)
        requantize(whole, folder / GGUF, cast("Kind", kind))
        whole.unlink()
        # The file has the tokenizer too, but a reader of the folder needs no conversion of it.
        parent.tokenizer.save_pretrained(folder)

    return Made(parent.model, parent.tokenizer, kind="gguf", write=write)


def rounded(weight: torch.Tensor, bits: int) -> torch.Tensor:
    """A matrix rounded to integers of `bits` bits with a scale for every BLOCK numbers."""
    rows, columns = weight.shape
    width = -(-columns // BLOCK) * BLOCK
    padded = torch.nn.functional.pad(weight, (0, width - columns)).reshape(rows, -1, BLOCK)
    top = 2 ** (bits - 1) - 1
    scale = padded.abs().amax(dim=-1, keepdim=True) / top
    scale = torch.where(scale > 0, scale, torch.ones_like(scale))
    return (torch.round(padded / scale) * scale).reshape(rows, width)[:, :columns]
