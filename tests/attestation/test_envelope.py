"""Envelopes are those of the DSSE specification, and are read strictly."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cladist.attestation.envelope import PAYLOAD_TYPE, Envelope, read_envelope, seal
from cladist.errors import InputError

KEY = Ed25519PrivateKey.from_private_bytes(b"\7" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"\x08" * 32)


def test_the_encoding_of_the_specification() -> None:
    made = Envelope("http://example.com/HelloWorld", b"hello world", ())
    assert made.encoded() == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_signed_read_and_checked() -> None:
    made = seal('{"ä": 1}'.encode(), [KEY, OTHER])
    back = read_envelope(made.as_text().encode(), "e")
    assert back == made and back.payload == '{"ä": 1}'.encode()
    assert back.signed_by(KEY.public_key()) and back.signed_by(OTHER.public_key())
    other_kind = Envelope("application/other", back.payload, back.signatures)
    assert not other_kind.signed_by(KEY.public_key())


def test_what_is_not_read() -> None:
    good = json.loads(seal(b"{}", [KEY]).as_text())
    sig = good["signatures"][0]

    def with_(**more: object) -> bytes:
        return json.dumps(good | more).encode()

    for raw, words in (
        (b"{", "not readable as JSON"),
        (b"[" * 100_000, "not readable as JSON"),
        (b"\xff{}", "not readable as JSON"),
        (b"[]", "no DSSE envelope"),
        (with_(more=1), "no DSSE envelope"),
        (with_(payloadType="text/plain"), "payloadType is 'text/plain'"),
        (with_(signatures=[]), "1 to 16 signatures"),
        (with_(signatures=[sig] * 17), "1 to 16 signatures"),
        (with_(signatures=[{"sig": sig["sig"]}]), "keyid and sig alone"),
        (with_(signatures=[{**sig, "keyid": 1}]), "keyid is no text"),
        (with_(payload="e30"), "not in base64"),
        (with_(payload="e3 0="), "not in base64"),
        (with_(payload="é30="), "not in base64"),
        (with_(payload=7), "not in base64"),
        (with_(payload="e31="), "bits that mean nothing"),
        (with_().replace(b'"payload": ', b'"payload": "", "payload": '), "a key stands twice"),
    ):
        with pytest.raises(InputError, match=words):
            read_envelope(raw, "e")
    assert base64.b64decode("e31=") == base64.b64decode("e30=")  # why they are refused
    assert good["payloadType"] == PAYLOAD_TYPE
