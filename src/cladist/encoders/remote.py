"""Embeddings from an OpenAI-compatible endpoint."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cladist.core.features import DenseFeatures
from cladist.errors import AssayError, EndpointError, MissingExtraError

if TYPE_CHECKING:
    from openai import OpenAI


@dataclass(frozen=True)
class Remote:
    """Vectors of `model` at `url`, cut to the first `dimensions` (0: all).

    key_env  environment variable that holds the key ('' for none); the key itself is read when
             it is used, and never stored
    """

    url: str
    model: str
    key_env: str = ""
    dimensions: int = 0
    batch: int = 64
    timeout: float = 60.0
    retries: int = 4

    @property
    def version(self) -> str:
        """Model and address; what is behind the address cannot be known."""
        return f"remote/1 {self.model} at {self.url}"

    def encode(self, texts: Sequence[str]) -> DenseFeatures:
        """Vectors of n texts, float32 (n, d); `batch` texts a request, retried on 429 and 5xx.

        Raises `MissingExtraError` without the package openai, `EndpointError` when there is no
        usable answer, `InputError` for NaN.
        """
        if not texts:
            return DenseFeatures(np.zeros((0, self.dimensions), dtype=np.float32))
        rows: list[list[float]] = []
        with self._client() as client:
            for lo in range(0, len(texts), self.batch):
                part = texts[lo : lo + self.batch]
                clean = [t.encode("utf-8", "replace").decode("utf-8") for t in part]
                rows += self._ask(client, clean)
        width = {len(r) for r in rows}
        if len(width) != 1 or min(width) < self.dimensions:
            raise EndpointError(
                f"{self.url}: '{self.model}' gave vectors of {sorted(width)} coordinates; "
                f"needed are equal lengths of at least {self.dimensions or 1}"
            )
        values = np.asarray(rows, dtype=np.float32)
        return DenseFeatures(values[:, : self.dimensions or None])

    def _client(self) -> OpenAI:
        try:
            import openai
        except ImportError as problem:
            raise MissingExtraError("the encoder 'remote'", "openai") from problem
        key = os.environ.get(self.key_env, "") if self.key_env else "none"
        if not key:
            raise EndpointError(
                f"{self.url}: the environment variable {self.key_env} is not set; put the key "
                "of the endpoint there"
            )
        return openai.OpenAI(
            base_url=self.url, api_key=key, timeout=self.timeout, max_retries=self.retries
        )

    def _ask(self, client: OpenAI, texts: list[str]) -> list[list[float]]:
        import openai

        try:
            answer: Any = client.embeddings.create(
                model=self.model, input=texts, encoding_format="float"
            )
        except openai.AuthenticationError as problem:
            raise EndpointError(
                f"{self.url}: the key is refused; check {self.key_env or 'option key_env'}"
            ) from problem
        except openai.APIConnectionError as problem:
            raise EndpointError(
                f"{self.url}: no connection after {self.retries + 1} tries; is the server up?"
            ) from problem
        except openai.APIStatusError as problem:
            raise EndpointError(
                f"{self.url}: status {problem.status_code} for embeddings of '{self.model}'"
            ) from problem
        except (openai.OpenAIError, ValueError) as problem:
            raise EndpointError(f"{self.url}: no embeddings in the answer ({problem})") from problem
        items = getattr(answer, "data", None) or []
        found = {item.index: item.embedding for item in items}
        if sorted(found) != list(range(len(texts))):
            raise EndpointError(
                f"{self.url}: asked for {len(texts)} embeddings, got {len(items)}; "
                "lower the option 'batch'"
            )
        return [found[i] for i in range(len(texts))]


def make(
    url: str,
    model: str,
    key_env: str = "",
    dimensions: int = 0,
    batch: int = 64,
    timeout: float = 60.0,
    retries: int = 4,
) -> Remote:
    """Embeddings of `model` at `url` (the part before /embeddings, as a rule ending in /v1)."""
    if not url.startswith(("http://", "https://")):
        raise AssayError(f"encoder 'remote': url '{url}' must begin with http:// or https://")
    if "@" in url.split("//", 1)[1].split("/", 1)[0]:
        raise AssayError("encoder 'remote': the url holds a user or a key; use key_env instead")
    if not model:
        raise AssayError("encoder 'remote': option 'model' is empty")
    if dimensions < 0 or batch < 1 or timeout <= 0 or retries < 0:
        raise AssayError(
            "encoder 'remote': batch must be at least 1, timeout above 0, "
            "dimensions and retries not negative"
        )
    return Remote(url, model, key_env, dimensions, batch, float(timeout), retries)
