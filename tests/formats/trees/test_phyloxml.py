from __future__ import annotations

import io
import xml.etree.ElementTree as ET

import pytest
from tree_examples import HOSTILE, example, ladder, star

from cladist.core.text import printable
from cladist.formats.trees.phyloxml import write_phyloxml

SPACE = {"p": "http://www.phyloxml.org"}


def test_biopython_reads_everything_back() -> None:
    phylo = pytest.importorskip("Bio.Phylo")
    text = write_phyloxml(example(), "of <models>", {"d": "group & co"})
    read = phylo.read(io.BytesIO(text.encode()), "phyloxml")
    assert read.rooted
    assert read.name == "of <models>"
    assert [t.name for t in read.get_terminals()] == ["a model", "b_c", "it's", "d"]
    base = read.clade.clades[0]
    assert (base.name, base.branch_length, base.confidences[0].value) == ("base-1", 0.25, 50)
    assert base.confidences[0].type == "bootstrap"
    assert read.clade.clades[1].properties[0].value == "group & co"


def test_dendropy_reads_no_phyloxml_but_any_xml_reader_does() -> None:
    root = ET.fromstring(write_phyloxml(example()))
    lengths = [float(e.text or "") for e in root.iterfind(".//p:branch_length", SPACE)]
    assert lengths == pytest.approx([0.25, 0.5, 1, 2, 1 / 3, 4])


def test_hostile_names_stay_text() -> None:
    root = ET.fromstring(write_phyloxml(star(HOSTILE), "\x1b[31m", dict.fromkeys(HOSTILE, "]]>")))
    names = [e.text for e in root.iterfind(".//p:clade/p:clade/p:name", SPACE)]
    assert names == [printable(n) for n in HOSTILE]


def test_depth_is_no_problem() -> None:
    assert write_phyloxml(ladder(5000)).count("<clade>") == 9999
