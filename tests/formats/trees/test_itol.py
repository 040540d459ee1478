from __future__ import annotations

import pytest

from cladist.errors import InputError
from cladist.formats.trees.itol import write_itol_bars, write_itol_strip


def test_strip() -> None:
    text = write_itol_strip(
        {"a": "x", "b\tc": "y", "d": "unknown"}, {"x": "#112233", "y": "#445566", "z": "#000000"}
    )
    head, data = text.split("DATA\n")
    assert head.startswith("DATASET_COLORSTRIP\nSEPARATOR TAB\n")
    assert "LEGEND_SHAPES\t1\t1\n" in head
    assert "LEGEND_COLORS\t#112233\t#445566\n" in head
    assert "LEGEND_LABELS\tx\ty\n" in head
    assert data == "a\t#112233\tx\nb c\t#445566\ty\n"


def test_bars() -> None:
    text = write_itol_bars({"a": 0.5, "b\nc": 2}, "score")
    assert text.endswith("DATA\na\t0.5\nb c\t2\n")


def test_colours_are_checked() -> None:
    with pytest.raises(InputError, match="'red'"):
        write_itol_strip({"a": "x"}, {"x": "red"})
