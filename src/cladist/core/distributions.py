"""Next-byte distributions as they are stored: 257 roots in two bytes each, compressed.

The root of a probability is what Hellinger distances are made of. It is kept in steps of 1/65535,
which changes a distance of two distributions by 1e-4 at most (257 steps of half of that), less
than any two engines differ. Probabilities under 6e-11 become nought.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from cladist.core.next_token import END, GRIDS, OUTCOMES, ROUNDED, NextByte
from cladist.core.responses import Response, ResponseSet, State
from cladist.errors import InputError

__all__ = [
    "MOST_WITHHELD",
    "PACKED",
    "function_of",
    "gist",
    "holds_distributions",
    "masses_of",
    "pack",
    "response_of",
    "roots_of",
    "roundings_of",
    "unpack",
]

MOST_WITHHELD = 0.5
"""Missing probability beyond which a context says too little of the model to be used."""
PACKED = 2 * (OUTCOMES + 1)
"""Bytes of a distribution before it is compressed: the roots, then that of the missing mass."""
_STEPS = 65535
_SHOWN = 5


def pack(said: NextByte) -> bytes:
    """The bytes under which a distribution is stored.

    Examples
    --------
    >>> whole = NextByte(np.eye(1, OUTCOMES, 97)[0])
    >>> found = unpack(pack(whole))
    >>> float(found.mass[97]), found.missing
    (1.0, 0.0)
    """
    whole = np.append(said.mass, said.missing)
    steps = np.rint(np.sqrt(np.clip(whole, 0.0, 1.0)) * _STEPS).astype("<u2")
    return zlib.compress(steps.tobytes(), 9)


def unpack(raw: bytes) -> NextByte:
    """A stored distribution; `InputError` for bytes that are none."""
    reader = zlib.decompressobj()
    try:
        steps = reader.decompress(raw, PACKED + 1)
    except zlib.error:
        steps = b""
    if len(steps) != PACKED or not reader.eof:
        raise InputError("a stored distribution is damaged: it is none of 256 bytes and the end")
    whole = (np.frombuffer(steps, dtype="<u2") / _STEPS) ** 2
    if abs(float(whole.sum()) - 1.0) > 0.01:
        raise InputError("a stored distribution is damaged: its probabilities do not add up to 1")
    return NextByte(whole[:OUTCOMES], float(whole[OUTCOMES]))


def gist(said: NextByte) -> str:
    """The likeliest outcomes in words, as a person reads them.

    Examples
    --------
    >>> gist(NextByte(np.bincount([32, 32, 32, 256], minlength=OUTCOMES) / 4))
    '0x20 0.750, end 0.250'
    """
    order = np.argsort(-said.mass, kind="stable")[:_SHOWN]
    shown = [f"{_named(int(i))} {said.mass[i]:.3f}" for i in order if said.mass[i] >= 5e-4]
    if said.missing >= 5e-4:
        shown.append(f"not told {said.missing:.3f}")
    return ", ".join(shown)


def _told(said: NextByte, packed: bytes) -> str:
    """The text of an answer: the gist, and a fingerprint by which equal ones are equal."""
    return f"{gist(said)} #{blake2b(packed, digest_size=4).hexdigest()}"


def _named(place: int) -> str:
    if place == END:
        return "end"
    return chr(place) if 33 <= place < 127 and chr(place) not in ",'\"" else f"0x{place:02x}"


def response_of(said: NextByte, detail: str = "") -> Response:
    """A distribution as an answer: whole ones are ok, those with missing mass truncated.

    One that leaves out more than `MOST_WITHHELD` was withheld, and counts as no usable answer.
    """
    if said.error:
        return Response.error(said.error)
    state = State.OK if said.missing < 1e-3 else State.TRUNCATED
    detail = detail or said.note
    if said.missing > MOST_WITHHELD:
        state = State.REFUSED
        detail = f"{said.missing:.0%} of the probability was not told"
    packed = pack(said)
    return Response(_told(said, packed), state, 1, detail, distribution=packed)


@lru_cache(maxsize=4096)
def _roots(raw: bytes) -> NDArray[np.float32]:
    said = unpack(raw)
    found: NDArray[np.float32] = np.sqrt(said.mass / said.mass.sum()).astype(np.float32)
    found.setflags(write=False)
    return found


def roots_of(packed: Sequence[bytes]) -> NDArray[np.float32]:
    """Roots of stored distributions, float32 (n, 257), each row of length 1.

    What was not told is spread over the outcomes as the rest is: the told part is what is compared.
    With a missing mass m that is off by at most sqrt(2 - 2 sqrt(1 - m)) in length.
    """
    if not packed:
        return np.zeros((0, OUTCOMES), dtype=np.float32)
    return np.stack([_roots(raw) for raw in packed])


def holds_distributions(answers: ResponseSet) -> bool:
    """Whether a model's answers are distributions, not texts."""
    return any(r.distribution for slot in answers.slots for r in slot)


def masses_of(answers: ResponseSet) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Told probabilities of a model's outcomes, float64 (p, 257), and what was not told, (p,).

    Nothing is told at a context that is not usable.
    """
    mass = np.zeros((len(answers.slots), OUTCOMES))
    missing = np.ones(len(answers.slots))
    for number, slot in enumerate(answers.slots):
        found = next((r.distribution for r in slot if r.usable and r.distribution), b"")
        if found:
            said = unpack(found)
            mass[number], missing[number] = said.mass, said.missing
    return mass, missing


def roundings_of(answers: ResponseSet) -> NDArray[np.float64]:
    """The step that a model's log probabilities were rounded to, float64 (p,); 0 for none."""
    known = {f"{ROUNDED}{step:g}": step for step in GRIDS}
    found = (
        max((known.get(r.detail, 0.0) for r in slot if r.usable and r.distribution), default=0.0)
        for slot in answers.slots
    )
    return np.fromiter(found, np.float64, len(answers.slots))


def function_of(answers: ResponseSet) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Roots of a model's distributions, float32 (p, 257), and which contexts are usable, (p,).

    Rows of contexts that are not usable are nought.
    """
    usable = np.zeros(len(answers.slots), dtype=np.bool_)
    roots = np.zeros((len(answers.slots), OUTCOMES), dtype=np.float32)
    for number, slot in enumerate(answers.slots):
        found = next((r.distribution for r in slot if r.usable and r.distribution), b"")
        if found:
            roots[number], usable[number] = _roots(found), True
    return roots, usable
