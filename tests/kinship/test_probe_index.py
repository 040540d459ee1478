"""Agreement on each probe, against its definition, and the same for one pair as for all."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from cladist.core.responses import ResponseSet
from cladist.kinship.inference.facts import gatherer
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.pairs import pair_evidence
from cladist.kinship.inference.probe_checks import probe_excess
from cladist.kinship.inference.probe_index import index_probes
from tests.support.made_families import population

TEXTS = (["the river is wide", "No."], ["the river is deep", ""], ["a river", "No."], ["", "Yes."])


def shingles(text: str) -> set[str]:
    return {text[k : k + 5].ljust(5, "\0") for k in range(len(text))}


def cosine(texts: list[str], a: int, b: int) -> float:
    """Cosine of two texts' shingles, each weighing -ln of its share of texts."""
    users = Counter(s for text in texts for s in shingles(text))
    weight = {s: math.log((len(texts) + 1) / n) for s, n in users.items()}
    own = [shingles(texts[k]) for k in (a, b)]
    norms = [math.sqrt(sum(weight[s] ** 2 for s in one)) for one in own]
    return sum(weight[s] ** 2 for s in own[0] & own[1]) / (norms[0] * norms[1] or 1.0)


def test_wordings_are_cosines_of_weighed_shingles() -> None:
    answers = [ResponseSet.of_texts(str(k), list(t)) for k, t in enumerate(TEXTS)]
    (_, wordings), both = index_probes(answers).compared(
        0, 2, np.array([1, 3]), (answers[0], answers[2])
    )
    assert both.tolist() == [0, 1]
    for probe in both.tolist():
        order = [TEXTS[k][probe] for k in (0, 2, 1, 3)]
        for row in (0, 1):
            exact = [math.sqrt(cosine(order, row, k)) for k in range(4)]
            assert wordings[row, :, probe] == pytest.approx(exact)


def test_what_is_left_out_of_a_pair_does_not_count() -> None:
    answers = [ResponseSet.of_texts(str(k), list(t)) for k, t in enumerate(TEXTS)]
    part = ResponseSet.of_texts("0", [TEXTS[0][0], None])
    (openings, wordings), both = index_probes(answers).compared(
        0, 2, np.array([1, 3]), (part, answers[2])
    )
    assert both.tolist() == [0]
    assert not openings[0, :, 1].any() and not wordings[:, :, 1].any()


def test_an_index_of_all_gives_the_bits_of_one_pair() -> None:
    models, families = population(families=12, members=3)
    labels = Labels(tuple(families))
    pairs = pair_evidence(models)
    every = gatherer(models, pairs, labels).indexed()
    assert every.index is not None and every.indexed() is every
    for i, j in ((0, 1), (0, 4), (20, 7), (35, 34)):
        key = every._ordered(i, j)
        assert np.array_equal(every.probe_excess(i, j), probe_excess(models, pairs, *key, labels))
