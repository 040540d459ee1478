"""Secret draws: the files they are kept in, and what they say of an assay."""

from __future__ import annotations

import json
from pathlib import Path

from cladist.core.assay import Assay, Protocol
from cladist.core.secret import Secret
from cladist.errors import InputError, UsageError

__all__ = ["drawn_from", "read_secret", "read_text"]


def read_secret(path: Path) -> Secret:
    """A secret that 'cladist statement commit' wrote; `InputError` for anything else."""
    try:
        data = json.loads(path.read_text("utf-8"))
    except OSError as problem:
        raise InputError(f"cannot read {path}: {problem.strerror or problem}") from problem
    except (ValueError, RecursionError) as problem:
        raise InputError(f"{path}: no secret of a draw ({problem!s:.80})") from None
    return Secret.from_data(data, str(path))


def read_text(path: Path) -> str:
    """A text in UTF-8; `InputError` for a file that is none."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"{path}: not a readable text in UTF-8 ({problem!s:.120})") from problem


def drawn_from(path: Path, text: Path | None, assay: Assay) -> tuple[Assay, tuple[int, ...] | None]:
    """The assay to ask by, and which of its probes, None for all.

    A draw from a pool leaves the assay and picks probes; one of passages has probes of its own.
    """
    secret = read_secret(path)
    if secret.way == "pool":
        return assay, secret.places(assay.protocol.probes)
    if text is None:
        raise UsageError("the secret draws passages: name the text they are cut from with --text")
    probes = secret.passages(read_text(text))
    return assay.on(Protocol(probes.name, probes, assay.protocol.decoding)), None
