"""Colours and marks that tell groups apart, for all kinds of colour vision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# "Muted" of P. Tol, Colour Schemes (SRON technical note, 2021): safe for colour-blind readers.
_COLOURS = (
    "#332288",
    "#CC6677",
    "#117733",
    "#DDCC77",
    "#88CCEE",
    "#882255",
    "#44AA99",
    "#999933",
    "#AA4499",
    # Beyond the scheme: each as far as can be from those before it, from white, ink and grey.
    "#FF0000",
    "#0000FF",
    "#00DD00",
    "#FF11FF",
    "#FF9900",
    "#8899FF",
    "#884400",
    "#FF0088",
    "#8855FF",
    "#006699",
    "#11DD77",
    "#99CC00",
    "#CC0033",
    "#444400",
    "#DDAADD",
)
_MARKS = ("o", "s", "^", "D", "v", "P", "X", "<")
OTHER_COLOUR = "#9A9A9A"
INK = "#333333"
MOST = 24


@dataclass(frozen=True)
class Mark:
    """Colour and marker shape of a group."""

    colour: str
    shape: str


def marks(groups: Mapping[str, str], names: Iterable[str]) -> dict[str, Mark]:
    """A pair of colour and shape for each of the `MOST` largest groups among `names`.

    The largest group comes first, equals by name. No two have one colour; shapes repeat after
    eight, for readers who tell few colours apart. Smaller groups are left out and drawn in grey.
    """
    counts = Counter(groups[n] for n in names if groups.get(n))
    ranked = sorted(counts, key=lambda g: (-counts[g], g))[:MOST]
    return {
        group: Mark(_COLOURS[k % len(_COLOURS)], _MARKS[k % len(_MARKS)])
        for k, group in enumerate(ranked)
    }
