"""All hashing: plain data to a stable identity, texts and files to digests, words well mixed.

Identities of assays, protocols, models and DNAs rest on these functions: what they give for the
same data never changes.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Words = NDArray[np.uint64]

__all__ = [
    "GOLDEN",
    "bytes_digest",
    "canonical_json",
    "digest",
    "file_digest",
    "key64",
    "mix64",
    "mixed_words",
    "text_digest",
]

GOLDEN = 0x9E3779B97F4A7C15
"""2**64 over the golden ratio, odd: the increment of SplitMix64 (Steele et al., 2014)."""
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_MASK = 0xFFFFFFFFFFFFFFFF


def canonical_json(value: Any) -> str:
    """Compact JSON with sorted keys, the same text for the same data on every machine."""
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def digest(value: Any) -> str:
    """SHA-256 (64 hex digits) of the canonical JSON of `value`."""
    return text_digest(canonical_json(value))


def text_digest(text: str) -> str:
    """SHA-256 (64 hex digits) of a text in UTF-8; lone surrogates are kept apart.

    >>> text_digest("")[:8]
    'e3b0c442'
    """
    return bytes_digest(text.encode("utf-8", "surrogatepass"))


def bytes_digest(raw: bytes) -> str:
    """SHA-256 (64 hex digits) of bytes."""
    return hashlib.sha256(raw).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 (64 hex digits) of a file, streamed; about 1 s a gigabyte. Raises `OSError`."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def mix64(value: int) -> int:
    """SplitMix64's finaliser: a well-mixed 64-bit word from any integer.

    >>> hex(mix64(0))
    '0xe220a8397b1dcdaf'
    """
    z = (value + GOLDEN) & _MASK
    z = ((z ^ (z >> 30)) * _FIRST) & _MASK
    z = ((z ^ (z >> 27)) * _SECOND) & _MASK
    return z ^ (z >> 31)


def mixed_words(words: Words) -> Words:
    """`mix64` of every word of an array of uint64, in a new array of the same shape.

    >>> import numpy as np
    >>> [hex(w) for w in mixed_words(np.array([0, 1], np.uint64))] == [hex(mix64(0)), hex(mix64(1))]
    True
    """
    import numpy as np

    z = words + np.uint64(GOLDEN)
    z ^= z >> np.uint64(30)
    z *= np.uint64(_FIRST)
    z ^= z >> np.uint64(27)
    z *= np.uint64(_SECOND)
    z ^= z >> np.uint64(31)
    return z


def key64(text: str) -> int:
    """64-bit key of a string, from BLAKE2b; the same on every machine and Python version."""
    raw = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(raw, "little")
