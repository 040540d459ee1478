"""Fits of a reference, kept beside it as arrays and plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist.core.hashing import digest
from cladist.core.optional import needed
from cladist.core.responses import Response, ResponseSet, State
from cladist.errors import InputError
from cladist.formats.labels import DeclaredModel
from cladist.kinship.evidence.standard import RowLevels
from cladist.kinship.inference.calibration import calibrate
from cladist.kinship.inference.family_fits import fits_from, fits_to
from cladist.kinship.inference.labels import labels_of
from cladist.kinship.panel.fitted import evidence_from, evidence_to, fitted_on
from cladist.kinship.panel.outsider import Members
from cladist.references.panel import open_panel, require_panel
from cladist.registry.kept import Kept
from cladist.workflows.reference_fit import Fit, Strangers, fit_panel_for

__all__ = ["FITS", "kept_fit"]

FITS = "fits"
"""Folder of a reference that its fits are kept in; it can be deleted at any time."""

_VERSION = 2
_LEVELS = RowLevels._fields
Arrays = Mapping[str, NDArray[Any]]


def kept_fit(
    folder: Path,
    labels: Mapping[str, DeclaredModel],
    prompts: Sequence[str],
    probes: int,
    cut: int,
) -> Fit:
    """The fit of the reference in `folder`: read where it was made before, else made and kept.

    A reference that cannot be written to, or a full disk, costs the time of fitting at every
    question and nothing else. Raises what `fit_panel_for` and `open_panel` raise.
    """
    path = require_panel(folder)
    with needed("A panel in a file", "arrow"):
        import pyarrow.parquet as pq
    said = (pq.read_schema(path).metadata or {}).get(b"digest", b"").decode()
    known = digest([[m, asdict(d)] for m, d in sorted(labels.items())])
    on = fitted_on("reference", _VERSION, said, known, list(prompts[:probes]), cut)

    def make() -> tuple[Arrays, Mapping[str, Any]]:
        return _to(fit_panel_for(open_panel(folder), labels, prompts, probes, cut))

    kept = Kept(folder / FITS)
    try:
        return _from(*kept.result(on, make), labels, cut)
    except (KeyError, TypeError, ValueError, InputError):
        # What lies there was damaged: it is made anew, in the place of the other.
        return _from(*make(), labels, cut)


def _to(fit: Fit) -> tuple[Arrays, Mapping[str, Any]]:
    members = fit.members
    arrays, data = evidence_to(members.pairs)
    arrays |= {
        name: np.array([[getattr(level, name) for level in half] for half in members.levels])
        for name in _LEVELS
    }
    said = [
        (r.text if r.usable else "").encode("utf-8", "surrogatepass")
        for answers in members.responses
        for slot in answers.slots
        for r in (slot[:1] or (Response("", State.EMPTY),))
    ]
    arrays["texts"] = np.frombuffer(b"".join(said), np.uint8)
    arrays["ends"] = np.cumsum([len(t) for t in said]).astype(np.int64)
    data |= {
        "probe_ids": list(members.responses[0].probe_ids),
        "middle": members.middle, "unit": members.unit, "mute": fit.mute, "missing": fit.missing,
        "families": None if fit.families is None else fits_to(fit.families),
    }  # fmt: skip
    if fit.strangers is not None:
        s = fit.strangers
        arrays |= {"maker": s.maker, "near": s.combined, "excess": s.excess, "counts": s.counts}
    return arrays, data


def _from(arrays: Arrays, data: Mapping[str, Any], labels: Mapping[str, DeclaredModel],
          cut: int) -> Fit:  # fmt: skip
    pairs = evidence_from(arrays, data)
    said = _responses(arrays, data)
    members = Members(said, pairs, _levels(arrays), data["middle"], data["unit"])
    known = labels_of(pairs.models, labels)
    strangers = calibration = None
    if "maker" in arrays and known is not None:
        calibration = calibrate(pairs, known)
        strangers = Strangers(arrays["maker"], arrays["near"], arrays["excess"], arrays["counts"])
    told = data["families"]
    families = None if told is None else fits_from(told)
    return Fit(
        members, known, calibration, data["missing"], strangers, families, data["mute"], cut, labels
    )  # fmt: skip


def _levels(arrays: Arrays) -> tuple[tuple[RowLevels, ...], ...]:
    mean, spread, pooled = (np.asarray(arrays[name], np.float64) for name in _LEVELS)
    return tuple(
        tuple(RowLevels(m, s, float(p)) for m, s, p in zip(*half, strict=True))
        for half in zip(mean, spread, pooled, strict=True)
    )


def _responses(arrays: Arrays, data: Mapping[str, Any]) -> tuple[ResponseSet, ...]:
    raw, ends = arrays["texts"].tobytes(), arrays["ends"].tolist()
    ids, models = tuple(data["probe_ids"]), data["models"]
    if len(ends) != len(ids) * len(models) or (ends and ends[-1] != len(raw)):
        raise InputError("a fit of a reference is damaged: its answers are not whole")
    starts = [0, *ends[:-1]]
    slots = [
        (Response(raw[a:b].decode("utf-8", "surrogatepass"), State.OK),) if b > a else ()
        for a, b in zip(starts, ends, strict=True)
    ]
    width = len(ids)
    return tuple(
        ResponseSet(m, ids, tuple(slots[k * width : (k + 1) * width])) for k, m in enumerate(models)
    )
