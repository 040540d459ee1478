"""Trees of other programs: every format is told by its content, and nothing goes unsaid."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tree_examples import HOSTILE, example, ladder, star

from cladist.core.text import printable
from cladist.core.tree import Node, Tree
from cladist.errors import InputError
from cladist.formats.trees.auspice import write_auspice
from cladist.formats.trees.auspice_reading import read_auspice
from cladist.formats.trees.files import chosen_tree, read_trees
from cladist.formats.trees.made import annotation_keys, matched_leaves
from cladist.formats.trees.newick import read_newick, write_newick
from cladist.formats.trees.nexus import write_nexus
from cladist.formats.trees.phyloxml import write_phyloxml
from cladist.formats.trees.phyloxml_reading import read_phyloxml


def file(tmp_path, text):
    path = tmp_path / "tree.txt"
    path.write_text(text, encoding="utf-8")
    return path


def one(tmp_path, text):
    (found,) = read_trees(file(tmp_path, text))
    return found


WRITERS = {
    "newick": write_newick,
    "nexus": lambda t: write_nexus([t]),
    "phyloxml": write_phyloxml,
    "auspice": lambda t: write_auspice(t, "2024-05-06"),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_what_is_written_is_read_back(tmp_path, kind):
    tree = example()
    back = one(tmp_path, WRITERS[kind](tree)).tree
    assert back.rooted
    for old, new in zip(tree.root.preorder(), back.root.preorder(), strict=True):
        assert (old.name, old.support, len(old.children)) == (
            new.name, new.support, len(new.children),
        )  # fmt: skip
        assert new.length == (None if old.length is None else pytest.approx(old.length, rel=1e-6))


@pytest.mark.parametrize("kind", ["phyloxml", "auspice"])
def test_hostile_names_come_back_escaped(tmp_path, kind):
    names = [n for n in HOSTILE if n.strip() == n]
    back = one(tmp_path, WRITERS[kind](star(names))).tree
    assert back.leaves() == [printable(n) for n in names]


def test_deep_trees_are_read(tmp_path):
    assert len(one(tmp_path, write_phyloxml(ladder(3000))).tree.leaves()) == 3000


def nexus(trees, taxa="alpha beta gamma delta"):
    return f"#NEXUS\nBEGIN TAXA; TAXLABELS {taxa}; END;\nBEGIN TREES; {trees} END;"


def test_numbers_stand_for_the_taxa_of_the_file(tmp_path):
    found = one(tmp_path, nexus("TREE one = [&U] ((1,2)0.9,3,4);"))
    assert found.tree.leaves() == ["alpha", "beta", "gamma", "delta"]
    assert found.name == "one"
    assert found.tree.root.children[0].support == 0.9
    quoted = one(tmp_path, nexus("TREE * x = (1,(2,3),4);", "'a b' b_c [no 2a] \"d,e\" 'it''s'"))
    assert quoted.tree.leaves() == ["a b", "b_c", "d,e", "it's"]


def test_labels_and_translations_go_before_numbers(tmp_path):
    assert one(tmp_path, nexus("TREE a = (2,1,x);", "x 1 2")).tree.leaves() == ["2", "1", "x"]
    told = "TRANSLATE 1 delta, 2 gamma; TREE a = (1,2,4);"
    with pytest.raises(InputError, match="'delta' occurs twice"):
        read_trees(file(tmp_path, nexus(told)))
    told = told.replace("(1,2,4)", "(1,2,(alpha,beta))")
    assert one(tmp_path, nexus(told)).tree.leaves() == ["delta", "gamma", "alpha", "beta"]


def test_a_number_beyond_the_taxa_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"tree\.txt, tree 1: the leaf 5 is no number of the 4"):
        read_trees(file(tmp_path, nexus("TREE a = (1,2,5);")))


def test_several_trees_are_chosen_by_number(tmp_path):
    path = file(tmp_path, nexus("TREE one = (1,2,(3,4)); TREE two = ((1,2),3,4);"))
    trees = read_trees(path)
    assert chosen_tree(trees, str(path), 2).name == "two"
    with pytest.raises(InputError, match=r"holds 2 trees \(1 one, 2 two\).*by --first-tree"):
        chosen_tree(trees, str(path), None, "--first-tree")
    with pytest.raises(InputError, match="no tree 3; it holds 2"):
        chosen_tree(trees, str(path), 3)


def test_inner_names_that_repeat_are_left_out_and_said(tmp_path):
    found = one(tmp_path, "((a,b)clade,(c,d)clade,(e,f)own,(g,h)a);")
    assert [n.name for n in found.tree.root.children] == ["", "", "own", ""]
    assert found.notes == (
        "2 names of inner nodes occur more than once and are left out: 'a', 'clade'",
    )
    with pytest.raises(InputError, match=r"tree\.txt: the leaf 'a' occurs twice"):
        read_trees(file(tmp_path, "((a,b),(a,c));"))


@pytest.mark.parametrize(
    ("text", "support", "lost"),
    [
        ("((a,b)[&&NHX:S=human:D=N:B=90],c);", 0.9, ["S", "D"]),
        ("((a,b)[&posterior=0.75,rate=1.5,height_95%_HPD={1,2}]:1,c);", 0.75,
         ["rate", "height_95%_HPD"]),
        ("((a,b)[&prob=0.5,prob_stddev=0.1],c);", 0.5, ["prob_stddev"]),
        ("((a,b)[&!color=#ff0000]:1,c);", None, ["color"]),
        ("((a,b)95/0.8,c);", 0.95, ["a second support after '/'"]),
    ],
)  # fmt: skip
def test_annotations_are_kept_or_their_loss_is_said(tmp_path, text, support, lost):
    found = one(tmp_path, text)
    assert found.tree.root.children[0].support == support
    (note,) = found.notes
    assert note.startswith("annotations of up to 1 nodes are not kept: ")
    assert set(note.partition("kept: ")[2].split(", ")) == set(lost)


def test_marks_of_rooting_and_plain_comments_are_no_loss(tmp_path):
    assert one(tmp_path, "[&R] ((a,b)[&support=0.9],c[a remark]);").notes == ()
    assert annotation_keys("a remark") == []


def test_blanks_and_underscores_are_one_when_nothing_else_differs():
    first = read_newick("((Llama_2_7b,'x y'),z_1);")
    second = read_newick("(('Llama 2 7b',x_y),z_1);")
    tree, said = matched_leaves(first, second)
    assert tree.leaves() == first.leaves()
    assert said.startswith("blanks and underscores were taken as equal in 2 names")
    # Two models that differ in just that stay two.
    both = read_newick("((a_b,'a b'),c);")
    assert matched_leaves(both, read_newick("((a_b,x),c);"))[1] == ""


PHYLOXML = """<?xml version="1.0"?>
<phy:phyloxml xmlns:phy="http://www.phyloxml.org"><phy:phylogeny rooted="false">
<phy:name>first</phy:name><phy:clade><phy:clade branch_length="0.5">
<phy:confidence type="bootstrap">89</phy:confidence><phy:events/>
<phy:clade><phy:taxonomy><phy:code>ECO</phy:code><phy:scientific_name>E. coli</phy:scientific_name>
</phy:taxonomy></phy:clade><phy:clade><phy:name>b</phy:name><phy:branch_length>1e-2
</phy:branch_length></phy:clade></phy:clade><phy:clade><phy:sequence><phy:name>c</phy:name>
</phy:sequence></phy:clade></phy:clade></phy:phylogeny></phy:phyloxml>"""


def test_phyloxml_of_others(tmp_path):
    found = one(tmp_path, PHYLOXML)
    assert (found.name, found.tree.rooted) == ("first", False)
    assert found.tree.leaves() == ["E. coli", "b", "c"]
    inner = found.tree.root.children[0]
    assert (inner.support, inner.length, inner.children[1].length) == (0.89, 0.5, 0.01)
    assert found.notes == ("annotations of up to 1 nodes are not kept: events",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<phyloxml><phylogeny><clade>", "line 1: not valid XML"),
        ("<?xml version='1.0'?><nexml/>", "no PhyloXML"),
        ("<phyloxml/>", "no tree in it"),
        ("<phyloxml><phylogeny/></phyloxml>", "no tree in it"),
        ("<phyloxml><phylogeny><clade><name>a</name></clade></phylogeny></phyloxml>", "no tree"),
        ("<phyloxml><phylogeny><clade><clade/></clade></phylogeny></phyloxml>", "without a name"),
        ("<phyloxml><phylogeny><clade branch_length='x'/></phylogeny></phyloxml>", "no number"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><phyloxml/>", "DOCTYPE"),
    ],
)
def test_bad_phyloxml_is_explained(text, said):
    with pytest.raises(InputError, match=said):
        read_phyloxml(text, "t.xml")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({}, "no data set of auspice"),
        ({"tree": []}, "no data set"),
        ({"tree": {"name": "a"}}, "no tree in it"),
        ({"tree": {"children": [3]}}, "list of nodes"),
        ({"tree": {"children": [{"name": ""}, {"name": "b"}]}}, "without a name"),
        ({"tree": {"children": [{"name": "b", "node_attrs": {"div": "x"}}]}}, "must be a number"),
        ({"tree": {"children": [{"name": "b"}, {"name": "b"}]}}, "'b' occurs twice"),
    ],
)
def test_bad_auspice_is_explained(value, said):
    with pytest.raises(InputError, match=said):
        read_auspice(json.dumps(value), "t.json")


def test_auspice_in_time_and_several_trees(tmp_path):
    def tip(name, year):
        return {"name": name, "node_attrs": {"num_date": {"value": year}, "country": {"value": 1}}}

    root = tip("NODE_0000001", 2020.0) | {"children": [tip("a", 2021.0), tip("b", 2022.5)]}
    trees = read_trees(file(tmp_path, json.dumps({"version": "v2", "tree": [root, root]})))
    assert len(trees) == 2
    assert [c.length for c in trees[0].tree.root.children] == [1.0, 2.5]
    assert trees[0].tree.names() == ["a", "b"]
    assert trees[0].notes == ("annotations of up to 3 nodes are not kept: country",)


def test_a_leaf_that_is_dated_and_measured_says_what_is_lost(tmp_path):
    tree = Tree(Node("", None, (Node("a", 1.0), Node("b", 2.0))), rooted=True)
    text = write_auspice(tree, "2024-05-06", dates={"a": 2021.0})
    assert one(tmp_path, text).notes == ("annotations of up to 1 nodes are not kept: num_date",)


@given(st.text(alphabet="<>/= '\"phyloxmlgenycadbr_t1.0", max_size=80))
@settings(max_examples=200, deadline=None)
def test_no_text_breaks_the_reader_of_xml(text):
    for whole in (text, f"<phyloxml><phylogeny><clade>{text}</clade></phylogeny></phyloxml>"):
        try:
            trees = read_phyloxml(whole)
        except InputError:
            continue
        assert trees
