"""PhyloXML (Han & Zmasek 2009, BMC Bioinformatics 10:356): trees with support and groups."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

from cladist.core.text import printable
from cladist.core.tree import Node, Tree

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<phyloxml xmlns="http://www.phyloxml.org" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xsi:schemaLocation="http://www.phyloxml.org http://www.phyloxml.org/1.20/phyloxml.xsd">\n'
)


def write_phyloxml(
    tree: Tree,
    name: str = "",
    groups: Mapping[str, str] | None = None,
    kind: str = "bootstrap",
) -> str:
    """The tree as a PhyloXML document.

    name    of the tree
    groups  model -> group, written as the property 'cladist:group'
    kind    type of the supports, which are written as percentages

    XML cannot hold control characters; they are escaped as in Python source. O(n).
    """
    rooted = "true" if tree.rooted else "false"
    out = [_HEAD, f'<phylogeny rooted="{rooted}">\n']
    if name:
        out.append(f"<name>{_text(name)}</name>\n")
    if tree.method:
        out.append(f"<description>{_text(tree.method)}</description>\n")
    stack: list[Node | None] = [tree.root]
    while stack:
        node = stack.pop()
        if node is None:
            out.append("</clade>\n")
            continue
        out.append("<clade>" + _content(node, groups or {}, kind))
        stack.append(None)
        stack.extend(reversed(node.children))
    out.append("</phylogeny>\n</phyloxml>\n")
    return "".join(out)


def _content(node: Node, groups: Mapping[str, str], kind: str) -> str:
    """What the schema puts before the child clades, in its order."""
    out = f"<name>{_text(node.name)}</name>" if node.name else ""
    if node.length is not None:
        out += f"<branch_length>{node.length:.8g}</branch_length>"
    if node.support is not None:
        out += f"<confidence type={quoteattr(kind)}>{node.support * 100:.6g}</confidence>"
    if group := groups.get(node.name, ""):
        out += (
            '<property ref="cladist:group" datatype="xsd:string" applies_to="clade">'
            f"{_text(group)}</property>"
        )
    return out


def _text(text: str) -> str:
    return escape(printable(text))
