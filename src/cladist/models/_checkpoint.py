"""Which checkpoint a URI means: a local folder, or a name on the Hugging Face Hub at a commit."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cladist.errors import MissingExtraError, ModelError
from cladist.models.base import ModelURI

_READ = (".json", ".safetensors", ".model", ".txt", ".jinja", ".gguf")


@dataclass(frozen=True)
class Checkpoint:
    """A pinned checkpoint.

    source       folder, or org/name on the Hub
    revision     commit hash on the Hub, None for a folder
    fingerprint  the commit with the name, or a hash of the folder's files
    """

    name: str
    source: str
    revision: str | None
    fingerprint: str


def resolve(uri: ModelURI, extra: str) -> Checkpoint:
    """Find the checkpoint of `uri`; a Hub name without '@revision' means 'main', pinned now.

    Raises `ModelError` when it is not there, the Hub cannot be reached and has not been before,
    or the weights are pickles only.
    """
    folder = Path(uri.target).expanduser()
    if folder.is_dir():
        return _local(folder, uri.option("gguf_file"))
    if uri.target.startswith((".", "/", "~")) or uri.target.count("/") > 1:
        raise ModelError(f"'{uri.target}': there is no such folder; check the path")
    return _hub(uri.target, uri.option("gguf_file"), extra)


def _local(folder: Path, gguf_file: str) -> Checkpoint:
    files = sorted(f for f in folder.iterdir() if f.is_file() and f.suffix in _READ)
    if gguf_file:
        files = [folder / gguf_file]
        if not files[0].is_file():
            raise ModelError(f"'{folder}' holds no file '{gguf_file}'; check gguf_file=")
    elif not any(f.suffix == ".safetensors" for f in files):
        pickles = sorted(f.name for f in folder.glob("*.bin"))
        raise ModelError(
            f"'{folder}' holds no .safetensors file"
            + (
                f"; {pickles[0]} is a pickle, which can run code when it is loaded: "
                "convert it to safetensors"
                if pickles
                else "; give the folder of a saved model, or gguf_file="
            )
        )
    total = hashlib.sha256()
    try:
        for file in files:
            with file.open("rb") as stream:
                content = hashlib.file_digest(stream, "sha256").hexdigest()
            total.update(f"{file.name}\0{content}\n".encode())
    except OSError as error:
        raise ModelError(f"'{folder}' cannot be read: {error}") from error
    # The folder's name is no part of what the model is: a copy elsewhere is the same model.
    return Checkpoint(folder.resolve().name, str(folder), None, f"sha256:{total.hexdigest()}")


def _hub(target: str, gguf_file: str, extra: str) -> Checkpoint:
    try:
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError
    except ImportError as error:
        raise MissingExtraError(f"Loading '{target}' from the Hugging Face Hub", extra) from error
    name, _, revision = target.partition("@")
    try:
        # The cache keeps files under .../snapshots/COMMIT/, so this works without a connection
        # once the model has been used.
        with _silent_hub():
            found = hf_hub_download(name, gguf_file or "config.json", revision=revision or None)
    except (HfHubHTTPError, HFValidationError, OSError, ValueError) as error:
        raise ModelError(
            f"'{target}' was not found on the Hugging Face Hub, nor in its local cache "
            f"({type(error).__name__}). Check the name and the revision; a gated model needs "
            "HF_TOKEN; without a connection give a local folder: hf:/path/to/model"
        ) from error
    commit = Path(found).parent.name
    fingerprint = f"hub:{name}@{commit}" + (f"/{gguf_file}" if gguf_file else "")
    return Checkpoint(name.rpartition("/")[2], name, commit, fingerprint)


@contextmanager
def _silent_hub() -> Iterator[None]:
    """No lines about retries: what came of them is in the error."""
    log = logging.getLogger("huggingface_hub")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)
