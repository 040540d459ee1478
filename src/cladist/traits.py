"""Features of a registry's models for predicting scores and routing, and vectors of questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from hashlib import blake2b
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cladist.apply.behaviour import (
    Block,
    FeatureTable,
    behaviour_table,
    distance_table,
    read_answers,
)
from cladist.apply.questions import Questions, lexical_vectors
from cladist.compare import distances
from cladist.core.assay import Assay
from cladist.core.progress import Progress, silent
from cladist.encoders.embedded import make as open_embedded
from cladist.errors import InputError, MissingExtraError, UsageError
from cladist.kinship.panel.fitted import fitted_on
from cladist.registry import Registry
from cladist.registry.kept import Kept, default_folder
from cladist.registry.state import dna_state

__all__ = ["model_features", "question_vectors"]

CHUNK = 64
"""Questions encoded between two reports of progress."""

READING = 1
"""Version of how features are read from answers; what another version read is read again."""


def model_features(
    registry: Registry,
    assay: Assay,
    *,
    metric: str | None = None,
    answers: bool = True,
    progress: Progress = silent,
    kept: Kept | None = None,
) -> FeatureTable:
    """Features of all models that have a DNA by an assay, in order of arrival.

    Rows of distances by the assay's metric (or `metric`); with `answers`, also how the models
    write, which words they use, and with whom they agree (`apply.behaviour.behaviour_table`).
    No right answer and no score is used. Raises `InputError` for fewer than three models.

    Answers are read when their features are first asked for (a quarter of a millisecond each) and
    the table is kept in the user's cache folder, or in `kept`; a DNA that is added, altered or
    removed has it made anew.
    """
    names = [d.model for d in registry.dnas(assay)]
    if len(names) < 3:
        raise InputError(
            f"{len(names)} models with a DNA by {assay.short} are too few to compare; extract or "
            "import three at least"
        )

    def make() -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        progress("weighing what models share", 0, 1)
        table = distance_table(distances(registry, assay, names, metric))
        progress("weighing what models share", 1, 1)
        if answers:
            read = read_answers(list(registry.responses(assay.protocol, names)), progress)
            table = table.beside(behaviour_table(read))
        blocks = [asdict(b) for b in table.blocks]
        return {"values": table.values}, {"models": list(table.models), "blocks": blocks}

    chosen = metric or assay.method.metric
    where = str(registry.folder.resolve())
    on = fitted_on("features", READING, assay.digest, where, dna_state(registry), chosen, answers)
    arrays, data = (kept or Kept(default_folder())).result(on, make)
    blocks = tuple(Block(**b) for b in data["blocks"])
    return FeatureTable(tuple(data["models"]), np.asarray(arrays["values"], np.float64), blocks)


def question_vectors(
    texts: Sequence[str],
    encoder: Literal["auto", "embedded", "lexical"] | str = "auto",
    progress: Progress = silent,
    *,
    past: int = 0,
    kept: Kept | None = None,
) -> tuple[Questions, str]:
    """Questions with a vector each, and the encoder that made them.

    Parameters
    ----------
    texts
        The questions.
    encoder
        'embedded' is the bundled sentence encoder, 'lexical' hashed words, 'auto' the first that
        is installed.
    progress
        Told while questions are encoded, about 15 ms each by 'embedded'.
    past
        So many of the first are asked for again and again: their vectors are kept.
    kept
        Where; the user's cache folder unless told.

    Raises
    ------
    UsageError
        For another name of an encoder.
    MissingExtraError
        For 'embedded' where it is not installed.

    Examples
    --------
    >>> question_vectors(["What is 2 + 2?"], "lexical")[0].vectors.shape
    (1, 256)
    """
    if encoder not in ("auto", "embedded", "lexical"):
        raise UsageError(f"encoder '{encoder}' is unknown; use auto, embedded or lexical")
    if encoder != "lexical":
        try:
            place = kept or Kept(default_folder())
            old = _old_vectors(texts[:past], place, progress)
            new = _encoded(texts[past:], progress)
            return Questions(tuple(texts), np.concatenate([old, new])), "embedded"
        except MissingExtraError:
            if encoder == "embedded":
                raise
    return Questions(tuple(texts), lexical_vectors(texts)), "lexical"


def _encoded(texts: Sequence[str], progress: Progress = silent) -> NDArray[np.float32]:
    """Vectors of the bundled encoder, those of like length together, (q, v)."""
    opened = open_embedded()
    made = np.zeros((len(texts), opened.dimensions), np.float32)
    order = sorted(range(len(texts)), key=lambda k: len(texts[k]))
    for start in range(0, len(order), CHUNK):
        rows = order[start : start + CHUNK]
        made[rows] = opened.encode([texts[k] for k in rows]).values
        progress("reading questions", min(start + CHUNK, len(order)), len(order))
    return made


def _old_vectors(texts: Sequence[str], kept: Kept, progress: Progress) -> NDArray[np.float32]:
    """The same, kept under a hash of the questions and the encoder."""
    if not texts:
        return _encoded(texts)
    said = blake2b(digest_size=16)
    for text in texts:
        raw = text.encode("utf-8", "surrogatepass")
        said.update(len(raw).to_bytes(8, "little") + raw)
    on = ["vectors of questions", open_embedded().version, said.hexdigest()]
    arrays, _ = kept.result(on, lambda: ({"vectors": _encoded(texts, progress)}, {}))
    return np.asarray(arrays["vectors"], np.float32)
