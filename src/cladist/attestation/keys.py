"""Keys that sign: Ed25519, made by their owner with a command of its own, and never otherwise.

A private key is a PKCS #8 file in PEM, encrypted where a passphrase is given, that its owner alone
may read. Beside it stands the public key, which may go to everybody. Nothing here logs or prints a
private key or a passphrase.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from cladist.errors import InputError, MissingExtraError, UsageError
from cladist.formats.files import write_new

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

__all__ = ["key_id", "load_private", "load_public", "make_key", "public_file", "read_public"]

LARGEST = 64 << 10
"""Bytes of a key file that are read."""


def public_file(path: Path) -> Path:
    """Where the public key of a private one stands: the same name with .pub.pem at its end."""
    return path.with_name(path.name.removesuffix(".pem") + ".pub.pem")


def make_key(path: Path, passphrase: bytes = b"") -> str:
    """Make a key pair: the private key at `path`, the public one beside it. Returns its id.

    Raises `UsageError` where either file is there already, as a key that is lost cannot be made
    again, and `InputError` where they cannot be written; nothing is left behind then.

    Examples
    --------
    >>> make_key(Path("auditor.pem"), b"a long passphrase")  # doctest: +SKIP
    'sha256:5d41...'
    """
    _crypto()
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    public = public_file(path)
    for taken in (path, public):
        if taken.exists() or taken.is_symlink():
            raise UsageError(
                f"{taken} exists already, and keys are never overwritten; name another"
            )
    key = Ed25519PrivateKey.generate()
    guard = s.BestAvailableEncryption(passphrase) if passphrase else s.NoEncryption()
    secret = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, guard)
    write_new(path, secret, 0o600)
    try:
        write_new(public, public_pem(key.public_key()), 0o644)
    except InputError:
        path.unlink(missing_ok=True)
        raise
    return key_id(key.public_key())


def load_private(path: Path, passphrase: bytes = b"") -> Ed25519PrivateKey:
    """Read a private key.

    Raises `InputError` for a file that is no Ed25519 key in PEM, that others than its owner may
    read, or that the passphrase does not open.
    """
    _crypto()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    raw = _read(path)
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise InputError(
            f"{path} may be read by others than its owner, so whatever it signs may be theirs; "
            f"run: chmod 600 {path}"
        )
    try:
        key = load_pem_private_key(raw, passphrase or None)
    except TypeError as problem:
        encrypted = "password was not given" in str(problem).lower()
        told = "it is encrypted; give its passphrase" if encrypted else "it is not encrypted"
        raise InputError(f"{path}: {told}") from None
    except (ValueError, UnsupportedAlgorithm):
        why = "the passphrase does not open it, or " if passphrase else ""
        raise InputError(f"{path}: {why}it is no private key in PEM") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError(f"{path}: a private key, but not of Ed25519; make one for cladist")
    return key


def load_public(path: Path) -> Ed25519PublicKey:
    """Read a public key in PEM; `InputError` for a file that is none, or a private one."""
    return read_public(_read(path), str(path))


def read_public(raw: bytes, where: str) -> Ed25519PublicKey:
    """The public key in PEM text; `where` names it in the `InputError` for what is none."""
    _crypto()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    if b"PRIVATE KEY" in raw:
        raise InputError(f"{where} holds a private key; the public one ends in .pub.pem")
    try:
        key = load_pem_public_key(raw)
    except (ValueError, UnsupportedAlgorithm):
        raise InputError(f"{where}: no public key in PEM") from None
    if not isinstance(key, Ed25519PublicKey):
        raise InputError(f"{where}: a public key, but not of Ed25519")
    return key


def public_pem(key: Ed25519PublicKey) -> bytes:
    """A public key as PEM text."""
    from cryptography.hazmat.primitives import serialization as s

    return key.public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)


def key_id(key: Ed25519PublicKey) -> str:
    """What a public key is called: 'sha256:' and the hash of its DER form."""
    from cryptography.hazmat.primitives import serialization as s

    der = key.public_bytes(s.Encoding.DER, s.PublicFormat.SubjectPublicKeyInfo)
    return "sha256:" + hashlib.sha256(der).hexdigest()


def _crypto() -> None:
    try:
        import cryptography  # noqa: F401
    except ImportError:
        raise MissingExtraError("signing and checking statements", "signing") from None


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as problem:
        raise InputError(f"cannot read {path}: {problem.strerror or problem}") from problem
    if len(raw) > LARGEST:
        raise InputError(f"{path} is too large for a key")
    return raw
