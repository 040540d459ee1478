"""No input whatever makes a reader do anything but read it or say what is wrong with it.

The short version of benchmarks/fuzz.py, with another seed and some traps by name.
"""

from __future__ import annotations

import random
import struct

import pytest
from hostile import Reader, attempt, mutated
from hostile_readers import gguf, readers

from cladist.errors import CladistError

INPUTS = 400


@pytest.mark.parametrize("name", sorted(readers()))
def test_mutated_examples(name):
    reader, dice = readers()[name], random.Random(f"tests {name}")
    for raw in reader.seeds:
        reader.read(raw)
    for _ in range(INPUTS):
        raw = mutated(dice, reader)
        assert not (found := attempt(reader, raw)), (raw[:2000], found)


def test_what_a_finding_is():
    def reads(raw: bytes) -> None:
        if raw == b"good":
            return
        raise CladistError("x" * 9999) if raw == b"long" else ZeroDivisionError

    reader = Reader(reads, (b"good",))
    assert attempt(reader, b"good") == ""
    assert "9999" in attempt(reader, b"long")
    assert "ZeroDivisionError" in attempt(reader, b"bad")


TRAPS = {
    "gguf": [
        gguf([("deep", 9, struct.pack("<IQ", 9, 1) * 5000)]),
        gguf([("many", 9, struct.pack("<IQ", 8, 2**26))]),
        gguf([], [(2**63,) * 9]),
        b"GGUF" + struct.pack("<IQQ", 3, 2**26, 0),
    ],
    "assay": [
        b"[" * 50_000,
        b'name = "x"\nprobes = "mini-12"\n[method]\nencoders = 5',
        b'name = "x"\nprobes = "mini-12"\n[method]\nencoders = [{name = "alleles", weight = "x"}]',
        b'name = "x"\nprobes = "mini-12"\n[decoding]\nsamples = 0.5\n[method]\nencoders = []',
        b'name = "x"\nprobes = "' + b"a" * 5000 + b'"\n[method]\nencoders = []',
    ],
    "probes": [b"[" * 50_000, b'{"probes": [{"id": "1", "text": ""}, {"id": "1", "text": ""}]}'],
    "newick": [
        b"(a[" + b"&" * 400_000 + b"],b);",
        b"(a[" + b"&support" * 50_000 + b"],b);",
        b"(" * 50_000,
        b"[" * 50_000,
        b"(a:" + b"9" * 5000 + b");",
    ],
    "retry-after": [b"1 Jan 99999999999999 00:00:00", b"9" * 400],
}


@pytest.mark.parametrize("name", sorted(TRAPS))
def test_traps(name):
    reader = readers()[name]
    for raw in TRAPS[name]:
        assert attempt(reader, raw) == ""
