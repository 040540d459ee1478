"""A case, signed, with everything it rests on, as a pack."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cladist.attestation.case import Case
from cladist.attestation.cases import recompute
from cladist.attestation.comparing import differences
from cladist.attestation.envelope import seal
from cladist.attestation.keys import public_pem
from cladist.attestation.pack import ENVELOPE, SIGNER, write_pack
from cladist.attestation.stated import payload_of
from cladist.errors import InputError, UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["now", "write_statement"]


def now() -> str:
    """The time as statements have it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def write_statement(
    path: Path, case: Case, keys: Sequence[Ed25519PrivateKey], created: str = ""
) -> None:
    """Sign a case and write its pack.

    The verdict is computed again from the files of the pack before anything is signed. Raises
    `InputError` where that gives another one, or where the pack cannot be written; `UsageError`
    where `path` is taken or there is no key.

    Examples
    --------
    >>> write_statement(Path("verdict.zip"), case, [load_private(key)])  # doctest: +SKIP
    """
    if not keys:
        raise UsageError("a statement needs a key that signs it")
    again = recompute(case.kind, case.question, case.files, case.result)
    apart = differences(case.result, again)
    if apart.real:
        raise InputError(
            f"{path}: from the files of the pack another verdict follows ({apart.real[0]}); "
            "nothing was signed"
        )
    envelope = seal(payload_of(case, created or now()), keys)
    files = {
        ENVELOPE: envelope.as_text().encode("ascii"),
        SIGNER: public_pem(keys[0].public_key()),
        **case.files,
    }
    write_pack(path, files)
