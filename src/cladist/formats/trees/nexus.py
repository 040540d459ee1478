"""NEXUS: trees, distances and splits (Maddison et al. 1997, Syst Biol 46:590).

Trees and distances are read by most programs; the splits block is that of SplitsTree (Huson &
Bryant 2006), which draws it as a network. Names are quoted wherever NEXUS has punctuation in
them, '-' included.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cladist.core.distances import DistanceMatrix
from cladist.core.tree import Node, Tree
from cladist.errors import InputError
from cladist.formats.trees.made import ReadTree, made_tree
from cladist.formats.trees.newick import (
    comment_end,
    newick_of,
    quoted_word,
    read_newick_noted,
)

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9.]*")
_WORD_ENDS = frozenset(' \t\r\n()[]{}/\\,;:=*"`+<>')


@dataclass(frozen=True)
class WeightedSplit:
    """One side of a split by positions of its members among the names, and its weight >= 0."""

    members: tuple[int, ...]
    weight: float


def nexus_word(name: str) -> str:
    """`name` quoted unless it is letters, digits and dots, beginning with a letter."""
    if _PLAIN.fullmatch(name):
        return name
    return "'" + name.replace("'", "''") + "'"


def write_nexus(
    trees: Sequence[Tree] = (),
    distances: DistanceMatrix | None = None,
    splits: Sequence[WeightedSplit] = (),
    cycle: Sequence[int] = (),
    names: Sequence[str] = (),
) -> str:
    """A file with a TAXA block and blocks for whatever is given.

    trees      each as TREE tree_1, tree_2, ... with support as inner labels
    distances  as a lower triangle with diagonal
    splits     with weights; `cycle` is the circular order of the names by position
    names      the taxa; taken from the distances or the first tree if not given
    """
    taxa = list(names) or (list(distances.ids) if distances else [])
    if not taxa and trees:
        taxa = trees[0].leaves()
    if not taxa:
        raise InputError("NEXUS: give trees, distances or names")
    out = ["#NEXUS", "", "BEGIN TAXA;", f"  DIMENSIONS NTAX={len(taxa)};", "  TAXLABELS"]
    out += [f"    {nexus_word(t)}" for t in taxa]
    out += ["  ;", "END;", ""]
    if distances is not None:
        out += _distances(distances.select(taxa))
    if splits:
        out += _splits(len(taxa), splits, cycle)
    if trees:
        out.append("BEGIN TREES;")
        for k, tree in enumerate(trees, start=1):
            mark = "[&R]" if tree.rooted else "[&U]"
            out.append(f"  TREE tree_{k} = {mark} {newick_of(tree.root, quote=nexus_word)};")
        out += ["END;", ""]
    return "\n".join(out)


def _distances(distances: DistanceMatrix) -> list[str]:
    out = [
        "BEGIN DISTANCES;",
        f"  DIMENSIONS NTAX={len(distances)};",
        "  FORMAT TRIANGLE=LOWER DIAGONAL LABELS=LEFT;",
        "  MATRIX",
    ]
    for i, name in enumerate(distances.ids):
        row = " ".join(f"{v:.9g}" for v in distances.matrix[i, : i + 1].tolist())
        out.append(f"    {nexus_word(name)} {row}")
    return [*out, "  ;", "END;", ""]


def _splits(n: int, splits: Sequence[WeightedSplit], cycle: Sequence[int]) -> list[str]:
    out = [
        "BEGIN SPLITS;",
        f"  DIMENSIONS NTAX={n} NSPLITS={len(splits)};",
        "  FORMAT LABELS=NO WEIGHTS=YES CONFIDENCES=NO INTERVALS=NO;",
    ]
    if cycle:
        out.append("  CYCLE " + " ".join(str(i + 1) for i in cycle) + ";")
    out.append("  MATRIX")
    for k, split in enumerate(splits, start=1):
        members = " ".join(str(i + 1) for i in sorted(split.members))
        out.append(f"    [{k}, size={len(split.members)}] {split.weight:.9g} {members},")
    return [*out, "  ;", "END;", ""]


def read_nexus(text: str, source: str = "NEXUS") -> list[Tree]:
    """All trees of all TREES blocks, in order, with TRANSLATE tables applied.

    Comments, quoted names, any case, other blocks and missing ENDs are accepted. A leaf that is
    the number of a taxon of TAXLABELS gets that taxon's name. `InputError` when it is no NEXUS,
    holds no tree, or a tree is broken.
    """
    return [r.tree for r in read_nexus_noted(text, source)]


def read_nexus_noted(text: str, source: str = "NEXUS") -> list[ReadTree]:
    """The same with the names of the trees, and what of every one is not kept."""
    begin = re.match(r"\ufeff?\s*#NEXUS\b", text, re.IGNORECASE)
    if not begin:
        raise InputError(f"{source}: it does not begin with #NEXUS")
    trees: list[ReadTree] = []
    block, names, taxa = "", dict[str, str](), list[str]()
    for word, rest in _commands(text[begin.end() :], source):
        if word == "begin":
            block, names = rest.strip().lower(), {}
        elif word in ("end", "endblock"):
            block = ""
        elif word == "taxlabels":
            taxa = [w for w in _words(rest, source) if w is not _COMMA]
        elif block == "trees" and word == "translate":
            names = _translations(rest, source)
        elif block == "trees" and word in ("tree", "utree"):
            trees.append(_tree(rest, names, taxa, f"{source}, tree {len(trees) + 1}"))
    if not trees:
        raise InputError(f"{source}: no tree in it")
    return trees


def _commands(text: str, source: str) -> Iterator[tuple[str, str]]:
    """First word in lower case and the rest of every command, comments before it left out."""
    begin = at = 0
    for_marks = re.compile(r"[\['\";]")
    while (match := for_marks.search(text, at)) is not None:
        at = match.start()
        if match.group() == ";":
            if command := _split_command(text[begin:at], source):
                yield command
            begin = at = at + 1
        elif match.group() == "[":
            at = comment_end(text, at, source)
        elif at == 0 or text[at - 1] in _WORD_ENDS:
            _, at = quoted_word(text, at, source)
        else:
            at += 1  # an apostrophe inside a word
    if command := _split_command(text[begin:], source):
        yield command


def _split_command(command: str, source: str) -> tuple[str, str] | None:
    command = command.lstrip()
    while command.startswith("["):
        command = command[comment_end(command, 0, source) :].lstrip()
    word = re.match(r"[A-Za-z]+", command)
    return (word.group().lower(), command[word.end() :]) if word else None


def _translations(rest: str, source: str) -> dict[str, str]:
    """Pairs of a TRANSLATE command: what stands in the trees, and what it stands for."""
    pair: list[str] = []
    out: dict[str, str] = {}
    for word in [*_words(rest, source), None]:
        if word is not None and word is not _COMMA:
            pair.append(word)
        elif pair or word is not None:
            if len(pair) != 2:
                raise InputError(f"{source}: TRANSLATE needs pairs, got {' '.join(pair)[:60]!r}")
            out[pair[0]] = pair[1]
            pair = []
    return out


class _Comma(str):
    """A comma between words, not one that was quoted."""


_COMMA = _Comma(",")


def _words(rest: str, source: str) -> Iterator[str]:
    """Words of a command, quoted ones undone, comments left out; `_COMMA` between commas."""
    at = 0
    while at < len(rest):
        char = rest[at]
        if char.isspace():
            at += 1
        elif char == "[":
            at = comment_end(rest, at, source)
        elif char == ",":
            yield _COMMA
            at += 1
        elif char in "'\"":
            word, at = quoted_word(rest, at, source)
            yield word
        else:
            stop = at
            while stop < len(rest) and not rest[stop].isspace() and rest[stop] not in ",[":
                stop += 1
            yield rest[at:stop]
            at = stop


def _tree(rest: str, names: dict[str, str], taxa: Sequence[str], source: str) -> ReadTree:
    at, quotes = 0, re.compile(r"[\['\"=]")
    while (match := quotes.search(rest, at)) is not None and match.group() != "=":
        skip = comment_end if match.group() == "[" else lambda *a: quoted_word(*a)[1]
        at = skip(rest, match.start(), source)
    if match is None:
        raise InputError(f"{source}: TREE without '='")
    at = match.start()
    found = read_newick_noted(rest[at + 1 :], source)
    if len(found) != 1:
        raise InputError(f"{source}: holds {len(found)} trees where one is expected")
    tree = found[0].tree
    called = " ".join(_words(rest[:at].replace("*", " "), source))
    numbers = _numbered(tree, names, taxa, source)
    made: dict[int, Node] = {}
    for node in tree.root.postorder():
        children = tuple(made.pop(id(child)) for child in node.children)
        name = names.get(node.name, node.name)
        if node.is_leaf:
            name = numbers.get(node.name, name)
        made[id(node)] = Node(name, node.length, children, node.support)
    read = made_tree(made[id(tree.root)], tree.rooted, source, name=called)
    return ReadTree(read.tree, called, found[0].notes + read.notes)


def _numbered(
    tree: Tree, names: dict[str, str], taxa: Sequence[str], source: str
) -> dict[str, str]:
    """Leaves that are numbers of taxa, by the labels of these; {} where the tree has none."""
    known = set(taxa)
    leaves = [n for n in tree.leaves() if n not in names and n not in known]
    numbers = [n for n in leaves if n.isascii() and n.isdecimal() and len(n) < 9]
    if not taxa or not numbers:
        return {}
    wrong = [n for n in numbers if not 1 <= int(n) <= len(taxa)]
    if wrong:
        raise InputError(
            f"{source}: the leaf {wrong[0]} is no number of the {len(taxa)} taxa of TAXLABELS"
        )
    return {n: taxa[int(n) - 1] for n in numbers}
