"""A fitted panel as arrays, so that it is fitted once and asked many times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist.errors import InputError
from cladist.kinship.config import EVIDENCE
from cladist.kinship.inference.calibration import PairEvidence

__all__ = ["FITTED", "evidence_from", "evidence_to", "fitted_on"]

FITTED = 4
"""Version of what is fitted; what another version fitted is fitted again."""

_MATRICES = ("combined", "score", "even", "odd", "manner", "clock")


def fitted_on(*parts: object) -> list[object]:
    """What a fitted panel depends on beside its answers: this version and every constant."""
    return ["fitted panel", FITTED, asdict(EVIDENCE), *parts]


def evidence_to(pairs: PairEvidence) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Arrays and plain data that `evidence_from` makes the same evidence of, in float32."""
    whole = {
        "combined": pairs.combined,
        "score": pairs.score,
        "even": pairs.halves[0],
        "odd": pairs.halves[1],
        "manner": pairs.manner,
        "clock": pairs.clock,
    }
    arrays: dict[str, NDArray[Any]] = {k: v.astype(np.float32) for k, v in whole.items()}
    arrays["present"] = np.packbits(pairs.present, axis=1)
    arrays["aloud"] = pairs.aloud
    data = {
        "models": list(pairs.models),
        "probes": int(pairs.present.shape[1]),
        "digest": [d.hex() for d in pairs.digest],
    }
    return arrays, data


def evidence_from(arrays: Mapping[str, NDArray[Any]], data: Mapping[str, Any]) -> PairEvidence:
    """Evidence of all pairs from what `evidence_to` gave; `InputError` where it was damaged."""
    n = len(data["models"])
    if any(arrays[k].shape != (n, n) for k in _MATRICES) or len(data["digest"]) != n:
        raise InputError("a fitted panel is damaged: its parts are of different sizes")
    whole = {k: arrays[k].astype(np.float64) for k in _MATRICES}
    present = np.unpackbits(arrays["present"], axis=1, count=int(data["probes"])).astype(np.bool_)
    return PairEvidence(
        tuple(data["models"]),
        whole["combined"],
        whole["score"],
        (whole["even"], whole["odd"]),
        whole["manner"],
        whole["clock"],
        present,
        tuple(bytes.fromhex(d) for d in data["digest"]),
        arrays["aloud"].astype(np.bool_),
    )
