"""The fitted panel of a registry: kept, never out of date, and read as little as needed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_families import population

from cladist.core.assay import Assay
from cladist.core.responses import Response, State
from cladist.errors import InputError
from cladist.fitting import answers_of, fitted_panel, gathered
from cladist.kinship.inference.facts import gatherer
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.states import model_flags
from cladist.kinship.panel import fitted
from cladist.registry import Registry
from cladist.registry.kept import Kept
from cladist.registry.state import answers_state
from tests.conftest import small_assay

MODELS, FAMILIES = population(families=16, members=2, probes=24)


@pytest.fixture
def filled(registry: Registry) -> tuple[Registry, Assay]:
    assay = small_assay(24, metric="kinship")
    row = registry.add_protocol(assay.protocol)
    for r in MODELS:
        record = registry.add_model(r.model, f"recorded:{r.model}", r.model)
        registry.write_responses(
            row, record, [(p, 0, slot[0]) for p, slot in enumerate(r.slots) if slot]
        )
    return registry, assay


def test_a_panel_is_fitted_once(
    filled: tuple[Registry, Assay], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry, assay = filled
    kept = Kept(tmp_path / "kept")
    first = fitted_panel(registry, assay, kept=kept)
    one = gathered(registry, assay, first, None, kept=kept)

    def never(*_: object) -> None:
        raise AssertionError("this was fitted before")

    monkeypatch.setattr("cladist.fitting.fit_panel", never)
    monkeypatch.setattr("cladist.fitting.calibrate", never)
    again = fitted_panel(registry, assay, kept=kept)
    two = gathered(registry, assay, again, None, kept=kept)
    assert again.pairs.models == tuple(r.model for r in MODELS)
    assert np.array_equal(again.pairs.combined, first.pairs.combined)
    assert again.flags == tuple(
        model_flags(r, [p.text for p in assay.protocol.probes.probes])
        for r in registry.responses(assay.protocol)
    )
    assert [two.decide(0, j) for j in (1, 5)] == [one.decide(0, j) for j in (1, 5)]


@pytest.mark.parametrize("declared", [None, Labels(tuple(FAMILIES))])
def test_what_is_kept_says_what_is_measured_afresh(
    filled: tuple[Registry, Assay], tmp_path: Path, declared: Labels | None
) -> None:
    registry, assay = filled
    panel = fitted_panel(registry, assay, kept=Kept(tmp_path))
    prompts = [p.text for p in assay.protocol.probes.probes]
    fresh = gatherer(
        list(registry.responses(assay.protocol)), panel.pairs, declared, prompts=prompts
    )
    gathered(registry, assay, panel, declared, kept=Kept(tmp_path))
    kept = gathered(registry, assay, panel, declared, kept=Kept(tmp_path))
    for i, j in [(0, 1), (0, 2), (3, 9)]:
        assert kept.decide(i, j) == fresh.decide(i, j)


def test_only_the_answers_of_a_question_are_read(filled: tuple[Registry, Assay]) -> None:
    registry, assay = filled
    panel = fitted_panel(registry, assay)
    answers = answers_of(registry, assay, panel)
    assert len(answers) == len(MODELS)
    assert answers[3].texts() == MODELS[3].texts()
    assert answers[-1].model == MODELS[-1].model
    assert set(answers._read) == {3, len(MODELS) - 1}
    assert [r.model for r in answers[1:4]] == [r.model for r in MODELS[1:4]]
    assert [r.texts() for r in answers] == [r.texts() for r in MODELS]


def test_whatever_changes_an_answer_changes_the_state(filled: tuple[Registry, Assay]) -> None:
    registry, assay = filled
    row = registry.add_protocol(assay.protocol)
    seen = [answers_state(registry, assay.protocol)]
    assert answers_state(registry, assay.protocol) == seen[0]
    registry.write_dnas(registry.add_assay(assay), [])
    assert answers_state(registry, assay.protocol) == seen[0]
    record = registry.add_model("new", "recorded:new", "new")
    assert answers_state(registry, assay.protocol) == seen[0]
    registry.write_responses(row, record, [(0, 0, Response.error("later"))])
    seen.append(answers_state(registry, assay.protocol))
    registry.write_responses(row, record, [(0, 0, Response("hello", State.OK))])
    seen.append(answers_state(registry, assay.protocol))
    registry._db.execute("UPDATE response SET text = 'other' WHERE model_id = ?", (record.id,))
    seen.append(answers_state(registry, assay.protocol))
    registry._db.execute("UPDATE model SET name = 'renamed' WHERE id = ?", (record.id,))
    seen.append(answers_state(registry, assay.protocol))
    registry._db.execute("DELETE FROM response WHERE model_id = ?", (record.id,))
    seen.append(answers_state(registry, assay.protocol))
    assert len(set(seen)) == len(seen) - 1
    assert seen[-1] == seen[0]  # the same answers of the same models are the same again


def test_another_protocol_has_a_state_of_its_own(registry: Registry) -> None:
    assay = small_assay(24)
    assert answers_state(registry, assay.protocol) == ""
    with pytest.raises(InputError, match="no model with answers"):
        fitted_panel(registry, assay)


def test_a_damaged_panel_is_refused(filled: tuple[Registry, Assay]) -> None:
    arrays, data = fitted.fitted_to(fitted_panel(*filled))
    with pytest.raises(InputError, match="damaged"):
        fitted.fitted_from(arrays, {**data, "flags": data["flags"][1:]})
    with pytest.raises(InputError, match="damaged"):
        fitted.fitted_from({**arrays, "score": arrays["score"][1:]}, data)
