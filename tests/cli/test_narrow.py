"""Tables on a terminal of sixty columns: no number is broken, and no name letter by letter."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from rich.console import Console

from cladist.cli.common import table
from cladist.cli.shown import matrix_tables
from cladist.core.distances import DistanceMatrix


def printed(*things: object, width: int) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width, highlight=False, markup=False, emoji=False)
    for thing in things:
        console.print(thing)
    return stream.getvalue()


def parents() -> object:
    heads = ("model", "parent", "evidence", "confidence", "either way", "next likely", "its share")
    made = table(*heads, right=("evidence", "confidence", "either way", "its share"))
    made.add_row("org_a-very-long-name-of-a-model", "org_b", "20.5", "90%", "95%", "none", "10%")
    made.add_row("short", "not told", "5.6", "30%", "30%", "", "")
    return made


def test_a_row_is_told_line_by_line_where_columns_have_no_room() -> None:
    told = printed(parents(), width=60)
    assert max(map(len, told.splitlines())) <= 60
    assert "model org_a-very-long-name-of-a-model" in told and "  evidence: 20.5" in told
    assert "model short" in told and told.count("next likely") == 1  # nothing stands for nothing
    wide = printed(parents(), width=140)
    assert "org_a-very-long-name-of-a-model" in wide and "evidence:" not in wide


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_every_distance_is_whole_at_any_width(width: int) -> None:
    count = 16
    draw = np.random.default_rng(0).random((count, count))
    matrix = (draw + draw.T) * (1 - np.eye(count))
    ids = tuple(f"maker_model-number-{k}-instruct" for k in range(count))
    told = printed(
        *matrix_tables(DistanceMatrix(ids, matrix, "kinship", "x"), "distances", width), width=width
    )
    assert max(map(len, told.splitlines())) <= width
    found = sorted(re.findall(r"\d\.\d{3}", told))
    assert found == sorted(f"{matrix[i, j]:.3f}" for i in range(count) for j in range(i))
