"""A fitted panel: all that questions need of its models, fitted once and kept as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.kinship.config import (
    CALIBRATION,
    EVIDENCE,
    LENGTHS,
    OPENINGS,
    RATES,
    ROTE,
    SPREADS,
    STATES,
)
from cladist.kinship.inference.calibration import Calibration
from cladist.kinship.inference.levels import Groups, Levels
from cladist.kinship.inference.matching import Matching
from cladist.kinship.inference.null import Null
from cladist.kinship.inference.pairs import PairEvidence, Pairwise, pair_evidence
from cladist.kinship.inference.states import ModelFlags, model_flags

__all__ = [
    "FITTED",
    "FittedPanel",
    "calibration_from",
    "calibration_to",
    "evidence_from",
    "evidence_to",
    "fit_panel",
    "fitted_from",
    "fitted_on",
    "fitted_to",
]

FITTED = 13
"""Version of what is fitted; what another version fitted is fitted again."""

_CONFIGS: tuple[Any, ...] = (EVIDENCE, SPREADS, OPENINGS, LENGTHS, RATES, ROTE, STATES, CALIBRATION)
"""Constants that a fitted panel depends on."""

_MATRICES = ("combined", "score", "even", "odd", "style", "tokenizer")


def fitted_on(*parts: object) -> list[object]:
    """What a fitted panel depends on beside its answers: this version and every constant."""
    return ["fitted panel", FITTED, *(asdict(c) for c in _CONFIGS), *parts]


@dataclass(frozen=True, eq=False)
class FittedPanel:
    """Evidence of all pairs of n models, and what is remarkable about each of them.

    on  what it was fitted on, as `fitted_on` has it; empty where that is not known
    """

    pairs: PairEvidence
    flags: tuple[ModelFlags, ...]
    on: tuple[object, ...] = ()


def fit_panel(
    responses: Iterable[ResponseSet],
    prompts: Sequence[str] | None = None,
    members: NDArray[np.bool_] | None = None,
) -> FittedPanel:
    """Fit a panel on the answers of n models, gone through once. Cost: that of `pair_evidence`.

    `members` bool (n,) says who is the panel that all statistics come from; everybody by default.
    """
    flags: list[ModelFlags] = []

    def flagged() -> Iterator[ResponseSet]:
        for r in responses:
            flags.append(model_flags(r, prompts))
            yield r

    pairs = pair_evidence(flagged(), members)
    return FittedPanel(pairs, tuple(flags))


def fitted_to(panel: FittedPanel) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Arrays and plain data that `fitted_from` makes the same panel of, in float32."""
    arrays, data = evidence_to(panel.pairs)
    data["flags"] = [
        [sorted(f.canned), f.constant, f.echo, f.empty, f.reasoning_trace] for f in panel.flags
    ]
    return arrays, data


def fitted_from(
    arrays: Mapping[str, NDArray[Any]], data: Mapping[str, Any], on: Sequence[object] = ()
) -> FittedPanel:
    """The panel from what `fitted_to` gave; `InputError` where it was damaged."""
    pairs = evidence_from(arrays, data)
    if len(data["flags"]) != len(pairs):
        raise InputError("a fitted panel is damaged: its parts are of different sizes")
    flags = tuple(ModelFlags(frozenset(canned), *rest) for canned, *rest in data["flags"])
    return FittedPanel(pairs, flags, tuple(on))


def calibration_to(made: Calibration) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Arrays and plain data that `calibration_from` makes the same calibration of."""
    arrays: dict[str, NDArray[Any]] = {"kin": made.kin, "kin_order": made.kin_order}
    arrays["kin_excess"] = made.kin_excess
    arrays["makers"] = made.makers
    nulls = []
    for k, null in enumerate(made.nulls):
        for c, places in enumerate(null.expected.knots):
            arrays[f"knots{k}/{c}"] = places
        arrays[f"coefficients{k}"] = null.expected.coefficients
        arrays[f"residual{k}"], arrays[f"tail{k}"] = null.residual, null.tail
        arrays[f"usual{k}"] = null.usual
        own = null.levels
        arrays[f"makers{k}"], arrays[f"families{k}"] = own.groups.makers, own.groups.families
        arrays[f"total{k}"], arrays[f"square{k}"] = own.total, own.square
        expected = null.expected
        nulls.append([null.half, len(expected.knots), expected.scale, null.cells, own.pooled])
    told = [made.models, made.families, made.labelled, made.reasoning_pairs]
    return arrays, {"nulls": nulls, "told": told}


def calibration_from(arrays: Mapping[str, NDArray[Any]], data: Mapping[str, Any]) -> Calibration:
    """The calibration from what `calibration_to` gave."""
    nulls = tuple(
        Null(
            half,
            Matching(
                tuple(arrays[f"knots{k}/{c}"] for c in range(covariates)),
                arrays[f"coefficients{k}"],
                scale,
            ),
            arrays[f"residual{k}"],
            arrays[f"tail{k}"],
            cells,
            arrays[f"usual{k}"],
            Levels(
                Groups(arrays[f"makers{k}"], arrays[f"families{k}"]),
                arrays[f"total{k}"],
                arrays[f"square{k}"],
                pooled,
            ),
        )
        for k, (half, covariates, scale, cells, pooled) in enumerate(data["nulls"])
    )
    models, families, labelled, reasoning = data["told"]
    kin, order, makers = arrays["kin"], arrays["kin_order"], arrays["makers"]
    excess = arrays["kin_excess"]
    return Calibration(nulls, kin, excess, order, models, families, labelled, reasoning, makers)


def evidence_to(pairs: PairEvidence) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Arrays and plain data that `evidence_from` makes the same evidence of, in float32."""
    whole = {
        "combined": pairs.combined,
        "score": pairs.score,
        "even": pairs.halves[0],
        "odd": pairs.halves[1],
        "style": pairs.style,
        "tokenizer": pairs.tokenizer,
    }
    arrays: dict[str, NDArray[Any]] = {
        k: v.stored.astype(np.float32, copy=False) for k, v in whole.items()
    }
    arrays["present"] = np.packbits(pairs.present, axis=1)
    arrays["reasoning"] = pairs.reasoning
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
    whole = {k: Pairwise(arrays[k]) for k in _MATRICES}
    present = np.unpackbits(arrays["present"], axis=1, count=int(data["probes"])).astype(np.bool_)
    return PairEvidence(
        tuple(data["models"]),
        whole["combined"],
        whole["score"],
        (whole["even"], whole["odd"]),
        whole["style"],
        whole["tokenizer"],
        present,
        tuple(bytes.fromhex(d) for d in data["digest"]),
        arrays["reasoning"].astype(np.bool_),
    )
