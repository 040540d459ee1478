from __future__ import annotations

import io

import numpy as np
import pytest

from cladist.core.distances import DistanceMatrix, symmetric
from cladist.errors import InputError
from cladist.formats.trees.phylip import phylip_names, read_phylip, write_phylip

MATRIX = DistanceMatrix(
    ("a b", "a_b", "c\n"), np.array([[0, 1.5, 2], [1.5, 0, 1e-7], [2, 1e-7, 0]])
)


def test_written_form() -> None:
    assert write_phylip(MATRIX) == "3\na_b 0 1.5 2\na_b_2 1.5 0 1e-07\nc_ 2 1e-07 0\n"


def test_names_stay_different() -> None:
    assert phylip_names(("a", "a ", "a_", "", "a_2")) == ["a", "a_", "a__2", "_", "a_2"]


def test_round_trip() -> None:
    rng = np.random.default_rng(0)
    given = symmetric([f"m{i}" for i in range(9)], rng.uniform(size=(9, 9)), "distance")
    read = read_phylip(write_phylip(given))
    assert read.ids == given.ids
    assert read.matrix == pytest.approx(given.matrix, rel=1e-8)


def test_other_programs_read_it() -> None:
    skbio = pytest.importorskip("skbio")
    read = skbio.DistanceMatrix.read(io.StringIO(write_phylip(MATRIX)), format="phylip_dm")
    assert np.array_equal(read.data, MATRIX.matrix)


@pytest.mark.parametrize(
    "text",
    [
        "3\na 0 1 2\nb 1 0 3\nc 2 3 0\n",
        "  3\r\na\r\nb 1\r\nc 2 3\r\n",
        "3\na 0\nb 1 0\nc 2 3 0",
        "3\na 0 1\n 2\nb 1 0\n 3\nc 2\n 3 0\n",
    ],
)
def test_shapes_that_are_read(text: str) -> None:
    read = read_phylip(text)
    assert read.ids == ("a", "b", "c")
    assert read.matrix.tolist() == [[0, 1, 2], [1, 0, 3], [2, 3, 0]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "number of models"),
        ("x 1 2", "number of models"),
        ("3\na 0 1\nb 1", "need 12 words"),
        ("3\na 0 1\nb 1 0", "row 2 does not begin"),
        ("2\na 0 x\nb 1 0", "row 1"),
        ("2\na 0 nan\nb 1 0", "is nan"),
        ("2\na 0 inf\nb inf 0", "is inf"),
        ("2\na 0 -1\nb -1 0", "is -1"),
        ("2\na 0 1\nb 2 0", "not symmetric"),
        ("2\na 1 1\nb 1 0", "to itself"),
        ("2\na 0 1\na 1 0", "occur twice"),
    ],
)
def test_broken_files_are_refused(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_phylip(text)
