"""Weight merging: linear, SLERP (Shoemake 1985), TIES (Yadav et al. 2023, arXiv 2306.01708) and
DARE (Yu et al. 2023, arXiv 2311.03099).

TIES and DARE on task tensors, the changes since the founder, are peft's. A library that merges
whole checkpoints exists, but works from files and brings a data-set stack for it.
"""

from __future__ import annotations

import warnings

import torch

from cladist.errors import MissingExtraError
from cladist.lab.operations._job import Job, Made

NEARLY = 1e-4


def apply(job: Job) -> Made:
    """The first parent's model with the merged tensors."""
    method = job.text("method")
    states = [p.model.state_dict() for p in job.parents]
    count = len(states)
    first = job.number("weight") or 1 / count
    share = torch.tensor([first, *[(1 - first) / (count - 1)] * (count - 1)])
    base = job.base.model.state_dict() if job.base is not None else {}
    torch.manual_seed(job.seed)
    out = {}
    for name, one in states[0].items():
        tensors = [s[name] for s in states]
        if not one.is_floating_point():
            out[name] = one
        elif method == "slerp":
            out[name] = slerp(tensors[0], tensors[1], 1 - first)
        elif method == "linear":
            out[name] = torch.einsum("k,k...->...", share, torch.stack(tensors))
        else:
            changes = [t - base[name] for t in tensors]
            out[name] = base[name] + _changes(method, changes, share, job.number("density"))
    made = job.parents[0]
    made.model.load_state_dict(out)
    return Made(made.model, made.tokenizer)


def _changes(
    method: str, changes: list[torch.Tensor], share: torch.Tensor, density: float
) -> torch.Tensor:
    try:
        from peft.utils.merge_utils import dare_linear, ties
    except ImportError as error:
        raise MissingExtraError("TIES and DARE", "lab") from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a density of 1 keeps everything
        if method == "ties":
            # A disjoint merge divides by how many agree: shares are told relative to even ones.
            found: torch.Tensor = ties(changes, share * len(changes), density)
        else:
            found = dare_linear(changes, share, density)
    return found


def slerp(a: torch.Tensor, b: torch.Tensor, t: float) -> torch.Tensor:
    """Along the great circle from a to b, lengths interpolated too; linear for parallel ones."""
    x, y = a.flatten().double(), b.flatten().double()
    size_x, size_y = x.norm(), y.norm()
    if size_x == 0 or size_y == 0:
        return torch.lerp(a, b, t)
    cosine = torch.clamp((x / size_x) @ (y / size_y), -1.0, 1.0)
    angle = torch.arccos(cosine)
    if float(torch.sin(angle)) < NEARLY:
        return torch.lerp(a, b, t)
    way = (torch.sin((1 - t) * angle) * x / size_x + torch.sin(t * angle) * y / size_y) / torch.sin(
        angle
    )
    found: torch.Tensor = way * ((1 - t) * size_x + t * size_y)
    return found.reshape(a.shape).to(a.dtype)
