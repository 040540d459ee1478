"""Annotation files for iTOL (Letunic & Bork 2024): drop one on the tree in the browser.

The tree itself goes there as Newick. Fields are separated by tabs; tabs and line breaks in
names, which iTOL could not match, become blanks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from cladist.errors import InputError

_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")


def write_itol_strip(
    groups: Mapping[str, str], colours: Mapping[str, str], title: str = "group"
) -> str:
    """A colour strip: every model's group in the group's colour, with a legend.

    Models of a group without a colour are left out.
    """
    _require_colours(colours)
    shown = [g for g in colours if g in set(groups.values())]
    out = ["DATASET_COLORSTRIP", "SEPARATOR TAB", f"DATASET_LABEL\t{_field(title)}"]
    out += ["COLOR\t#333333", "STRIP_WIDTH\t20", f"LEGEND_TITLE\t{_field(title)}"]
    out.append("\t".join(["LEGEND_SHAPES", *("1" for _ in shown)]))
    out.append("\t".join(["LEGEND_COLORS", *(colours[g] for g in shown)]))
    out.append("\t".join(["LEGEND_LABELS", *(_field(g) for g in shown)]))
    out.append("DATA")
    out += [
        f"{_field(model)}\t{colours[group]}\t{_field(group)}"
        for model, group in groups.items()
        if group in colours
    ]
    return "\n".join(out) + "\n"


def write_itol_bars(values: Mapping[str, float], title: str, colour: str = "#332288") -> str:
    """A bar for every model, such as a score or the age."""
    _require_colours({title: colour})
    out = ["DATASET_SIMPLEBAR", "SEPARATOR TAB", f"DATASET_LABEL\t{_field(title)}"]
    out += [f"COLOR\t{colour}", "DATA"]
    out += [f"{_field(model)}\t{value:.8g}" for model, value in values.items()]
    return "\n".join(out) + "\n"


def _field(text: str) -> str:
    return " ".join(text.split("\t")).replace("\n", " ").replace("\r", " ")


def _require_colours(colours: Mapping[str, str]) -> None:
    for group, colour in colours.items():
        if not _COLOUR.fullmatch(colour):
            raise InputError(f"iTOL: colour {colour[:20]!r} of '{group[:40]}' is not like #1a2b3c")
