from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_families import population

from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.kinship.evidence.corpus import read_corpus, said_once
from cladist.kinship.evidence.similarity import standing
from cladist.kinship.evidence.wording import wording
from cladist.kinship.inference.pairs import pair_evidence
from cladist.kinship.panel.outsider import beside, fit_members

MODELS = population(families=12, members=3, probes=20, kept=0.8)[0]


@pytest.mark.parametrize("kind", ["new", "copy", "gaps", "by rote"])
def test_one_model_beside_a_fitted_panel_is_measured_as_with_all_at_once(kind: str) -> None:
    *rest, new = MODELS
    if kind == "copy":
        new = replace(rest[4], model="new")
    if kind == "gaps":
        new = replace(new, slots=((), *new.slots[1:7], (), (), *new.slots[9:]))
    if kind == "by rote":
        new = ResponseSet.of_texts("new", ["The same words again."] * 9 + list(new.texts())[9:])
        new = replace(new, probe_ids=rest[0].probe_ids)
    found = beside(fit_members(rest), new)
    members = np.arange(len(rest) + 1) < len(rest)
    whole = pair_evidence([*rest, new], members)
    assert found.models == whole.models and found.digest == whole.digest
    apart = ~np.eye(len(members), dtype=bool)
    assert np.allclose(found.style[apart], whole.style[apart], atol=1e-6)
    for one, other in zip(found.halves, whole.halves, strict=True):
        assert np.allclose(one, other, atol=1e-4)
    assert np.array_equal(found.present, whole.present)
    # The score is the standing on another scale: what tells tokenizers has no part in it.
    every = read_corpus([*rest, new])
    own = np.full(len(members), -1)
    own[-1] = 4 if kind == "copy" else -1
    stands = standing(wording(said_once(every), members), members, own, None)[-1, :-1]
    slope = np.polyfit(stands, found.score[-1, :-1], 1)
    assert np.allclose(np.polyval(slope, stands), found.score[-1, :-1], atol=1e-3)
    if kind == "copy":
        assert found.combined[-1].argmax() == 4 and found.combined[-1, 4] >= 6
    else:
        assert np.allclose(found.combined, found.score)


def test_members_have_the_same_evidence_whoever_is_asked() -> None:
    *rest, one, two = MODELS
    fitted = fit_members(rest)
    first, second = beside(fitted, one), beside(fitted, two)
    assert np.array_equal(first.combined[:-1, :-1], second.combined[:-1, :-1])
    assert not np.array_equal(first.combined[-1], second.combined[-1])


def test_a_member_again_by_its_name_and_too_few_members_are_refused() -> None:
    with pytest.raises(InputError, match="given twice"):
        beside(fit_members(MODELS[:5]), MODELS[3])
    with pytest.raises(InputError, match="at least three"):
        fit_members(MODELS[:2])
