from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cladist.core.tree import Node, Tree
from cladist.errors import InputError
from cladist.formats.trees.newick import newick_of, read_newick, read_newick_all, write_newick

HOSTILE = [
    "plain-1.5B",
    "under_score",
    "it's",
    "'quoted'",
    "(a,b):1;",
    "[&R]",
    "new\nline\tand tab",
    '"double"',
    "colon:semi;comma,",
    "日本語 модель",
    "x" * 10_000,
    " leading and trailing ",
    "0.97",
    "''",
    "\\",
    "<b>&amp;</b>",
]


def star(names: list[str]) -> Tree:
    return Tree(Node("", None, tuple(Node(n, 0.5) for n in names)))


def test_written_form() -> None:
    pair = Node("", 0.5, (Node("a", 1.0), Node("b_c", 2.0)), 0.97)
    tree = Tree(Node("", None, (pair, Node("it's", 1 / 3))), rooted=True)
    assert (
        write_newick(tree, mark_root=True) == "[&R] ((a:1,'b_c':2)0.97:0.5,'it''s':0.33333333);\n"
    )
    assert (
        write_newick(tree, support=False, lengths=False, mark_root=True)
        == "[&R] ((a,'b_c'),'it''s');\n"
    )


def test_hostile_names_come_back() -> None:
    tree = star(HOSTILE)
    assert read_newick(write_newick(tree, mark_root=True)) == tree


@given(st.lists(st.text(min_size=1), min_size=3, max_size=6, unique=True))
@settings(max_examples=200, deadline=None)
def test_any_names_come_back(names: list[str]) -> None:
    tree = star(names)
    assert read_newick(write_newick(tree)).leaves() == names


def test_names_and_support_on_one_inner_node() -> None:
    base = Node("base model", 1.0, (Node("a", 1.0), Node("b", 0.0)), 0.875)
    tree = Tree(Node("", None, (base, Node("c", 1.0), Node("d", 1.0))))
    assert "'base model'[&support=0.875]:1" in write_newick(tree)
    assert read_newick(write_newick(tree, mark_root=True)) == tree


@pytest.mark.parametrize(
    ("text", "rooted"),
    [
        ("(a:1,b:2,(c:1,d:1)95:0.5);", False),
        ("[&R] (a:1,b:2,(c:1,d:1)95:0.5);", True),
        ("[&r](a:1,b:2,(c:1,d:1)0.95:5e-1)", True),
        ("\ufeff \n( a :1,\r\n 'b' : 2 ,( c:1, d:1 ) 0.95 :0.5 ) ;\n\n", False),
        ("[a [nested] comment](a[x]:1[y],b:2,(c:1,d:1)[&support=95]:0.5)[&U];", False),
        ('("a":1,b:+2.0,(c:1,d:1.)95/0.8:.5)root:0;', False),
    ],
)
def test_habits_of_other_programs(text: str, rooted: bool) -> None:
    tree = read_newick(text)
    assert tree.rooted == rooted
    assert newick_of(tree.root).startswith("(a:1,b:2,(c:1,d:1)0.95:0.5)")


def test_a_tree_of_two_branches_at_the_top_counts_as_rooted_unless_it_says_otherwise() -> None:
    assert read_newick("((a,b),(c,d));").rooted
    assert not read_newick("[&U]((a,b),(c,d));").rooted


def test_words_keep_underscores_and_inner_blanks() -> None:
    assert read_newick("(Llama_2_7b,two  words,o'brien);").leaves() == [
        "Llama_2_7b",
        "two words",
        "o'brien",
    ]


def test_several_trees() -> None:
    assert [t.leaves() for t in read_newick_all("(a,b);\n(c,d);")] == [["a", "b"], ["c", "d"]]
    with pytest.raises(InputError, match="holds 2 trees"):
        read_newick("(a,b);(c,d);")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no tree"),
        ("  \n[only a comment]", "no tree"),
        (";", "empty tree"),
        ("(a,b", r"1 '\)' is missing"),
        ("(a,b));", "without an open"),
        ("a,b;", "without an open"),
        ("(a,,b);", "a leaf without a name"),
        ("();", "a leaf without a name"),
        ("(a:,b);", "not a number"),
        ("(a:x,b);", "not a number"),
        ("(a:nan,b);", "not a number"),
        ("(a:1e999,b);", "not a number"),
        ("(a:'1',b);", "not a number"),
        ("(a:1:2,b);", "second branch length"),
        ("(a(b,c),d);", "where a ','"),
        ("(a,b)(c,d);", "where a ','"),
        ("('a' 'b',c);", "where a ','"),
        ("(a:1 b,c);", "not a number"),
        ("('a,b);", "never closed"),
        ("[(a,b);", "never closed"),
        ("(a],b);", "stray"),
        ("(a,b):", "branch length is missing"),
        ("(a,a);", "'a' occurs twice"),
        ("<html>", "trees.nwk: no tree in it"),
        (">one\nACGT\n>two\nACGA\n", "trees.nwk: no tree in it"),
        ("Some words; and others.", "no tree in it"),
    ],
)
def test_broken_text_is_refused_with_its_place(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_newick(text, "trees.nwk")


@given(st.text(alphabet="(),:;[]'\"ab1. \n&", max_size=40))
@settings(max_examples=500, deadline=None)
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        trees = read_newick_all(text)
    except InputError:
        return
    assert trees


def test_depth_is_no_problem() -> None:
    depth = 50_000
    text = "(" * depth + "a" + "".join(f",b{i})" for i in range(depth)) + ";"
    tree = read_newick(text)
    assert len(tree.leaves()) == depth + 1
    assert write_newick(tree, mark_root=True) == "[&R] " + text + "\n"
    again = read_newick(text)
    assert again == tree
    assert hash(again) == hash(tree)
    assert "2 children" in repr(tree.root)


@pytest.mark.parametrize("name", [n for n in HOSTILE if len(n) < 100])
def test_dendropy_reads_the_same_names(name: str) -> None:
    dendropy = pytest.importorskip("dendropy")
    text = write_newick(star([name, "other", "third"]))
    read = dendropy.Tree.get(data=text, schema="newick")
    assert {t.label for t in read.taxon_namespace} == {name, "other", "third"}


def test_biopython_reads_support_and_lengths() -> None:
    phylo = pytest.importorskip("Bio.Phylo")
    pair = Node("", 0.5, (Node("a model", 1.0), Node("b_c", 2.0)), 0.97)
    tree = Tree(Node("", None, (pair, Node("it's", 1 / 3), Node("d", 0.0))))
    read = phylo.read(io.StringIO(write_newick(tree)), "newick")
    assert [t.name for t in read.get_terminals()] == ["a model", "b_c", "it's", "d"]
    assert read.clade.clades[0].confidence == 0.97
    assert read.clade.clades[0].branch_length == 0.5
