"""Newick: trees as text, `((a:1,b:2)0.97:0.5,c:3);`.

Written by the standard (Olsen 1990): a name with anything but letters, digits, '.', '-' and
'+' is put in single quotes with quotes doubled, underscores included, since other programs
read a bare underscore as a blank. Support is the label of an inner node. A model that sits on
an inner node keeps that label for its name; its support then goes into `[&support=...]`.

Reading accepts what other programs write: `[&R]` and `[&U]`, comments anywhere, nested ones
too, single and double quotes, blanks and newlines, percentages for support, a missing final
semicolon. A bare underscore stays what it is. Annotations (`[&...]`, NHX, BEAST) are read for
support (support, bootstrap, posterior, prob, and B of NHX); the notes of a tree name the others.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from cladist.core.tree import Node, Tree
from cladist.errors import InputError
from cladist.formats.trees.made import ReadTree, annotation_keys, made_tree

_PLAIN = re.compile(r"[A-Za-z0-9.+-]+")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_SUPPORT_NOTE = re.compile(
    r"(?:^|[,:\s])(support|bootstrap|posterior|prob)=([0-9.eE+-]+)|^&NHX.*?:(B)=([0-9.eE+-]+)",
    re.DOTALL,
)
_SPECIAL = frozenset("()[]{}:;,'\"")


def quoted(name: str) -> str:
    """`name` as a Newick or NEXUS word, quoted where the standard asks for it."""
    if _PLAIN.fullmatch(name):
        return name
    return "'" + name.replace("'", "''") + "'"


def write_newick(
    tree: Tree, support: bool = True, lengths: bool = True, mark_root: bool = False
) -> str:
    """The tree on one line with a newline at its end; lengths to eight digits. O(n).

    `mark_root` puts [&R] before a rooted tree, which some simple readers do not understand.
    """
    mark = "[&R] " if tree.rooted and mark_root else ""
    return mark + newick_of(tree.root, support, lengths) + ";\n"


def newick_of(
    root: Node,
    support: bool = True,
    lengths: bool = True,
    quote: Callable[[str], str] = quoted,
) -> str:
    """The node and all below it, without mark and semicolon."""
    out: list[str] = []
    # Text waits on the stack beside nodes: what follows a node's children is said after them.
    stack: list[Node | str] = [root]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            out.append(item)
            continue
        tail = _label(item, support, quote)
        if lengths and item.length is not None and item is not root:
            tail += f":{item.length:.8g}"
        if item.is_leaf:
            out.append(tail)
            continue
        stack.append(")" + tail)
        for k, child in enumerate(reversed(item.children)):
            if k:
                stack.append(",")
            stack.append(child)
        out.append("(")
    return "".join(out)


def _label(node: Node, support: bool, quote: Callable[[str], str]) -> str:
    if node.is_leaf:
        return quote(node.name)
    shown = f"{node.support:.6g}" if support and node.support is not None else ""
    if node.name:
        return quote(node.name) + (f"[&support={shown}]" if shown else "")
    return shown


def read_newick(text: str, source: str = "Newick") -> Tree:
    """The one tree in `text`; `InputError` when there is none, several, or a broken one."""
    trees = read_newick_all(text, source)
    if len(trees) != 1:
        raise InputError(f"{source}: holds {len(trees)} trees where one is expected")
    return trees[0]


def read_newick_all(text: str, source: str = "Newick") -> list[Tree]:
    """All trees in `text`, in order. Nothing recurses, so any depth is read; O(length)."""
    return [r.tree for r in read_newick_noted(text, source)]


def read_newick_noted(text: str, source: str = "Newick") -> list[ReadTree]:
    """The same with what of every tree is not kept.

    A text without a parenthesis is no tree, though the format would take it for one of one leaf.
    """
    reader = _Reader(source)
    trees: list[ReadTree] = []
    for kind, value, at in _tokens(text, source):
        if kind == ";":
            trees.append(reader.finish(at))
            reader = _Reader(source)
        else:
            reader.take(kind, value, at)
    if reader.begun:
        trees.append(reader.finish(len(text)))
    if not trees:
        raise InputError(f"{source}: no tree in it")
    return trees


def _tokens(text: str, source: str) -> Iterator[tuple[str, str, int]]:
    """(kind, value, position): kinds are the punctuation, 'word', 'quoted' and 'comment'."""
    at = 1 if text.startswith("\ufeff") else 0
    while at < len(text):
        char = text[at]
        if char.isspace():
            at += 1
        elif char in "(),:;":
            yield char, char, at
            at += 1
        elif char == "[":
            stop = comment_end(text, at, source)
            yield "comment", text[at + 1 : stop - 1], at
            at = stop
        elif char in "'\"":
            value, stop = quoted_word(text, at, source)
            yield "quoted", value, at
            at = stop
        elif char in _SPECIAL:
            raise InputError(f"{source}: stray {char!r} at character {at + 1}")
        else:
            stop = at
            while stop < len(text) and text[stop] not in "()[]:;,":
                stop += 1
            yield "word", " ".join(text[at:stop].split()), at
            at = stop


def _support_note(comment: str) -> tuple[str, str] | None:
    """Key and value of the support in a comment that begins its notes with '&'; linear."""
    at = comment.find("&")
    found = _SUPPORT_NOTE.search(comment[at + 1 :]) if at >= 0 else None
    if found is None:
        return None
    return found.group(1) or found.group(3), found.group(2) or found.group(4)


def comment_end(text: str, at: int, source: str) -> int:
    """Where the comment that begins at `at` is over, nested ones included."""
    depth = 0
    for match in re.compile(r"[\[\]]").finditer(text, at):
        depth += 1 if match.group() == "[" else -1
        if depth == 0:
            return match.end()
    raise InputError(f"{source}: the comment begun at character {at + 1} is never closed")


def quoted_word(text: str, at: int, source: str) -> tuple[str, int]:
    """The quoted name that begins at `at`, doubled quotes undone, and where it is over."""
    mark = text[at]
    parts: list[str] = []
    begin = at + 1
    while True:
        end = text.find(mark, begin)
        if end < 0:
            raise InputError(f"{source}: the name begun at character {at + 1} is never closed")
        parts.append(text[begin:end])
        if text[end + 1 : end + 2] != mark:
            return "".join(parts), end + 1
        parts.append(mark)
        begin = end + 2


@dataclass
class _Open:
    """A node being read: what is known of it so far."""

    children: list[Node] = field(default_factory=list)
    inner: bool = False
    label: str | None = None
    was_quoted: bool = False
    length: float | None = None
    support: float | None = None


class _Reader:
    """Reads the tokens of one tree on an explicit stack."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.begun = False
        self.rooted: bool | None = None
        self.stack: list[_Open] = []
        self.node = _Open()
        self.wants_length = False
        self.scores: list[float] = []
        self.lost: Counter[str] = Counter()

    def take(self, kind: str, value: str, at: int) -> None:
        if kind == "comment":
            self._comment(value)
            return
        self.begun = True
        if self.wants_length:
            self.node.length = self._number(kind, value, at)
            self.wants_length = False
        elif kind == "(":
            if self.node.inner or self.node.label is not None:
                raise self._error("'(' where a ',' or ')' is expected", at)
            self.stack.append(self.node)
            self.node = _Open()
        elif kind in ",)":
            if not self.stack:
                raise self._error(f"{kind!r} without an open '('", at)
            self.stack[-1].children.append(self._made(at))
            self.node = _Open()
            if kind == ")":
                self.node = self.stack.pop()
                self.node.inner = True
        elif kind == ":":
            if self.node.length is not None:
                raise self._error("a second branch length", at)
            self.wants_length = True
        else:
            self._name(kind, value, at)

    def finish(self, at: int) -> ReadTree:
        if self.wants_length or self.stack:
            missing = "a branch length" if self.wants_length else f"{len(self.stack)} ')'"
            raise self._error(f"the tree ends and {missing} is missing", at)
        if not self.begun:
            raise self._error("an empty tree", at)
        if not self.node.inner:
            raise InputError(f"{self.source}: no tree in it, as a tree begins with '('")
        root = self._made(at)
        root = Node(root.name, None, root.children, root.support)
        if self.scores and max(self.scores) > 1:
            root = percent_as_share(root)
        rooted = len(root.children) == 2 if self.rooted is None else self.rooted
        return made_tree(root, rooted, self.source, self.lost)

    def _comment(self, value: str) -> None:
        if value.strip().upper() in ("&R", "&U"):
            self.rooted = value.strip().upper() == "&R"
            return
        found = _support_note(value)
        key = ""
        if found and _NUMBER.fullmatch(found[1]) and self._score(float(found[1])):
            key = found[0]
        self.lost.update(k for k in annotation_keys(value) if k != key)

    def _name(self, kind: str, value: str, at: int) -> None:
        if self.node.label is not None or self.node.length is not None:
            raise self._error(f"{value[:40]!r} where a ',' or ')' is expected", at)
        self.node.label = value
        self.node.was_quoted = kind == "quoted"

    def _made(self, at: int) -> Node:
        node, name = self.node, self.node.label or ""
        if not node.inner:
            if not name:
                raise self._error("a leaf without a name", at)
            return Node(name, node.length)
        # '0.97/85' holds two kinds of support; the first is kept.
        head = name.split("/")[0]
        if name and not node.was_quoted and _NUMBER.fullmatch(head):
            self._score(float(head))
            if head != name:
                self.lost["a second support after '/'"] += 1
            name = ""
        return Node(name, node.length, tuple(node.children), node.support)

    def _score(self, value: float) -> bool:
        """Take a support; whether it is one."""
        if not 0 <= value <= 100:
            return False
        self.node.support = value
        self.scores.append(value)
        return True

    def _number(self, kind: str, value: str, at: int) -> float:
        if kind != "word" or not _NUMBER.fullmatch(value) or not math.isfinite(float(value)):
            raise self._error(f"branch length {value[:40]!r} is not a number", at)
        return float(value)

    def _error(self, what: str, at: int) -> InputError:
        return InputError(f"{self.source}: {what} (character {at + 1})")


def percent_as_share(root: Node) -> Node:
    """Supports of 0 to 100 as shares of 1."""
    made: dict[int, Node] = {}
    for node in root.postorder():
        made[id(node)] = Node(
            node.name,
            node.length,
            tuple(made.pop(id(child)) for child in node.children),
            None if node.support is None else node.support / 100,
        )
    return made[id(root)]
