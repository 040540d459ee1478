"""Sampling whose outcome depends on the request alone, not on its neighbours in a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from cladist.core.hashing import mix64
from cladist.models.base import Request

_TRILLION = 1e12


class SeededSampling:
    """Turns each row's scores into scores whose largest is a sample, for greedy decoding.

    Adding Gumbel noise to log-probabilities and taking the maximum draws from them (Gumbel,
    1954). The noise of a row comes from its own seed and step alone, so a batch may mix seeds,
    temperatures and greedy rows. Temperature comes before top-p, as in transformers. Called by
    transformers with ids (rows, length) and scores (rows, vocabulary); the result is float32.
    """

    def __init__(self, requests: Sequence[Request]) -> None:
        self._requests = requests
        self._step = 0

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Scores of the next token, with noise where a row is sampled."""
        changed = scores.float().clone()
        for row, request in enumerate(self._requests):
            if request.temperature > 0:
                changed[row] = self._drawn(changed[row] / request.temperature, request)
        self._step += 1
        return changed

    def _drawn(self, scores: Any, request: Request) -> Any:
        logs = torch.log_softmax(scores, dim=-1)
        if request.top_p < 1:
            ordered, order = torch.sort(logs, descending=True, stable=True)
            before = torch.cumsum(ordered.exp(), dim=-1) - ordered.exp()
            logs[order[before >= request.top_p]] = -_TRILLION
        generator = torch.Generator().manual_seed(mix64(request.seed ^ mix64(self._step)) >> 1)
        noise = torch.empty(logs.shape).exponential_(generator=generator)
        return logs - noise.clamp_min(1e-30).log().to(logs.device)
