"""Secret probes: drawn from a seed that is committed to before asking and revealed after it.

Who knows which probes will come can prepare answers to them. So the auditor draws a seed, tells
everybody its hash, asks what the seed says, and tells the seed at the end. Before, the hash says
nothing of the probes; after, anybody can draw the same ones, and nobody can have picked them by
what the answers were. Two ways of drawing:

    pool      some probes of a set that is known, in a drawn order
    passages  pieces of a text that the auditor keeps to himself, cut out at drawn places
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

from cladist.core.hashing import digest, text_digest
from cladist.core.probes import Probe, ProbeSet
from cladist.core.responses import ResponseSet
from cladist.errors import InputError

__all__ = ["FORMAT", "Secret", "new_secret", "restrict"]

FORMAT = "cladist-secret/1"
Way = Literal["pool", "passages"]
SEED_BYTES = 32
SHORTEST, LONGEST = 6, 18
"""Words of a passage."""


@dataclass(frozen=True, slots=True)
class Secret:
    """What is committed to.

    seed    64 hexadecimal digits, known to nobody before it is revealed
    way     how probes are drawn
    source  digest of the pool (`ProbeSet.digest`), or SHA-256 of the text in UTF-8
    count   how many are drawn

    Raises `InputError` for a seed that is no such number, or a count below 1.
    """

    seed: str
    way: Way
    source: str
    count: int

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9a-f]{64}", self.seed) or self.way not in get_args(Way):
            raise InputError("a secret has a seed of 64 hexadecimal digits and a known way to draw")
        if not re.fullmatch(r"[0-9a-f]{64}", self.source) or not 1 <= self.count <= 100_000:
            raise InputError("a secret names its source by a SHA-256, and draws 1 probe or more")

    @property
    def commitment(self) -> str:
        """The hash to tell before asking; 256 random bits go into it, so it tells nothing."""
        return digest({"format": FORMAT, **asdict(self)})

    def as_data(self) -> dict[str, Any]:
        """Plain data, as a secret is kept and later revealed."""
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_data(cls, data: Any, where: str) -> Secret:
        """Read plain data; `InputError` names `where` for what is no secret."""
        keys = {"format", "seed", "way", "source", "count"}
        if not isinstance(data, dict) or set(data) != keys or data["format"] != FORMAT:
            raise InputError(f"{where}: no secret of a draw ({FORMAT})")
        if type(data["count"]) is not int or not all(
            isinstance(data[k], str) for k in ("seed", "way", "source")
        ):
            raise InputError(f"{where}: a secret with values of another kind")
        return cls(data["seed"], data["way"], data["source"], data["count"])

    def places(self, pool: ProbeSet) -> tuple[int, ...]:
        """Numbers of the drawn probes of `pool`, in the order in which they are asked.

        Raises `InputError` for another pool than that of the secret, or one that is too small.

        >>> pool = ProbeSet("p", tuple(Probe(f"{i}", f"text {i}") for i in range(9)))
        >>> Secret("0" * 64, "pool", pool.digest, 3).places(pool)
        (7, 4, 1)
        """
        if self.way != "pool" or pool.digest != self.source:
            raise InputError(
                f"the secret draws from {self.way} {self.source[:8]}, not from the probe set "
                f"'{pool.name:.60}' ({pool.digest[:8]})"
            )
        if self.count > len(pool):
            raise InputError(f"the secret draws {self.count} probes, and the pool has {len(pool)}")
        order = sorted(range(len(pool)), key=lambda i: self._hash(pool.ids[i]))
        return tuple(order[: self.count])

    def passages(self, text: str) -> ProbeSet:
        """The drawn pieces of `text`, each of SHORTEST to LONGEST words, as probes.

        Raises `InputError` for another text than that of the secret, or one with too few places.
        """
        if self.way != "passages" or _sha(text) != self.source:
            raise InputError("this is not the text that the secret was made for")
        words = text.split()
        places = len(words) // LONGEST
        if places < self.count:
            raise InputError(
                f"the text has {len(words)} words, enough for {places} passages, and {self.count} "
                "are to be drawn; take a longer text"
            )
        order = sorted(range(places), key=lambda i: self._hash(f"place {i}"))[: self.count]
        made = []
        for k, place in enumerate(order):
            size = SHORTEST + self._number(f"size {place}", LONGEST - SHORTEST + 1)
            start = place * LONGEST + self._number(f"start {place}", LONGEST - size + 1)
            made.append(Probe(f"secret-{k:04d}", " ".join(words[start : start + size])))
        return ProbeSet(f"secret:{self.commitment[:8]}", tuple(made))

    def _hash(self, what: str) -> bytes:
        key = bytes.fromhex(self.seed)
        return hmac.new(key, what.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()

    def _number(self, what: str, below: int) -> int:
        return int.from_bytes(self._hash(what)[:8], "big") % below


def new_secret(source: ProbeSet | str, count: int) -> Secret:
    """A secret with a new random seed, for a pool of probes or a text of one's own.

    Raises `InputError` where it has not so many probes or places.
    """
    seed = secrets.token_hex(SEED_BYTES)
    if isinstance(source, ProbeSet):
        made = Secret(seed, "pool", source.digest, count)
        made.places(source)
        return made
    made = Secret(seed, "passages", _sha(source), count)
    made.passages(source)
    return made


def restrict(answers: ResponseSet, secret: Secret, pool: ProbeSet) -> ResponseSet:
    """The answers that a draw asked for, and no others; all of them where it has its own probes.

    Raises `InputError` for a draw from another pool, and where a drawn probe was never asked:
    whoever draws in secret asks all that was drawn, lest he choose by the answers.
    """
    if secret.way == "passages":
        return answers
    drawn = set(secret.places(pool))
    missing = sum(not answers.slots[k] for k in drawn)
    if missing:
        raise InputError(
            f"'{answers.model}' was not asked {missing} of the {len(drawn)} probes that the secret "
            "draws; ask them with: cladist extract URI --secret FILE"
        )
    slots = tuple(slot if k in drawn else () for k, slot in enumerate(answers.slots))
    return replace(answers, slots=slots)


def _sha(text: str) -> str:
    return text_digest(text)
