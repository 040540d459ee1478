"""What is written as CSV is nothing that a spreadsheet runs, and is read as it was."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cladist.apply.maps import MapLayout
from cladist.atlas.columns import Column
from cladist.atlas.mapping import Mapped
from cladist.core.distances import symmetric
from cladist.core.facts import Fact
from cladist.core.lineage import DeclaredLink, Lineage
from cladist.descent import Parent
from cladist.formats.cells import csv_text, guarded, unguarded
from cladist.formats.declared_table import read_declared_table, write_declared_table
from cladist.formats.facts_table import read_facts, write_facts
from cladist.formats.labels import DeclaredModel, read_labels
from cladist.formats.matrix import write_matrix
from cladist.references.labels import labels_text, plain_name, read_lineage
from cladist.workflows.parents import as_csv

HOSTILE = ('=HYPERLINK("x")', "+1+1|x", "-2+3+cmd|' /C calc'!A0", "@SUM(A1)", "'=x", "''-y")
RUN = tuple("=+-@\t\r")


def harmless(text: str) -> bool:
    """Whether no cell of a table begins as a formula does; numbers may."""

    def tame(cell: str) -> bool:
        try:
            return bool(float(cell)) or True
        except ValueError:
            return not cell.startswith(RUN)

    return all(tame(cell) for row in csv.reader(io.StringIO(text, newline="")) for cell in row)


@given(st.lists(st.text("=+-@\t\r'\"1.ea, \n"), min_size=1))
def test_any_text_is_harmless_and_comes_back(cells: list[str]) -> None:
    text = csv_text([cells])
    assert harmless(text)
    (row,) = csv.reader(io.StringIO(text, newline="")) if any(cells) else [cells]
    assert [unguarded(c) for c in row] == cells


def test_numbers_stay() -> None:
    assert [guarded(x) for x in (-1.5, "-1.5", "+3e-2", None, 7)] == [
        -1.5,
        "-1.5",
        "+3e-2",
        None,
        7,
    ]
    assert guarded("-1.5x") == "'-1.5x"


@pytest.mark.parametrize("name", HOSTILE)
def test_every_table_is_harmless_and_tells_the_same_names(name, tmp_path):
    file = tmp_path / "t.csv"
    told = {name: DeclaredModel(name, "=group"), "b": DeclaredModel("f")}
    file.write_text(labels_text(told), newline="")
    assert harmless(file.read_text()) and read_labels(file) == told
    assert read_lineage(file) == {plain_name(m): d for m, d in told.items()}

    lineage = Lineage((DeclaredLink(name, "=parent", "", "=source"),), {}, {}, (name,), (), ())
    file.write_text(write_declared_table(lineage), newline="")
    assert harmless(file.read_text()) and read_declared_table(file).links == lineage.links

    file.write_text(write_facts([Fact(name, maker="=maker")]), newline="")
    assert harmless(file.read_text())
    assert [(f.model, f.maker) for f in read_facts(file)] == [(name, "=maker")]

    both = symmetric([name, "b"], np.array([[0, 1.0], [1, 0]]), "cosine", "")
    write_matrix(both, file)
    assert harmless(file.read_text())
    write_matrix(both, tmp_path / "t.tsv")
    assert harmless((tmp_path / "t.tsv").read_text().replace("\t", ","))

    parent = Parent(name, name, -1.0, 1, None, None, 0, "margin", name, -2.0, True, name)
    assert harmless(as_csv([parent])) and ",-1.0," in as_csv([parent])
    drawn = MapLayout("pcoa", "", "", np.array([[-1.0, 1.0]]), 1.0, 1)
    made = Mapped((name,), drawn, Column("=group", "", "category", (name,)), "a", "cosine", ())
    made.save(file)
    assert harmless(file.read_text()) and ",-1.0," in file.read_text()
