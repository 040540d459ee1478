"""DSSE envelopes: a text, its type, and signatures over both (the in-toto project's format).

What is signed is the pre-authentication encoding of type and payload, so that a payload can never
be taken for one of another type. An envelope is read strictly: what could be written in two ways is
refused, so that the same signature never stands for two files.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cladist.attestation.keys import key_id
from cladist.errors import InputError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

__all__ = ["PAYLOAD_TYPE", "Envelope", "Signature", "read_envelope", "seal", "strict_json"]

PAYLOAD_TYPE = "application/vnd.in-toto+json"
MOST_SIGNATURES = 16


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature, and the id of the key that it names."""

    key: str
    raw: bytes


@dataclass(frozen=True)
class Envelope:
    """A payload with its type and signatures."""

    type: str
    payload: bytes
    signatures: tuple[Signature, ...]

    def encoded(self) -> bytes:
        """What is signed (DSSE's pre-authentication encoding)."""
        kind = self.type.encode()
        return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(self.payload), self.payload)

    def as_text(self) -> str:
        """The JSON text of the envelope."""
        signatures = [{"keyid": s.key, "sig": _base64(s.raw)} for s in self.signatures]
        data = {
            "payloadType": self.type, "payload": _base64(self.payload), "signatures": signatures,
        }  # fmt: skip
        return json.dumps(data, indent=1) + "\n"

    def signed_by(self, key: Ed25519PublicKey) -> bool:
        """Whether any of the signatures is that of `key`, whatever key it names."""
        from cryptography.exceptions import InvalidSignature

        for signature in self.signatures:
            try:
                key.verify(signature.raw, self.encoded())
            except InvalidSignature:
                continue
            return True
        return False


def seal(payload: bytes, keys: Sequence[Ed25519PrivateKey]) -> Envelope:
    """Sign a payload with one key or several.

    Examples
    --------
    >>> from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    >>> key = Ed25519PrivateKey.generate()
    >>> seal(b"{}", [key]).signed_by(key.public_key())
    True
    """
    bare = Envelope(PAYLOAD_TYPE, payload, ())
    signed = tuple(Signature(key_id(k.public_key()), k.sign(bare.encoded())) for k in keys)
    return Envelope(PAYLOAD_TYPE, payload, signed)


def read_envelope(raw: bytes, where: str) -> Envelope:
    """Read an envelope; `InputError` names what is wrong with it, and signatures are not checked.

    `where` names the file in messages.
    """
    data = strict_json(raw, where)
    if not isinstance(data, dict) or set(data) != {"payloadType", "payload", "signatures"}:
        raise InputError(
            f"{where}: no DSSE envelope; that has payloadType, payload and signatures alone"
        )
    signatures = data["signatures"]
    if not isinstance(signatures, list) or not 0 < len(signatures) <= MOST_SIGNATURES:
        raise InputError(f"{where}: an envelope has 1 to {MOST_SIGNATURES} signatures")
    if data["payloadType"] != PAYLOAD_TYPE:
        raise InputError(
            f"{where}: payloadType is {data['payloadType']!r:.60}, a statement has {PAYLOAD_TYPE}"
        )
    found = []
    for one in signatures:
        if not isinstance(one, dict) or set(one) != {"keyid", "sig"}:
            raise InputError(f"{where}: a signature has keyid and sig alone")
        if not isinstance(one["keyid"], str):
            raise InputError(f"{where}: keyid is no text")
        found.append(Signature(one["keyid"], _bytes(one["sig"], f"{where}: sig")))
    return Envelope(PAYLOAD_TYPE, _bytes(data["payload"], f"{where}: payload"), tuple(found))


def strict_json(raw: bytes, where: str) -> Any:
    """JSON in UTF-8 in which no key stands twice and no number is NaN; else `InputError`."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            raise ValueError("a key stands twice")
        return made

    def never(word: str) -> Any:
        raise ValueError(f"{word} is no number")

    try:
        return json.loads(raw.decode("utf-8"), object_pairs_hook=once, parse_constant=never)
    except (ValueError, RecursionError) as problem:
        raise InputError(f"{where}: not readable as JSON ({problem!s:.120})") from None


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _bytes(value: object, where: str) -> bytes:
    try:
        raw = base64.b64decode(value.encode("ascii"), validate=True)  # type: ignore[attr-defined]
    except (AttributeError, UnicodeEncodeError, binascii.Error, ValueError):
        raise InputError(f"{where} is not in base64") from None
    if _base64(raw) != value:
        raise InputError(f"{where} is base64 with bits that mean nothing; it was changed")
    return raw
