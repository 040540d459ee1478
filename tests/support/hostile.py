"""Hostile input: seeded mutation of real examples, and the judgement of what a reader makes of it.

A reader is a function of bytes that may do two things with any input whatever: read it, or raise
a `CladistError`. `attempt` says which, and everything else is a finding.
"""

from __future__ import annotations

import contextlib
import json
import random
import signal
import struct
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hostile_words import INTERESTING, ODD, ODD_TOML

from cladist.errors import CladistError

LIMIT_SECONDS = 10.0
"""Time that no reader takes for an input of some kilobytes, on however busy a machine."""


@dataclass(frozen=True)
class Reader:
    """Something that reads bytes of unknown origin.

    read    the function; `CladistError` is a good answer
    seeds   valid examples
    words   what inputs of this kind are made of
    swap    puts another value at some place of an example, so that the whole still parses
    """

    read: Callable[[bytes], object]
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...] = ()
    swap: Callable[[random.Random, bytes], bytes] | None = None


class Hang(BaseException):
    """An input took longer than `LIMIT_SECONDS`; no reader can catch it."""


def attempt(reader: Reader, raw: bytes) -> str:
    """'' when the reader took the input or refused it as it should, otherwise what happened."""
    try:
        with limited(LIMIT_SECONDS):
            reader.read(raw)
    except CladistError as problem:
        said = str(problem)
        return "" if said and len(said) < 4000 else f"a message of {len(said)} characters"
    except Hang:
        return f"hangs: no end after {LIMIT_SECONDS:.0f} s"
    except BaseException:  # noqa: BLE001 - whatever it is, it is the finding
        return traceback.format_exc()
    return ""


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise `Hang` here when the block takes longer (main thread alone)."""

    def ring(*_: object) -> None:
        raise Hang

    old = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)


def mutated(dice: random.Random, reader: Reader, longest: int = 4096) -> bytes:
    """One input: an example with one to six changes, now and then only noise."""
    if dice.random() < 0.02:
        return dice.randbytes(dice.randrange(64))
    raw = bytearray(dice.choice(reader.seeds))
    if reader.swap is not None and dice.random() < 0.5:
        swapped = bytes(raw)
        for _ in range(dice.choice((1, 1, 2, 3))):
            swapped = reader.swap(dice, swapped)
        return swapped
    for _ in range(dice.choice((1, 1, 1, 2, 2, 3, 4, 6))):
        _change(dice, raw, reader)
    return bytes(raw[: max(longest, len(reader.seeds[0]))])


def _change(dice: random.Random, raw: bytearray, reader: Reader) -> None:
    at = dice.randrange(len(raw) + 1)
    kind = dice.randrange(11)
    if kind == 0 and raw:
        raw[at % len(raw)] ^= 1 << dice.randrange(8)
    elif kind == 1 and raw:
        raw[at % len(raw)] = dice.randrange(256)
    elif kind == 2:
        raw[at:at] = dice.randbytes(dice.randrange(1, 9))
    elif kind == 3:
        del raw[at : at + dice.randrange(1, 17)]
    elif kind == 4:
        piece = raw[at : at + dice.randrange(1, 65)]
        raw[at:at] = piece * dice.choice((1, 1, 2, 7, 50))
    elif kind == 5:
        other = dice.choice(reader.seeds)
        low = dice.randrange(len(other) + 1)
        raw[at : at + dice.randrange(17)] = other[low : low + dice.randrange(1, 129)]
    elif kind == 6:
        number, form = dice.choice(INTERESTING), dice.choice(["<B", "<H", "<I", "<Q", ">I"])
        width = struct.calcsize(form)
        raw[at : at + width] = struct.pack(form, number & (256**width - 1))
    elif kind == 7:
        raw[at : at + dice.randrange(9)] = str(
            dice.choice((-1, 1)) * dice.choice(INTERESTING)
        ).encode()
    elif kind == 8:
        del raw[at:]
    elif reader.words:
        raw[at : at + dice.choice((0, 0, 1, 4))] = dice.choice(reader.words)


def swap_json(dice: random.Random, raw: bytes) -> bytes:
    """Another value, or another key, at some place of JSON or JSON lines."""
    lines = raw.split(b"\n")
    at = dice.randrange(len(lines))
    try:
        value = json.loads(lines[at])
    except (ValueError, RecursionError):
        return raw
    places: list[tuple[object, object]] = []

    def walk(node: object) -> None:
        items = (
            node.items()
            if isinstance(node, dict)
            else enumerate(node)
            if isinstance(node, list)
            else ()
        )
        for key, inner in items:
            places.append((node, key))
            walk(inner)

    walk(value)
    if not places or dice.random() < 0.03:
        value = dice.choice(ODD)
    else:
        parent, key = dice.choice(places)
        if isinstance(parent, dict) and dice.random() < 0.3:
            parent[dice.choice(places)[1]] = parent.pop(key)  # type: ignore[index]
        else:
            parent[key] = dice.choice(ODD)  # type: ignore[index]
    lines[at] = json.dumps(
        {str(k): v for k, v in value.items()} if isinstance(value, dict) else value
    ).encode()
    return b"\n".join(lines)


def swap_toml(dice: random.Random, raw: bytes) -> bytes:
    """Another value, or another key, in some line of TOML."""
    lines = raw.split(b"\n")
    places = [i for i, line in enumerate(lines) if b"=" in line]
    at = dice.choice(places)
    key, _, value = lines[at].partition(b"=")
    if dice.random() < 0.2:
        key = dice.choice([lines[i].partition(b"=")[0] for i in places])
    elif dice.random() < 0.1:
        return b"\n".join(lines[:at] + lines[at + 1 :])
    else:
        value = dice.choice(ODD_TOML).encode()
    lines[at] = key + b"=" + value
    return b"\n".join(lines)
