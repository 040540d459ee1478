"""The one training loop: AdamW on windows of tokens, stopped when the loss is no number."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

import numpy as np
import torch

from cladist.errors import ModelError
from cladist.lab.tokens import Ids

Batch = tuple[torch.Tensor, torch.Tensor]
"""Token ids (b, w + 1), and whether each counts as a target, bool of the same shape."""

TAIL = 20


@dataclass(frozen=True)
class Run:
    """What training came to: steps, tokens seen, and the mean loss of the last TAIL steps."""

    steps: int
    tokens: int
    loss: float


def windows(ids: Ids, window: int, batch: int, seed: int) -> Callable[[int], Batch]:
    """Random windows of a long text, the same for the same seed and step."""
    if len(ids) < window + 2:
        ids = np.tile(ids, (window + 2) // max(len(ids), 1) + 1)

    def draw(step: int) -> Batch:
        rng = np.random.default_rng((seed, step))
        starts = rng.integers(0, len(ids) - window - 1, batch)
        rows = torch.from_numpy(np.stack([ids[s : s + window + 1] for s in starts]))
        return rows, torch.ones_like(rows, dtype=torch.bool)

    return draw


def loss_of(model: Any, batch: Batch, cut: int = 0) -> torch.Tensor:
    """Mean next-token cross-entropy in nats; an encoder-decoder reads the first `cut` tokens."""
    rows, counts = batch
    if model.config.is_encoder_decoder:
        cut = cut or rows.shape[1] // 2
        labels = rows[:, cut:].masked_fill(~counts[:, cut:], -100)
        found: torch.Tensor = model(input_ids=rows[:, :cut], labels=labels.contiguous()).loss
        return found
    logits = model(input_ids=rows[:, :-1], use_cache=False).logits
    targets = rows[:, 1:].masked_fill(~counts[:, 1:], -100)
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())


class Training(TypedDict, total=False):
    """How a model is trained.

    flat      keep the rate as it is, instead of letting it decay
    warm_up   share of the steps in which the rate rises; .05
    loss      of a model on a batch, cut at a place; that of the next token
    progress  called with steps done and all steps
    """

    flat: bool
    warm_up: float
    loss: Callable[[Any, Batch, int], torch.Tensor] | None
    progress: Callable[[int, int], None] | None


def fit(
    model: Any,
    draw: Callable[[int], Batch],
    steps: int,
    rate: float,
    *,
    name: str,
    **how: Unpack[Training],
) -> Run:
    """Train in place on `draw(step)` for `steps` steps, warm-up and cosine decay (or `flat`).

    See `Training` for the rest. Parameters that need no gradient stay. Raises `ModelError` as
    soon as the loss or the gradient is no finite number.
    """
    flat, progress = how.get("flat", False), how.get("progress")
    loss = how.get("loss") or loss_of
    model.train()
    live = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in live if p.ndim >= 2], "weight_decay": 0.01},
        {"params": [p for p in live if p.ndim < 2], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW([g for g in groups if g["params"]], lr=rate, betas=(0.9, 0.95))
    warm = max(1, round(steps * how.get("warm_up", 0.05)))
    recent: list[float] = []
    tokens = 0
    for step in range(steps):
        gone = max(0.0, (step - warm) / max(steps - warm, 1))
        factor = 1.0 if flat else 0.05 + 0.475 * (1 + math.cos(math.pi * gone))
        for group in optimiser.param_groups:
            group["lr"] = rate * min((step + 1) / warm, factor)
        batch = draw(step)
        # Where an encoder-decoder's text is cut in two varies, as prompts have any length.
        cut = 8 + (step * 37) % max(batch[0].shape[1] - 24, 1)
        value = loss(model, batch, cut)
        torch.autograd.backward(value)
        norm = torch.nn.utils.clip_grad_norm_(live, 1.0)
        if not (torch.isfinite(value) and torch.isfinite(norm)):
            raise ModelError(
                f"'{name}' diverged at step {step + 1} of {steps}: the loss is no finite number "
                f"at rate {rate:g}; give it a lower rate"
            )
        optimiser.step()
        optimiser.zero_grad()
        tokens += int(batch[0].numel())
        recent = [*recent[1 - TAIL :], float(value.detach())]
        if progress is not None:
            progress(step + 1, steps)
    model.eval()
    return Run(steps, tokens, float(np.mean(recent)) if recent else float("nan"))


def held_out_loss(model: Any, ids: Ids, window: int, batch: int, most: int = 6) -> float:
    """Mean loss over the first windows of a held-out text that do not overlap."""
    count = min(max((len(ids) - 1) // window, 1), most * batch)
    ids = np.resize(ids, max(len(ids), window + 1))
    rows = torch.from_numpy(
        np.stack([ids[i * window : (i + 1) * window + 1] for i in range(count)])
    )
    model.eval()
    with torch.no_grad():
        parts = [
            float(loss_of(model, (part, torch.ones_like(part, dtype=torch.bool)))) * len(part)
            for part in rows.chunk(-(-len(rows) // batch))
        ]
    return sum(parts) / count


@torch.no_grad()
def sample_texts(
    model: Any, prompts: torch.Tensor, length: int, seed: int, temperature: float = 1.0
) -> torch.Tensor:
    """Sampled continuations, int64 (b, length), of prompts without padding, int64 (b, p)."""
    model.eval()
    torch.manual_seed(seed)
    out = model.generate(
        input_ids=prompts,
        attention_mask=torch.ones_like(prompts),
        max_new_tokens=length,
        min_new_tokens=length,
        do_sample=True,
        temperature=temperature,
        top_k=0,
        top_p=1.0,
        pad_token_id=0,
    )
    found: torch.Tensor = out[:, -length:]
    return found
