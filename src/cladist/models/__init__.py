"""Where responses come from: one file a backend, looked up by URI scheme, imported lazily."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

from cladist.errors import UsageError
from cladist.models.base import Identity, Model, ModelURI, Request, parse_uri
from cladist.models.disguise import disguised

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["SCHEMES", "Identity", "Model", "ModelURI", "Request", "open_model", "parse_uri"]

SCHEMES: dict[str, str] = {
    "gguf": "cladist.models.llamacpp",
    "builtin": "cladist.models.builtin",
    "hf": "cladist.models.transformers",
    "openai": "cladist.models.openai",
    "vllm": "cladist.models.vllm",
    "simulated": "cladist.models.simulated",
}
"""URI scheme -> module with a function `open_uri(uri: ModelURI) -> Model`."""


THREADED = ("builtin", "gguf")
"""Schemes whose engine runs here on as many threads as it is told; answers are the same."""


def open_model(text: str, threads: int = 1) -> Model:
    """Open the model that a URI names, on so many threads where the URI does not say how many.

    Raises `UsageError` for an unknown scheme or option, `MissingExtraError` when the backend's
    package is not installed, `ModelError` when the model cannot be loaded.
    """
    uri = parse_uri(text)
    if uri.scheme not in SCHEMES:
        raise UsageError(
            f"'{text}': unknown scheme '{uri.scheme}'; known are {', '.join(sorted(SCHEMES))}"
        )
    if uri.scheme in THREADED:
        uri = replace(uri, options={"threads": str(threads), **uri.options})
    module: ModuleType = import_module(SCHEMES[uri.scheme])
    model: Model = module.open_uri(uri)
    return disguised(model, uri)
