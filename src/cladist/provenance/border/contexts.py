"""Short contexts to search for border inputs: a few common words in a row.

Words that say nothing together leave open what comes next, so that two tokens are often about as
likely. They are drawn from a seed that a watch keeps to itself: nobody can prepare for them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

__all__ = ["contexts", "words"]

_WORDS = (
    "the of and to in that was for on are as with his they at this from have by one had not but "
    "what all were when we there can your which their said if do will each about how up out them "
    "then she many some so these would other into has more her two like him see time could no "
    "make than first been who now people over did down only way find use may water long little "
    "very after words called just where most know get through back much go good new write our me "
    "man too any day same right look think also around another came come work three because does "
    "part even place well such here take why help put different away again off went old number "
    "great tell men say small every found still between name should home big give air line set "
    "own under read last never us left end along while might next sound below saw something "
    "thought both few those always looked show large often together asked house world going want "
    "school until form food keep children feet land side without boy once animals life enough "
    "took four head above kind began almost live page earth need far hand high year mother light "
    "country father let night picture being study second eyes soon story since white paper hard "
    "near sentence better best across during today others however sure means knew try told young "
    "miles sun thing whole hear example heard several change answer room sea against top turned "
    "learn point city play toward five money seen car morning"
)


def words() -> list[str]:
    """The words, none of them twice.

    >>> len(words()) == len(set(words())) > 200
    True
    """
    return list(dict.fromkeys(_WORDS.split()))


def contexts(seed: int) -> Iterator[str]:
    """Contexts of two to five words, none of them twice, without end.

    >>> next(contexts(1)) == next(contexts(1)) != next(contexts(2))
    True
    """
    draw = random.Random(seed)  # noqa: S311 - the seed itself is drawn by the system
    told: set[str] = set()
    known = _WORDS.split()
    while True:
        text = " ".join(draw.choice(known) for _ in range(draw.randint(2, 5)))
        if text not in told:
            told.add(text)
            yield text
