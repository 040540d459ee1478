"""Questions as numbers: what a router knows about one before it is answered."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist.apply.checks import AskingEstimator
from cladist.core.optional import needed
from cladist.errors import InputError

with needed("Predicting and routing", "learn"):
    from sklearn.decomposition import PCA
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.random_projection import GaussianRandomProjection

__all__ = ["QuestionFeatures", "Questions", "lexical_vectors"]

Floats = NDArray[np.float64]
_NUMBER = re.compile(r"\d[\d,]*\.?\d*")
_WIDTH = 256


@dataclass(frozen=True, eq=False)
class Questions:
    """q questions: their texts, and a vector each, float (q, v), from any one encoder."""

    texts: tuple[str, ...]
    vectors: NDArray[Any]

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.texts):
            raise InputError(
                f"vectors of shape {self.vectors.shape} for {len(self.texts)} questions"
            )
        if not np.isfinite(self.vectors).all():
            raise InputError("vectors of questions hold NaN or infinity")

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: NDArray[np.int64]) -> Questions:
        """Some of the questions, by number."""
        return Questions(tuple(self.texts[int(i)] for i in rows), self.vectors[rows])


def lexical_vectors(texts: Sequence[str]) -> Floats:
    """Vectors without an encoder, float64 (q, 256) of norm 1: hashed words, projected.

    A fixed function of each text. Words alone know no synonyms: a sentence encoder does better.
    """
    hashed = HashingVectorizer(n_features=1 << 14, alternate_sign=False).transform(texts)
    matrix = GaussianRandomProjection(_WIDTH, random_state=0).fit_transform(hashed)
    norm = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.asarray(matrix / np.maximum(norm, 1e-12))


class QuestionFeatures(AskingEstimator):
    """A constant, surface features, principal components, and how easy near questions were.

    components  principal components of the vectors
    neighbours  past questions whose mean record tells how easy a question's surroundings are

    All but the constant have mean 0 and spread 1 on the questions learnt from, within -3 to 3.
    """

    def __init__(self, components: int = 6, neighbours: int = 40, seed: int = 0) -> None:
        self.components = components
        self.neighbours = neighbours
        self.seed = seed

    def fit(self, questions: Questions, easiness: Floats) -> QuestionFeatures:
        """Learn from q past questions and the mean record of each, (q,).

        Raises `InputError` for fewer than ten questions.
        """
        if len(questions) < 10 or easiness.shape != (len(questions),):
            raise InputError(
                f"{len(questions)} questions with records are too few to learn from; take 10"
            )
        vectors = np.asarray(questions.vectors, np.float64)
        count = min(self.components, vectors.shape[1], len(vectors) - 1)
        self.pca_ = PCA(count, random_state=self.seed).fit(vectors)
        self.vectors_, self.easiness_ = _unit(vectors), np.asarray(easiness, np.float64)
        raw = self._raw(questions, own=True)
        self.mean_ = raw.mean(0)
        spread = raw.std(0)
        self.spread_ = np.where(spread > 1e-9, spread, np.inf)
        return self

    def transform(self, questions: Questions) -> Floats:
        """Features of m questions, float64 (m, 1 + d)."""
        return self._finish(self._raw(questions, own=False))

    def fit_transform(self, questions: Questions, easiness: Floats) -> Floats:
        """`fit`, and features of the same questions, each without its own record."""
        self.fit(questions, easiness)
        return self._finish(self._raw(questions, own=True))

    def _finish(self, raw: Floats) -> Floats:
        scaled = np.clip((raw - self.mean_) / self.spread_, -3, 3)
        return np.column_stack([np.ones(len(raw)), scaled])

    def _raw(self, questions: Questions, *, own: bool) -> Floats:
        vectors = np.asarray(questions.vectors, np.float64)
        if vectors.shape[1] != self.vectors_.shape[1]:
            raise InputError(
                f"questions have vectors of {vectors.shape[1]} numbers, those learnt from had "
                f"{self.vectors_.shape[1]}; use the same encoder"
            )
        near = _unit(vectors) @ self.vectors_.T
        if own:
            np.fill_diagonal(near, -np.inf)
        count = min(self.neighbours, len(self.easiness_) - 1)
        nearest = np.argpartition(-near, count - 1, axis=1)[:, :count]
        easy = self.easiness_[nearest].mean(1)
        surface = np.array([_surface(t) for t in questions.texts])
        return np.column_stack([surface, self.pca_.transform(vectors), easy])


def _surface(text: str) -> list[float]:
    numbers = [float(x.replace(",", "")) for x in _NUMBER.findall(text)]
    return [
        float(np.log1p(len(text))),
        float(np.log1p(len(text.split()))),
        len(numbers) ** 0.5,
        float(np.log1p(max(numbers, default=0.0))),
        float("%" in text),
        float("/" in text),
        text.count(".") ** 0.5,
    ]


def _unit(vectors: Floats) -> Floats:
    norm = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norm, 1e-12))
