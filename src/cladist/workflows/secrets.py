"""Secret draws: the files they are kept in, and what they say of an assay."""

from __future__ import annotations

import json
from pathlib import Path

from cladist import catalog
from cladist.compare import resolve_assay
from cladist.core.assay import Assay, Protocol
from cladist.core.probes import ProbeSet
from cladist.core.secret import Secret
from cladist.errors import InputError, UsageError
from cladist.references.installed import find
from cladist.registry import Registry

__all__ = ["drawn_by", "drawn_from", "pool_of", "prompts_to_ask", "read_secret", "read_text"]


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


def pool_of(registry: Path | None, assay: str, reference: str = "") -> ProbeSet:
    """The probes to draw from: an installed reference's, or an assay's, of a registry or known.

    Raises `UsageError` for a reference or an assay that is not there.
    """
    if reference:
        return find(reference).assay().protocol.probes
    if registry is None:
        return catalog.assay(assay or catalog.DEFAULT_ASSAY).protocol.probes
    with Registry.open(registry, create=False) as store:
        return resolve_assay(store, assay).protocol.probes


def prompts_to_ask(most: int, path: Path | None) -> int | Secret:
    """How many prompts are asked at most, or the secret in a file that draws them.

    Raises `UsageError` for both: a draw says how many.
    """
    if path is None:
        return most
    if most:
        raise UsageError("--secret draws so many prompts as it was made for; leave --probes")
    return read_secret(path)


def drawn_by(path: Path | None, asked: str) -> tuple[str, Secret] | None:
    """A model, and the secret in a file by which it was asked; None where neither is named."""
    if (path is None) != (not asked):
        raise UsageError("--secret and --asked go together: the draw, and the model asked by it")
    return None if path is None else (asked, read_secret(path))


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
