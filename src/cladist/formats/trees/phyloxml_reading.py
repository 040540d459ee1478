"""Reading PhyloXML: trees with names, lengths and supports; what else there is, is named.

The document is read by events, without a tree of its own, so any depth is fine. A document type,
which could define entities without end, is refused.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from xml.parsers import expat

from cladist.core.tree import Node
from cladist.errors import InputError
from cladist.formats.trees.made import ReadTree, made_tree
from cladist.formats.trees.newick import percent_as_share

__all__ = ["read_phyloxml"]

_NAMES = ("name", "scientific_name", "common_name", "code", "accession")
_NAMED_IN = {
    "name": ("clade", "sequence"),
    "scientific_name": ("taxonomy",),
    "common_name": ("taxonomy",),
    "code": ("taxonomy",),
    "accession": ("sequence",),
}
_QUIET = {"phyloxml", "phylogeny", "clade", "branch_length", "confidence", "name", "taxonomy",
          "sequence", "description", *_NAMES}  # fmt: skip
LONGEST_TEXT = 1 << 20


def read_phyloxml(text: str, source: str = "PhyloXML") -> list[ReadTree]:
    """All phylogenies of a document, in order; `InputError` says what is wrong with another.

    Supports above 1 are percentages. Clades are named by their name, else by their taxonomy or
    sequence. O(length).
    """
    reader = _Reader(source)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.doctype
    try:
        parser.Parse(text.encode("utf-8", "surrogatepass"), True)
    except expat.ExpatError as problem:
        raise InputError(
            f"{source}, line {problem.lineno}: not valid XML: {expat.errors.messages[problem.code]}"
        ) from None
    if not reader.is_phyloxml:
        raise InputError(f"{source}: XML, but no PhyloXML")
    if not reader.trees:
        raise InputError(f"{source}: no tree in it")
    return reader.trees


@dataclass
class _Clade:
    children: list[Node] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    length: float | None = None
    support: float | None = None


class _Reader:
    """Takes the events of the parser; clades wait on a stack."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.is_phyloxml = False
        self.trees: list[ReadTree] = []
        self.path: list[str] = []
        self.clades: list[_Clade] = []
        self.said: list[str] = []
        self._tree("true")

    def _tree(self, rooted: str) -> None:
        self.root: Node | None = None
        self.rooted = rooted.strip().lower() in ("true", "1")
        self.name = ""
        self.scores: list[float] = []
        self.lost: Counter[str] = Counter()

    def doctype(self, *_: object) -> None:
        raise InputError(f"{self.source}: a document type is not read; remove the DOCTYPE")

    def start(self, tag: str, given: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        self.is_phyloxml = self.is_phyloxml or (not self.path and tag == "phyloxml")
        self.said = []
        if tag == "phylogeny":
            self._tree(given.get("rooted", "true"))
        elif tag == "clade":
            if not self.clades and self.root is not None:
                raise InputError(f"{self.source}: a phylogeny with two roots")
            self.clades.append(_Clade())
            if "branch_length" in given:
                self.clades[-1].length = self._number(given["branch_length"])
        elif self.clades and tag not in _QUIET and self.path[-1:] == ["clade"]:
            self.lost[tag[:40]] += 1
        self.path.append(tag)

    def text(self, data: str) -> None:
        if sum(map(len, self.said[-1:])) > LONGEST_TEXT or len(self.said) > 1000:
            raise InputError(f"{self.source}: a text over {LONGEST_TEXT >> 20} MiB")
        self.said.append(data)

    def end(self, tag: str) -> None:
        self.path.pop()
        tag = tag.rpartition(":")[2]
        above = self.path[-1] if self.path else ""
        text = "".join(self.said).strip()
        self.said = []
        if tag == "clade":
            self._close()
        elif tag == "phylogeny":
            self._finish()
        elif tag == "name" and above == "phylogeny":
            self.name = text
        elif self.clades and text and above in _NAMED_IN.get(tag, ()):
            rank = tag if above != "sequence" or tag != "name" else "accession"
            self.clades[-1].names.setdefault(rank, text)
        elif self.clades and tag == "branch_length" and above == "clade" and text:
            self.clades[-1].length = self._number(text)
        elif self.clades and tag == "confidence" and above == "clade" and text:
            self._support(self._number(text))

    def _support(self, value: float) -> None:
        clade = self.clades[-1]
        if clade.support is not None or not 0 <= value <= 100:
            self.lost["confidence"] += 1
            return
        clade.support = value
        self.scores.append(value)

    def _close(self) -> None:
        clade = self.clades.pop()
        name = next((clade.names[n] for n in _NAMES if n in clade.names), "")
        if not clade.children and not name:
            raise InputError(f"{self.source}: a leaf without a name")
        support = clade.support if clade.children else None
        length = clade.length if self.clades else None
        node = Node(name, length, tuple(clade.children), support)
        if self.clades:
            self.clades[-1].children.append(node)
        else:
            self.root = node

    def _finish(self) -> None:
        if self.root is None or self.root.is_leaf:
            raise InputError(f"{self.source}, tree {len(self.trees) + 1}: no tree in it")
        root = percent_as_share(self.root) if max(self.scores, default=0) > 1 else self.root
        where = f"{self.source}, tree {len(self.trees) + 1}"
        self.trees.append(made_tree(root, self.rooted, where, self.lost, self.name))

    def _number(self, text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise InputError(f"{self.source}: {text[:40]!r} is no number")
        return value
