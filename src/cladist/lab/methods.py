"""Similarities between all models by every method that is compared, larger for closer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cladist.core.assay import Assay
from cladist.core.dna import DNA
from cladist.core.optional import needed
from cladist.core.responses import ResponseSet
from cladist.encoders import represent
from cladist.kinship.evidence.similarity import kinship_similarity
from cladist.kinship.nei import nei_similarities
from cladist.lab.asking import INSIDE
from cladist.lab.inside import functional_distances, weight_similarities
from cladist.registry import Registry

with needed("Scoring the lab", "lab"):
    from sklearn.feature_extraction.text import TfidfVectorizer

Floats = NDArray[np.float64]

OURS = "cladist compare kinship"
OURS_SAMPLED = "cladist compare kinship on the first samples of PhyloLM"
ALONE = "cladist, tokenizer left out"
DNA_COSINE = "cladist DNA, centred cosine"
REPTRACE = "RepTrace (Euclidean)"
REPTRACE_CENTRED = "RepTrace, centred cosine"
PHYLOLM = "PhyloLM (Nei)"
TFIDF = "TF-IDF, centred cosine"
FUNCTION = "next-byte distributions (white box)"
WEIGHTS = "weights (white box, upper bound)"


def similarities(
    root: Path, registry: Registry, assays: Sequence[Assay], names: Sequence[str]
) -> dict[str, Floats]:
    """Similarities float64 (n, n) by method, over `names` in their order."""
    ours, phylolm, reptrace = assays
    answers = list(registry.responses(ours.protocol, names))
    evidence = kinship_similarity(answers)
    samples = list(registry.responses(phylolm.protocol, names))
    genes = [represent(r, phylolm.method) for r in samples]
    sketches, functions = [], []
    for name in names:
        with np.load(root / INSIDE / f"{name}.npz", allow_pickle=False) as found:
            functions.append(found["functions"])
            sketches.append({k: found[k] for k in found.files if k != "functions"})
    texts = vectors(registry.dnas(reptrace, names))
    return {
        OURS: evidence.combined,
        OURS_SAMPLED: kinship_similarity(samples).combined,
        ALONE: evidence.channels["wording"],
        DNA_COSINE: centred_cosine(vectors(registry.dnas(ours, names))),
        REPTRACE: -euclidean(texts),
        REPTRACE_CENTRED: centred_cosine(texts),
        PHYLOLM: np.asarray(nei_similarities(genes), np.float64),
        TFIDF: tfidf(answers),
        FUNCTION: -functional_distances(np.stack(functions)),
        WEIGHTS: weight_similarities(sketches),
    }


def vectors(dnas: Sequence[DNA]) -> Floats:
    """DNA vectors, float64 (n, L)."""
    return np.stack([d.vector for d in dnas]).astype(np.float64)


def euclidean(x: Floats) -> Floats:
    """Distances between rows, float64 (n, n)."""
    gram = x @ x.T
    own = np.diagonal(gram)
    return np.asarray(np.sqrt(np.maximum(own[:, None] + own - 2 * gram, 0.0)))


def centred_cosine(x: Floats) -> Floats:
    """Cosines between rows after the mean row is taken off."""
    x = x - x.mean(axis=0)
    x = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    return np.asarray(x @ x.T)


def tfidf(answers: Sequence[ResponseSet]) -> Floats:
    """Character 1-3-grams of all answers together, centred cosine."""
    texts = ["\n".join(t or "" for t in a.texts()) for a in answers]
    found = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True)
    return centred_cosine(np.asarray(found.fit_transform(texts).toarray(), np.float64))
