"""DNA and trees as values: compared, hashed, cut, and in the tables of other libraries."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import cladist
from cladist.core.dna import DNA
from cladist.core.tree import Node, Tree
from cladist.errors import InputError


def dna(model: str = "m", first: float = 0.0, **more: Any) -> DNA:
    vector = np.array([first, 1, 2], np.float32)
    return DNA(model, "assay", vector, more.pop("blocks", None), 2, 2, **more)


def test_dnas_are_values() -> None:
    blocks = np.zeros((2, 3), np.float16)
    assert dna() == dna(blocks=blocks) == dna(first=-0.0)
    assert len({dna(), dna(blocks=blocks), dna(first=-0.0)}) == 1
    assert dna() != dna("other") and dna() != dna(first=1) and dna() != dna(notes=("x",))
    assert dna() != "dna" and len(dna()) == 3 and dna()[1] == 1.0
    assert np.asarray(dna()).tolist() == [0, 1, 2] and np.asarray(dna(), np.float64).dtype == "f8"
    copy = np.asarray(dna())
    copy[0] = 9
    assert dna().to_frame().loc[0, "d2"] == 2.0
    assert dna().to_dict()["digest"] == dna().digest and "m, 3 dim" in dna()._repr_html_()


def test_a_tree_comes_back_from_its_table() -> None:
    inner = Node("", 1.0, (Node("a", 1.0), Node("b", 2.0)), 0.5)
    made = Tree(Node("", None, (inner, Node("c", 3.0))), True, "nj")
    assert Tree.from_frame(made.to_frame()) == made
    named = pd.DataFrame({"node": list("ruab"), "parent": [None, "r", "u", "u"],
                          "name": ["", None, "a", "b"], "length": [None, 1, 2, 3]})  # fmt: skip
    assert Tree.from_frame(named, rooted=True).newick() == "((a:2,b:3):1);\n"
    ladder = Node("x0", 1.0)
    for k in range(1, 5000):
        ladder = Node("", 1.0, (ladder, Node(f"x{k}", 1.0)))
    deep = Tree(Node("", None, ladder.children))
    assert Tree.from_frame(deep.to_frame()) == deep


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(0, None), (1, 0), (1, 0)], "occurs twice"),
        ([(0, 1), (1, 0)], "0 nodes without a parent"),
        ([(0, None), (1, None)], "2 nodes without a parent"),
        ([(0, None), (1, 7)], "no row of its own"),
        ([(0, None), (1, 2), (2, 1)], "circle"),
    ],
)
def test_tables_that_are_no_tree(rows: list[tuple[int, int | None]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Tree.from_frame(pd.DataFrame(rows, columns=["node", "parent"], dtype=object))


def test_other_columns_are_told() -> None:
    with pytest.raises(InputError, match="no column parent"):
        Tree.from_frame(pd.DataFrame({"node": [1]}))
    with pytest.raises(InputError, match="no number"):
        Tree.from_frame(pd.DataFrame({"node": [1], "parent": [None], "length": ["x"]}))


def test_polars() -> None:
    pytest.importorskip("polars")
    with cladist.toy_registry() as lab:
        found = cladist.neighbors(lab, "m00-chat", 3)
    table = found.to_polars()
    assert table.shape[0] == 3 and table["model"].to_list() == found.to_frame()["model"].tolist()


@pytest.mark.filterwarnings("ignore")
def test_anndata() -> None:
    pytest.importorskip("anndata")
    with cladist.toy_registry() as lab:
        table = cladist.to_anndata(lab, ["m01-base", "m00-chat"])
        first, _ = lab.dnas(lab.assays()[0], ["m01-base", "m00-chat"])
    assert table.obs_names.tolist() == ["m01-base", "m00-chat"]
    assert np.array_equal(table.X[0], first.vector) and table.obs["usable"].iloc[0] == first.usable
