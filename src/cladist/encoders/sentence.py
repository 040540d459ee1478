"""Any sentence-transformers model, where the optional package is installed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, get_args

import numpy as np

from cladist.core.features import DenseFeatures
from cladist.errors import AssayError, MissingExtraError, ModelError

DType = Literal["float32", "bfloat16", "float16"]


@dataclass(frozen=True)
class Sentence:
    """Vectors of a sentence-transformers model, cut to the first `dimensions` (0: all).

    Code that comes with a model is never run. Texts are padded to their batch, so vectors may
    differ in the last bits with the company they are encoded in, in float32 by about 1e-6.
    """

    model: str
    revision: str = ""
    dtype: DType = "float32"
    dimensions: int = 0
    max_tokens: int = 0
    normalize: bool = False
    batch: int = 32
    device: str = ""

    @property
    def version(self) -> str:
        """Model, revision and precision; a folder or a moving revision is as good as its name."""
        return f"sentence/1 {self.model}@{self.revision or 'main'} {self.dtype}"

    def encode(self, texts: Sequence[str]) -> DenseFeatures:
        """Vectors of n texts, float32 (n, dimensions).

        Raises `MissingExtraError` without sentence-transformers, `ModelError` when the model
        cannot be loaded, `InputError` when it returns NaN.
        """
        network = _load(self.model, self.revision, self.dtype, self.device)
        if self.max_tokens:
            network.max_seq_length = self.max_tokens
        width = self.dimensions or _width(network)
        if not texts:
            return DenseFeatures(np.zeros((0, width), dtype=np.float32))
        clean = [t.encode("utf-8", "replace").decode("utf-8") for t in texts]
        found = network.encode(
            clean, batch_size=self.batch, show_progress_bar=False, convert_to_numpy=True
        )
        values = np.asarray(found, dtype=np.float32)
        if values.shape[1] < width:
            raise AssayError(
                f"encoder 'sentence': '{self.model}' gives {values.shape[1]} coordinates, "
                f"dimensions = {width} asks for more"
            )
        values = values[:, :width]
        if self.normalize:
            norm = np.linalg.norm(values, axis=1, keepdims=True)
            values = values / np.maximum(norm, np.float32(1e-12))
        return DenseFeatures(np.ascontiguousarray(values, dtype=np.float32))


def make(
    model: str,
    revision: str = "",
    dtype: DType = "float32",
    dimensions: int = 0,
    max_tokens: int = 0,
    normalize: bool = False,
    batch: int = 32,
    device: str = "",
) -> Sentence:
    """A model by its Hub name or folder; it is loaded when it first encodes."""
    if not model:
        raise AssayError("encoder 'sentence': option 'model' is empty; name a model or a folder")
    if dtype not in get_args(DType):
        raise AssayError(f"encoder 'sentence': dtype '{dtype}'; use one of {get_args(DType)}")
    if dimensions < 0 or max_tokens < 0 or batch < 1:
        raise AssayError(
            "encoder 'sentence': dimensions and max_tokens must not be negative, "
            "batch must be at least 1"
        )
    return Sentence(model, revision, dtype, dimensions, max_tokens, bool(normalize), batch, device)


def _width(network: Any) -> int:
    # The method was renamed in sentence-transformers 5.
    ask = getattr(network, "get_embedding_dimension", None)
    return int((ask or network.get_sentence_embedding_dimension)())


@lru_cache(maxsize=1)
def _load(model: str, revision: str, dtype: str, device: str) -> Any:
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as problem:
        raise MissingExtraError("the encoder 'sentence'", "sentence") from problem
    try:
        return SentenceTransformer(
            model,
            revision=revision or None,
            device=device or None,
            trust_remote_code=False,
            model_kwargs={"dtype": dtype},
        )
    except (OSError, ValueError, RuntimeError) as problem:
        raise ModelError(
            f"encoder 'sentence': '{model}' cannot be loaded ({problem}); "
            "check the name, the revision and the connection"
        ) from problem
