"""Features of a registry's models for predicting scores and routing, and vectors of questions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from cladist.apply.behaviour import FeatureTable, behaviour_table, distance_table, read_answers
from cladist.apply.questions import Questions, lexical_vectors
from cladist.compare import distances
from cladist.core.assay import Assay
from cladist.core.progress import Progress, silent
from cladist.encoders.embedded import open as open_embedded
from cladist.errors import InputError, MissingExtraError, UsageError
from cladist.registry import Registry

__all__ = ["model_features", "question_vectors"]

CHUNK = 64
"""Questions encoded between two reports of progress."""


def model_features(
    registry: Registry,
    assay: Assay,
    *,
    metric: str | None = None,
    answers: bool = True,
    progress: Progress = silent,
) -> FeatureTable:
    """Features of all models that have a DNA by an assay, in order of arrival.

    Rows of distances by the assay's metric (or `metric`); with `answers`, also how the models
    write, which words they use, and with whom they agree (`apply.behaviour.behaviour_table`).
    No right answer and no score is used. Raises `InputError` for fewer than three models.
    """
    names = [d.model for d in registry.dnas(assay)]
    if len(names) < 3:
        raise InputError(
            f"{len(names)} models with a DNA by {assay.short} are too few to compare; extract or "
            "import three at least"
        )
    table = distance_table(distances(registry, assay, names, metric))
    if not answers:
        return table
    read = read_answers(list(registry.responses(assay.protocol, names)), progress)
    return table.beside(behaviour_table(read))


def question_vectors(
    texts: Sequence[str],
    encoder: Literal["auto", "embedded", "lexical"] | str = "auto",
    progress: Progress = silent,
) -> tuple[Questions, str]:
    """Questions with a vector each, and the encoder that made them.

    'embedded' is the bundled sentence encoder (`MissingExtraError` without it), 'lexical' hashed
    words, 'auto' the first that is installed. Raises `UsageError` for another name. About 15 ms a
    question for 'embedded'.
    """
    if encoder not in ("auto", "embedded", "lexical"):
        raise UsageError(f"encoder '{encoder}' is unknown; use auto, embedded or lexical")
    if encoder != "lexical":
        opened = open_embedded()
        parts = [np.zeros((0, opened.dimensions), np.float32)]
        try:
            for start in range(0, len(texts), CHUNK):
                parts.append(opened.encode(texts[start : start + CHUNK]).values)
                progress("reading questions", min(start + CHUNK, len(texts)), len(texts))
            return Questions(tuple(texts), np.concatenate(parts)), "embedded"
        except MissingExtraError:
            if encoder == "embedded":
                raise
    return Questions(tuple(texts), lexical_vectors(texts)), "lexical"
