"""The machine-readable twin of a report: the same facts as JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

from cladist.formats.trees.newick import write_newick
from cladist.provenance.report import FORMAT, Report

__all__ = ["as_json"]


def as_json(report: Report) -> str:
    """The report as JSON text; numbers that are not there are null, the tree is Newick.

    Examples
    --------
    >>> json.loads(as_json(report))["format"]  # doctest: +SKIP
    'cladist-report/1'
    """
    fields = {k: getattr(report, k) for k in report.__dataclass_fields__ if k != "tree"}
    shown = {k: _plain(v) for k, v in fields.items()}
    shown["tree"] = write_newick(report.tree).strip() if report.tree is not None else None
    return json.dumps({"format": FORMAT, **shown}, ensure_ascii=False, indent=2) + "\n"


def _plain(value: Any) -> Any:
    """Plain data of dataclasses, also within tuples and mappings; no NaN and no infinity."""
    if hasattr(value, "__dataclass_fields__"):
        return _plain(asdict(value))
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    return {k: _plain(v) for k, v in value.items()} if hasattr(value, "items") else value
