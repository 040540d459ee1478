"""One module hashes, and what it gives never changes: identities of DNAs rest on it."""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path

import numpy as np

import cladist
from cladist.core import hashing

ROOT = Path(cladist.__file__).parent


def test_words_are_those_of_splitmix64() -> None:
    # The first outputs of SplitMix64 with seed 1234567, as published with its reference code.
    state, found = 1234567, []
    for _ in range(5):
        found.append(hashing.mix64(state))
        state += hashing.GOLDEN
    assert found == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_arrays_and_numbers_are_mixed_alike() -> None:
    words = np.random.default_rng(0).integers(0, 2**64, 1000, np.uint64)
    before = words.copy()
    assert hashing.mixed_words(words).tolist() == [hashing.mix64(int(w)) for w in words]
    assert (words == before).all()


def test_digests_are_plain_sha256(tmp_path: Path) -> None:
    raw = "größer \ud800".encode("utf-8", "surrogatepass")
    (tmp_path / "f").write_bytes(raw)
    found = hashlib.sha256(raw).hexdigest()
    assert hashing.text_digest("größer \ud800") == hashing.bytes_digest(raw) == found
    assert hashing.file_digest(tmp_path / "f") == found
    assert hashing.digest({"b": 1, "a": [None]}) == hashing.text_digest('{"a":[null],"b":1}')
    assert hashing.key64("cladist") == int.from_bytes(
        hashlib.blake2b(b"cladist", digest_size=8).digest(), "little"
    )


def test_nobody_else_has_the_constants() -> None:
    mixing = {hashing.GOLDEN, hashing._FIRST, hashing._SECOND}
    for file in ROOT.rglob("*.py"):
        if file.name == "hashing.py":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.Constant) and node.value in mixing), file
