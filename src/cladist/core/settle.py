"""Statements of several documents brought to one meaning.

Documents write one model in many ways and speak of different generations: the card of a
quantiser names the model that was quantised, the header inside the file what that model comes
from. Read side by side they must not contradict each other where they do not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cladist.core.lineage import DeclaredLink, Lineage
from cladist.core.names import may_be_same, parse_name, variant

__all__ = ["settle"]


def settle(lineage: Lineage) -> Lineage:
    """The same declarations with one spelling for each model and one meaning for each source.

    Names with one `key` get the spelling that comes first. A parent without an organisation is
    the one with it that the same child names, where exactly one fits. What a header says of the
    model in the file becomes a link of that model, where another document names it.

    Parameters
    ----------
    lineage
        Declarations as read.

    Returns
    -------
    Lineage
        Settling it again changes nothing.

    Examples
    --------
    >>> made = settle(Lineage((DeclaredLink("q", "org/a"), DeclaredLink("q", "Org/A"))))
    >>> [k.parent for k in made.links]
    ['org/a']
    """
    spelled = _without_revisions(lineage).renamed(_spellings(lineage))
    links = [k for child in _grouped(spelled.links).values() for k in _one_child(child)]
    order = {k: n for n, k in enumerate(spelled.links)}
    links.sort(key=lambda k: order.get(k, len(order)))
    told = dict.fromkeys((*spelled.remarks, *_mirrors(links)))
    return replace(spelled, links=tuple(dict.fromkeys(links)), remarks=tuple(told))


def _spellings(lineage: Lineage) -> dict[str, str]:
    """Every name to the first written one of its key; a path of a machine is only itself."""
    names = [n for k in lineage.links for n in (k.child, k.parent)]
    first: dict[str, str] = {}
    out: dict[str, str] = {}
    for name in (*lineage.models, *names, *lineage.licences, *lineage.dates, *lineage.founders):
        parsed = parse_name(name)
        out[name] = first.setdefault(parsed.key, name)
    return {n: s for n, s in out.items() if n != s}


def _without_revisions(lineage: Lineage) -> Lineage:
    """Without links from a model to itself that say nothing of descent.

    Those are from one revision to another, copies under an old and a new name, and paths that
    end like the model's own folder.
    """
    kept, told = [], []
    for k in lineage.links:
        child, parent = parse_name(k.child), parse_name(k.written or k.parent)
        if child.key == parent.key and parent.local and k.written:
            told.append(
                f"'{k.child}' names the path '{k.written[:120]}' as its parent, which ends like "
                "its own name; which model that is cannot be told, and it is left out"
            )
        elif child.key == parent.key and child.revision != parent.revision:
            told.append(f"'{k.child}' names another revision of itself as its parent; left out")
        elif child.key == parent.key and k.relation == "copy" and child.text != parent.text:
            told.append(f"'{k.child}' is '{k.parent}' under another name, not its copy; left out")
        else:
            kept.append(k)
    if not told:
        return lineage
    return replace(lineage, links=tuple(kept), remarks=(*lineage.remarks, *told))


def _grouped(links: Iterable[DeclaredLink]) -> dict[str, list[DeclaredLink]]:
    out: dict[str, list[DeclaredLink]] = {}
    for k in links:
        out.setdefault(k.child, []).append(k)
    return out


def _one_child(links: list[DeclaredLink]) -> list[DeclaredLink]:
    links = _of_what_is_held([_with_maker(k, links) for k in links])
    said = [k for k in links if not k.held]
    held = [k for k in links if k.held]
    named = list(dict.fromkeys(k.parent for k in links if not k.held))
    if not held or len(named) != 1:
        return links
    (parent,) = named
    whole = {k.relation for k in said} <= {"", "quantized", "copy"}
    if not whole or any(may_be_same(parse_name(k.parent), parse_name(parent)) for k in held):
        # The header names the same, or the card is that of the model in the file itself.
        return [
            replace(k, parent=parent, held=False)
            if k.held and may_be_same(parse_name(k.parent), parse_name(parent))
            else k
            for k in links
        ]
    return [
        replace(k, child=parent, held=False, source=f"{k.source}, of the model that it holds")
        if k.held
        else k
        for k in links
    ]


def _of_what_is_held(links: list[DeclaredLink]) -> list[DeclaredLink]:
    """Recipes beside the card of a quantisation, which tell of the model that was quantised."""
    whole = [k for k in links if k.relation == "quantized"]
    if len({k.parent for k in whole}) != 1:
        return links
    own = parse_name(whole[0].parent)
    return [
        replace(k, held=True)
        if k.relation == "merge"
        and k.source not in {w.source for w in whole}
        and not may_be_same(parse_name(k.parent), own)
        else k
        for k in links
    ]


def _with_maker(link: DeclaredLink, links: list[DeclaredLink]) -> DeclaredLink:
    """A link whose parent has the organisation that another link of the same child tells."""
    parsed = parse_name(link.parent)
    if parsed.org:
        return link
    fits = {
        k.parent
        for k in links
        if parse_name(k.parent).org and may_be_same(parse_name(k.parent), parsed)
    }
    if len(fits) != 1:
        return link
    return replace(link, parent=fits.pop(), written=link.written or link.parent)


def _mirrors(links: list[DeclaredLink]) -> list[str]:
    """Parents of one child, told by different sources, that may be quantisations of each other."""
    out = []
    for child, own in _grouped(links).items():
        for i, a in enumerate(own):
            for b in own[i + 1 :]:
                one, other = parse_name(a.parent), parse_name(b.parent)
                alike = variant(one).name == variant(other).name and one.key != other.key
                if alike and a.source != b.source:
                    out.append(
                        f"'{child}': '{a.parent}' ({a.source}) and '{b.parent}' ({b.source}) may "
                        "be a model and its mirror or quantisation; they are kept as two"
                    )
    return out
