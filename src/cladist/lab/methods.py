"""Similarities between all models by every method that is compared, larger for closer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cladist.core.assay import Assay
from cladist.core.dna import DNA
from cladist.core.optional import needed
from cladist.core.progress import Progress, silent
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
OURS_ALL_SAMPLES = "cladist compare kinship on all samples of PhyloLM"
OURS_QUESTIONS = "cladist compare kinship on RepTrace's questions"
QUESTIONS_ALONE = "cladist on RepTrace's questions, tokenizer left out"
ALONE = "cladist, tokenizer left out"
DNA_COSINE = "cladist DNA, centred cosine"
REPTRACE = "RepTrace (Euclidean)"
REPTRACE_CENTRED = "RepTrace, centred cosine"
PHYLOLM = "PhyloLM (Nei)"
TFIDF = "TF-IDF, centred cosine"
TFIDF_QUESTIONS = "TF-IDF, centred cosine, on RepTrace's questions"
FUNCTION = "next-byte distributions (white box)"
WEIGHTS = "weights (white box, upper bound)"


def similarities(
    root: Path,
    registry: Registry,
    assays: Sequence[Assay],
    names: Sequence[str],
    progress: Progress = silent,
) -> dict[str, Floats]:
    """Similarities float64 (n, n) by method, over `names` in their order."""
    ours, phylolm, reptrace = assays
    answers = list(registry.responses(ours.protocol, names))
    samples = list(registry.responses(phylolm.protocol, names))
    questions = list(registry.responses(reptrace.protocol, names))
    evidence, told = kinship_similarity(answers), kinship_similarity(questions)
    texts = vectors(registry.dnas(reptrace, names))
    made: dict[str, Callable[[], Floats]] = {
        OURS: lambda: evidence.combined,
        OURS_SAMPLED: lambda: kinship_similarity([first_samples(r) for r in samples]).combined,
        OURS_ALL_SAMPLES: lambda: kinship_similarity(samples).combined,
        OURS_QUESTIONS: lambda: told.combined,
        QUESTIONS_ALONE: lambda: told.channels["wording"],
        ALONE: lambda: evidence.channels["wording"],
        DNA_COSINE: lambda: centred_cosine(vectors(registry.dnas(ours, names))),
        REPTRACE: lambda: -euclidean(texts),
        REPTRACE_CENTRED: lambda: centred_cosine(texts),
        PHYLOLM: lambda: np.asarray(
            nei_similarities([represent(r, phylolm.method) for r in samples]), np.float64
        ),
        TFIDF: lambda: tfidf(answers),
        TFIDF_QUESTIONS: lambda: tfidf(questions),
        FUNCTION: lambda: -functional_distances(functions_of(root, names)),
        WEIGHTS: lambda: weight_similarities([_sketch(root, n) for n in names]),
    }
    out = {}
    for done, (method, similarity) in enumerate(made.items()):
        progress("likeness by each method", done, len(made))
        out[method] = similarity()
    progress("likeness by each method", len(made), len(made))
    return out


def first_samples(answers: ResponseSet) -> ResponseSet:
    """The same with the first usable sample of each probe alone, as if it had been asked once."""
    slots = tuple(tuple(r for r in slot if r.usable)[:1] for slot in answers.slots)
    return ResponseSet(answers.model, answers.probe_ids, slots)


def functions_of(root: Path, names: Sequence[str]) -> NDArray[np.float32]:
    """Next-byte distributions of models, float32 (n, prompts, 256)."""
    out = []
    for name in names:
        with np.load(root / INSIDE / f"{name}.npz", allow_pickle=False) as found:
            out.append(found["functions"])
    return np.stack(out)


def _sketch(root: Path, name: str) -> dict[str, NDArray[np.float32]]:
    with np.load(root / INSIDE / f"{name}.npz", allow_pickle=False) as found:
        return {k: found[k] for k in found.files if k != "functions"}


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
