"""How views of the page look, coarsely: stored, and compared with what is seen.

A picture is told by the mean colours of squares of 36 pixels, and a page by where its parts are.
Letters are smaller than that, so other fonts change little. Measured on the 72 views with two other
fonts, against parts that were hidden (the legend, the map, the tree, its names, the rows of the
table, the sentence on top, the verdicts), which change at least four of the views of drawings:

                     99th percentile of the squares   mean
other fonts          at most 13 (drawings), 29 (text)  2.8
parts hidden         at least 16                       1.0 to 10
the head in a column, other paper                      7 to 16

`CLADIST_RENEW_VIEWS=FOLDER pytest tests/atlas/test_page_of_a_server.py -k twelve` stores what is
seen anew, and keeps the pictures in FOLDER: look at them first.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

STORED = Path(__file__).with_name("views.json")
RENEW = "CLADIST_RENEW_VIEWS"

DRAWN, TEXT, MEAN = 14.0, 30.0, 4.0
"""Of 255: what squares may differ by in views of drawings and in pages of text, and on the mean."""

PAGES = ("model", "pair", "clade", "declared")
"""Pages of text, where other letters break lines elsewhere."""

MOVED = 8
"""Hundredths of the window that a part may be elsewhere, or be larger."""

BELOW = 80
"""Hundredths of the window below which a part may be pushed out of it by other letters."""


def renewing() -> str:
    """The folder for pictures where what is seen shall be stored; '' else."""
    return os.environ.get(RENEW, "")


def stored() -> dict[str, Any]:
    """What was stored, by view."""
    found: dict[str, Any] = json.loads(STORED.read_text("utf-8"))
    return found


def store(seen: Mapping[str, Any]) -> None:
    """Store what is seen, a line a view."""
    kept = {v: {k: found[k] for k in ("places", "picture")} for v, found in sorted(seen.items())}
    lines = [f"{json.dumps(v)}:{json.dumps(k, separators=(',', ':'))}" for v, k in kept.items()]
    STORED.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


def squares(found: Mapping[str, Any]) -> NDArray[np.float64]:
    """Mean colours of a picture's squares, each among its neighbours: (rows, columns, 3)."""
    told = found["picture"]
    raw = np.frombuffer(base64.b64decode(told["cells"]), np.uint8).astype(float)
    return uniform_filter(raw.reshape(-1, told["across"], 3), (3, 3, 1), mode="nearest")


def differences(view: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What changed much, in words; nothing where a view looks as it did."""
    a, b = squares(was), squares(now)
    if a.shape != b.shape:
        return [f"the picture is of another size: {a.shape}, {b.shape}"]
    gap = np.abs(a - b)
    most, mean = float(np.percentile(gap.max(axis=2), 99)), float(gap.mean())
    said = []
    if most > (TEXT if view.startswith(PAGES) else DRAWN) or mean > MEAN:
        row, column = np.unravel_index(int(gap.max(axis=2).argmax()), gap.shape[:2])
        said.append(
            f"colours differ by {most:.0f} of 255, {mean:.1f} on the mean, most of all about "
            f"{36 * column + 18},{36 * row + 18}"
        )
    before, after = was["places"], now["places"]
    for part in sorted({*before, *after}):
        boxes = [p[part] for p in (before, after) if part in p]
        if min(box[1] for box in boxes) > BELOW:
            continue
        if len(boxes) < 2:
            said.append(f"'{part}' is {'gone' if part in before else 'new'}")
        elif max(abs(x - y) for x, y in zip(*boxes, strict=True)) > MOVED:
            said.append(f"'{part}' was at {boxes[0]}, is at {boxes[1]} (hundredths)")
    return said
