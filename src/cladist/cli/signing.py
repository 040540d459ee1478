"""What commands share that can write their verdict as a signed statement."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cladist.cli.common import note

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from cladist.attestation.case import Case

VARIABLE = "CLADIST_KEY_PASSPHRASE"
"""Environment variable that a passphrase is read from; else it is asked for at a terminal."""

StatementOption = Annotated[
    Path | None,
    typer.Option(
        "--statement",
        help="Write the verdict as a signed statement with all it rests on: a .zip file or a "
        "folder that 'cladist verify-statement' checks. Needs --key.",
    ),
]
KeyOption = Annotated[
    Path | None,
    typer.Option("--key", help="Private key that signs ('cladist statement key' makes one)."),
]


@dataclass(frozen=True)
class Signer:
    """A key that is open, and where the pack goes."""

    path: Path
    key: Ed25519PrivateKey

    def write(self, case: Case) -> None:
        """Sign, write, and say so."""
        from cladist.attestation.keys import key_id
        from cladist.attestation.writing import write_statement

        write_statement(self.path, case, [self.key])
        note(f"wrote a signed statement to {self.path}, by {key_id(self.key.public_key())}")


def signer(statement: Path | None, key: Path | None) -> Signer | None:
    """What signs a statement, None where none is wanted; opened before anything else is done."""
    from cladist.attestation.keys import load_private
    from cladist.errors import UsageError

    if (statement is None) != (key is None):
        raise UsageError("--statement and --key go together: where to write, and who signs")
    if statement is None or key is None:
        return None
    if statement.exists():
        raise UsageError(f"{statement} exists already; name another place for the statement")
    if not statement.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {statement.parent} to write {statement.name} into")
    return Signer(statement, load_private(key, passphrase_for(key)))


def passphrase_for(path: Path) -> bytes:
    """The passphrase of a private key, b'' for one that is not encrypted; never shown or kept."""
    from cladist.errors import InputError

    try:
        encrypted = b"ENCRYPTED" in path.read_bytes()[:200]
    except OSError as problem:
        raise InputError(f"cannot read {path}: {problem.strerror or problem}") from problem
    return passphrase(f"Passphrase of {path}") if encrypted else b""


def passphrase(prompt: str, *, twice: bool = False) -> bytes:
    """From the environment, or asked for at a terminal; `UsageError` where neither is there."""
    import sys

    from cladist.errors import UsageError

    given = os.environ.get(VARIABLE)
    if given is not None:
        return given.encode()
    if not sys.stdin.isatty():
        raise UsageError(
            f"a passphrase is needed, and there is no terminal to ask at: put it into {VARIABLE}"
        )
    found: str = typer.prompt(
        prompt, hide_input=True, confirmation_prompt=twice, default="", show_default=False, err=True
    )
    return found.encode()
