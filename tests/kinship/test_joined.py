"""Texts and distributions under one decision."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_families import population

from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.kinship.inference.calibration import calibrate
from cladist.kinship.inference.facts import gatherer
from cladist.kinship.inference.joined import join_evidence, join_gatherers
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.pair_test import judge_candidates
from cladist.kinship.inference.pairs import pair_evidence
from tests.kinship.test_functional import families


def both(count: int = 24) -> tuple[list[ResponseSet], list[ResponseSet], Labels]:
    """Models of `count` families of two: their distributions, their texts, and whose they are."""
    functions = families(count, 2, noise=2.0)
    texts, _ = population(families=count, members=2, probes=40, kept=0.6)
    named = [replace(t, model=f.model) for f, t in zip(functions, texts, strict=True)]
    return functions, named, Labels(tuple(f.model.split("-")[0] for f in functions))


def test_the_sum_of_both_tells_kin_better_than_either() -> None:
    functions, texts, labels = both()
    first, second = pair_evidence(functions), pair_evidence(texts)
    joined = join_evidence(first, second)
    family = np.array(labels.families)
    a, b = np.triu_indices(len(family), 1)
    kin = family[a] == family[b]
    apart = [
        (p.score[a, b][kin].mean() - p.score[a, b][~kin].mean()) / p.score[a, b][~kin].std()
        for p in (first, second, joined)
    ]
    assert apart[2] > max(apart[:2])
    assert np.allclose(joined.shares[0] + joined.shares[1], joined.score)
    assert joined.covariates(a, b).shape == (4, len(a))
    assert joined.present.shape == (48, 80)


def test_models_are_matched_by_name_whatever_their_order() -> None:
    functions, texts, _ = both(8)
    first = pair_evidence(functions)
    second, turned = pair_evidence(texts), pair_evidence(texts[:0:-1])
    whole, part = join_evidence(first, second), join_evidence(first, turned)
    assert part.models == whole.models[1:]
    assert np.corrcoef(part.score.ravel(), whole.score[1:, 1:].ravel())[0, 1] > 0.95
    with pytest.raises(InputError, match="both assays"):
        join_evidence(first, pair_evidence([replace(t, model=f"x{t.model}") for t in texts]))


def test_no_more_strangers_are_called_related_than_stated() -> None:
    functions, texts, labels = both()
    pairs = join_evidence(pair_evidence(functions), pair_evidence(texts))
    found = calibrate(pairs, labels)
    family = np.array(labels.families)
    a, b = np.triu_indices(len(family), 1)
    strange = family[a] != family[b]
    p = found.p(pairs, a[strange], b[strange])
    assert np.mean(p <= 0.05) <= 0.06
    assert np.mean(found.p(pairs, a[~strange], b[~strange]) <= 0.01) > 0.9


def test_one_decision_rests_on_the_probes_of_both() -> None:
    functions, texts, labels = both()
    parts = [gatherer(r, pair_evidence(r), labels) for r in (functions, texts)]
    made = join_gatherers(parts[0], parts[1], labels)
    kin, stranger = judge_candidates(made, "f0-0", ["f0-1", "f1-0"])
    assert kin.verdict == "related"
    assert kin.probes == 80
    assert stranger.verdict != "related"
    assert kin.p_mismatch == pytest.approx(2 * min(p.mismatch(0, 1) for p in parts))
    assert len(made.probe_excess(0, 1)) == 80


def test_texts_that_say_nothing_leave_the_pair_open() -> None:
    functions, texts, labels = both()
    silent = [ResponseSet.of_texts(t.model, ["no"] * 40, t.probe_ids) for t in texts[:2]]
    said = [*silent, *texts[2:]]
    parts = [gatherer(r, pair_evidence(r), labels) for r in (functions, said)]
    (found,) = judge_candidates(join_gatherers(parts[0], parts[1], labels), "f0-0", ["f0-1"])
    assert (found.verdict, found.code) == ("inconclusive", "constant-answers")
