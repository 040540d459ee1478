from __future__ import annotations

import io
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tree_examples import HOSTILE, example, ladder, star

from cladist.core.distances import DistanceMatrix, symmetric
from cladist.core.tree import Tree
from cladist.errors import InputError
from cladist.formats.trees.nexus import WeightedSplit, read_nexus, write_nexus
from cladist.phylogeny.network import split_network


def same(a: Tree, b: Tree) -> bool:
    return a.root.length == b.root.length and [
        (n.name, n.length and round(n.length, 6), n.support) for n in a.root.preorder()
    ] == [(n.name, n.length and round(n.length, 6), n.support) for n in b.root.preorder()]


def test_round_trip() -> None:
    trees = [example(), star(HOSTILE)]
    again = read_nexus(write_nexus(trees))
    assert [t.rooted for t in again] == [True, False]
    assert all(same(a, b) for a, b in zip(trees, again, strict=True))


@given(st.lists(st.text(min_size=1), min_size=3, max_size=5, unique=True))
@settings(max_examples=200, deadline=None)
def test_any_names_come_back(names: list[str]) -> None:
    (tree,) = read_nexus(write_nexus([star(names)]))
    assert tree.leaves() == names


def test_dendropy_reads_trees_names_and_support() -> None:
    dendropy = pytest.importorskip("dendropy")
    names = [n for n in HOSTILE if n != "[&R]" and len(n) < 100]
    read = dendropy.Tree.get(data=write_nexus([star(names)]), schema="nexus")
    assert [leaf.taxon.label for leaf in read.leaf_node_iter()] == names
    read = dendropy.Tree.get(data=write_nexus([example()]), schema="nexus")
    assert read.is_rooted
    assert [t.label for t in read.taxon_namespace] == ["a model", "b_c", "it's", "d"]
    assert {n.label for n in read.internal_nodes()} == {None, "0.97", "base-1"}


def test_biopython_reads_the_same_tree() -> None:
    phylo = pytest.importorskip("Bio.Phylo")
    read = phylo.read(io.StringIO(write_nexus([example()])), "nexus")
    # This reader leaves the quotes of the format on the names.
    assert [t.name for t in read.get_terminals()] == ["'a model'", "'b_c'", "'it''s'", "d"]
    assert read.total_branch_length() == pytest.approx(0.5 + 1 + 2 + 0.25 + 1 / 3 + 4)


def test_another_program_reads_distances_and_taxa() -> None:
    commonnexus = pytest.importorskip("commonnexus")
    names = ["a-1", "b's (2): c;", "x y", "d"]
    rng = np.random.default_rng(0)
    raw = rng.uniform(0, 2, (4, 4))
    matrix = DistanceMatrix(tuple(names), np.where(np.eye(4, dtype=bool), 0, raw + raw.T))
    text = write_nexus([star(names)], matrix)
    assert "    'a-1' 0\n" in text
    read = commonnexus.Nexus(text)
    assert list(read.taxa) == names
    again = read.DISTANCES.get_matrix()
    assert list(again) == names
    for i, one in enumerate(names):
        for j, other in enumerate(names):
            assert float(again[one][other]) == pytest.approx(matrix.matrix[i, j], rel=1e-8)


SPLITS = re.compile(
    r"BEGIN SPLITS;\s*DIMENSIONS NTAX=(?P<taxa>\d+) NSPLITS=(?P<splits>\d+);\s*"
    r"FORMAT LABELS=NO WEIGHTS=YES CONFIDENCES=NO INTERVALS=NO;\s*"
    r"(?:CYCLE(?P<cycle>[\d\s]+);\s*)?MATRIX(?P<matrix>[^;]*);\s*END;",
)


def test_splits_follow_the_grammar_of_splitstree() -> None:
    """Commands in the order of the syntax that SplitsTree CE prints, numbers from 1."""
    points = np.random.default_rng(1).normal(size=(9, 2))
    raw = np.linalg.norm(points[:, None] - points[None], axis=2)
    names = [*HOSTILE[:4], "a", "b", "c", "d", "e"]
    distances = symmetric(names, raw, "plane")
    found = split_network(distances)
    splits = [WeightedSplit(members, weight) for members, weight in found.splits]
    text = write_nexus([star(names)], distances, splits, found.cycle)
    bare = re.sub(r"\[[^\]]*\]", "", text[text.index("BEGIN SPLITS") :])
    block = SPLITS.match(bare)
    assert block is not None
    assert int(block["taxa"]) == 9
    assert sorted(map(int, block["cycle"].split())) == list(range(1, 10))
    rows = [row.split() for row in block["matrix"].split(",") if row.strip()]
    assert len(rows) == int(block["splits"])
    along = np.zeros((9, 9))
    for weight, *members in rows:
        inside = np.isin(np.arange(1, 10), [int(m) for m in members])
        assert 1 <= inside.sum() <= 8
        along += float(weight) * (inside[:, None] != inside[None, :])
        # On the circle every split is one run of models.
        turn = inside[np.array(found.cycle)]
        assert np.count_nonzero(turn != np.roll(turn, 1)) == 2
    # What the file says adds up to the distances as well as the network claims.
    rest = ((along - distances.matrix) ** 2).sum() / (distances.matrix**2).sum()
    assert 1 - rest == pytest.approx(found.fit, abs=1e-6)


def test_splits_block_as_text() -> None:
    splits = [WeightedSplit((0,), 1.5), WeightedSplit((1, 0), 0.25)]
    text = write_nexus(splits=splits, cycle=[0, 1, 3, 2], names=["a", "b", "c", "d"])
    assert "  DIMENSIONS NTAX=4 NSPLITS=2;\n" in text
    assert "  CYCLE 1 2 4 3;\n" in text
    assert "    [1, size=1] 1.5 1,\n    [2, size=2] 0.25 1 2,\n" in text
    with pytest.raises(InputError, match="give trees"):
        write_nexus()


FIGTREE = """#nexus
[written by another program; with a semicolon]
begin taxa;
 dimensions ntax=3;
 taxlabels 'first one' second it's;
end;
Begin Trees;
 Translate 1 'first one',
   2 second [a comment],
   3 third;
 tree * TREE1 [&lnP=-1] = [&R] ((1[&rate=1.0]:1,2:2)[&posterior=0.5]:1,
   3:4);
 TREE 'a = b' = [&U] (1,2,3);
endblock;
begin figtree; set x=1; end;
"""


def test_habits_of_other_programs() -> None:
    first, second = read_nexus(FIGTREE)
    assert first.leaves() == second.leaves() == ["first one", "second", "third"]
    assert first.rooted
    assert not second.rooted
    assert first.root.children[0].support == 0.5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "#NEXUS"),
        ("(a,b);", "#NEXUS"),
        ("#NEXUS begin taxa; end;", "no tree"),
        ("#NEXUS begin trees; tree a (b,c); end;", "without '='"),
        ("#NEXUS begin trees; tree a = (b,c; end;", r"tree 1: .* missing"),
        ("#NEXUS begin trees; translate 1 a b; tree x = (1,2); end;", "pairs"),
        ("#NEXUS begin trees; tree 'a = (b,c); end;", "never closed"),
        ("#NEXUS [ begin trees;", "never closed"),
        ("#NEXUS begin trees; translate 1 a, 2 a; tree x = (1,2); end;", "'a' occurs twice"),
    ],
)
def test_broken_files_are_refused(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_nexus(text)


@given(st.text(alphabet="()[],:;='\" ab1\n", max_size=40))
@settings(max_examples=300, deadline=None)
def test_no_text_breaks_the_reader(text: str) -> None:
    for around in ("#NEXUS begin trees; tree a = {};", "#NEXUS begin trees; {} tree a = (b,c);"):
        try:
            trees = read_nexus(around.format(text))
        except InputError:
            continue
        assert trees


def test_depth_is_no_problem() -> None:
    (tree,) = read_nexus(write_nexus([ladder(5000)]))
    assert len(tree.leaves()) == 5000
