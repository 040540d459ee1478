"""Random literary Chinese: short parallel phrases in the patterns of classical prose."""

from .lexicon import words
from .rng import Rng

# Letters stand for word classes; everything else is literal.
_CLASSES = {
    "P": "people",
    "A": "animals",
    "L": "places",
    "T": "things",
    "V": "virtues",
    "t": "transitive",
    "i": "intransitive",
    "q": "qualities",
    "n": "numbers",
    "m": "measures",
    "W": "times",
    "N": "names",
}
_PATTERNS = """
W，P有TqL者，PtT而不i。
PtTL，A聞而i之。
VqT者，V之qT也；VqT者，V之qT也。
P謂P曰：「TqA，何以tT？」
PNiLnm，tT而i，iT者n人。
T非不q也，V非不q也，而P莫能t。
LAi，LTq，P獨tT。
qT不t，qA不i，故P以V為T。
W，LTt於A，P乃iL。
凡TqV者，必tT；凡TqV者，必tA。
N曰：「VqT也，P以tT，A以i。」
P之T，q於A；P之V，q於T。
tTnm，不如tA；tAnm，不如iL。
W大T，LA皆i，P懼，tT以i。
PiL，A從之；PtT，P笑之。
qTiL，qAtT，Pi不i。
NL人也，qT好V，tTnn，未嘗i。
何V之q，而T之q也？
T生L，AiL，nm而q，nm而i。
PtT與A，A不t，乃tT。
"""
_COMPILED = tuple(line for line in _PATTERNS.split() if line)


def sentence(rng: Rng) -> str:
    """One sentence."""
    out: list[str] = []
    for letter in rng.pick(_COMPILED):
        if letter not in _CLASSES:
            out.append(letter)
            continue
        choices = [w for w in words("zh", _CLASSES[letter]) if w not in out]
        out.append(rng.pick(choices))
    return "".join(out)
