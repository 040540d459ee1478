"""The fitted panel of a registry: kept, never out of date, and read as little as needed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_families import population

from cladist.core.assay import Assay
from cladist.core.responses import Response, ResponseSet, State
from cladist.errors import InputError
from cladist.fitting import (
    answers_of,
    fitted_beside,
    fitted_panel,
    gathered,
    gathered_beside,
    panel_in,
)
from cladist.kinship.config import CHECKS
from cladist.kinship.inference.facts import Gatherer, gatherer
from cladist.kinship.inference.family_fits import family_fits, fit_families, fits_to
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.pairs import pair_evidence
from cladist.kinship.inference.states import model_flags
from cladist.kinship.panel import fitted
from cladist.kinship.panel.fitted import fit_panel
from cladist.kinship.panel.on_file import Beside
from cladist.kinship.panel.saved import MemberLabel, Panel, build_panel, load_panel
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


def test_what_answers_of_a_pair_say_is_kept(
    filled: tuple[Registry, Assay], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry, assay = filled
    kept, labels = Kept(tmp_path / "kept"), Labels(tuple(FAMILIES))

    def made(declared: Labels | None = labels) -> Gatherer:
        panel = fitted_panel(registry, assay, kept=kept)
        return gathered(registry, assay, panel, declared, kept=kept)

    first = made()
    told = first.facts(0, 1, whole=True), first.facts(0, 9, whole=True), first.per_probe(1, 0)
    with monkeypatch.context() as patched:
        patched.setattr(Registry, "responses", _never)
        again = made()
        # Asked the other way round it is the same pair.
        turned = replace(told[0], a=told[0].b, b=told[0].a)
        assert repr(again.facts(1, 0, whole=True)) == repr(turned)  # NaN is not NaN
        assert repr((again.facts(0, 9, whole=True), again.per_probe(0, 1))) == repr(told[1:])
        with pytest.raises(AssertionError, match="made before"):
            again.facts(0, 5)
        with pytest.raises(AssertionError, match="made before"):
            made(None).facts(0, 1, whole=True)  # without labels it has other controls
        patched.setattr("cladist.fitting.CHECKS", replace(CHECKS, controls=CHECKS.controls // 2))
        with pytest.raises(AssertionError, match="made before"):
            made().facts(0, 1, whole=True)  # and by other constants
    # An answer that is altered has all of it looked at anew.
    registry._db.execute(
        "UPDATE response SET text = 'quite another answer' WHERE probe < 12 AND model_id = "
        "(SELECT id FROM model WHERE name = ?)",
        (MODELS[1].model,),
    )
    altered, fresh = made(), fitted_panel(registry, assay, kept=Kept())
    wanted = gatherer(list(registry.responses(assay.protocol)), fresh.pairs, labels)
    facts = repr(altered.facts(0, 1, whole=True))
    assert facts == repr(wanted.facts(0, 1, whole=True)) != repr(told[0])


def test_fits_of_families_are_kept(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models, families = population(families=24, members=2, probes=24)
    labels = Labels(("", "", *families[2:]))
    assay = small_assay(24, metric="kinship")
    row = registry.add_protocol(assay.protocol)
    for r in models:
        record = registry.add_model(r.model, f"recorded:{r.model}", r.model)
        registry.write_responses(row, record, [(p, 0, s[0]) for p, s in enumerate(r.slots)])
    kept = Kept(tmp_path / "kept")

    def made() -> Gatherer:
        panel = fitted_panel(registry, assay, kept=kept)
        return gathered(registry, assay, panel, labels, kept=kept)

    one = made()
    alone, member = family_fits(one, models[0].model), family_fits(one, models[2].model)
    for fits, name in ((alone, models[0].model), (member, models[2].model)):
        wanted = fit_families(one.pairs, labels, without=name)
        assert fits_to(fits) == fits_to(wanted)
    assert fits_to(alone) != fits_to(member)
    monkeypatch.setattr("cladist.kinship.inference.family_fits.fit_families", _never)
    again = made()
    assert fits_to(family_fits(again, models[2].model)) == fits_to(member)
    # Models without a label take no part in the fits, and share them.
    assert fits_to(family_fits(again, models[1].model)) == fits_to(alone)
    for other in (models[4].model, models[2].model):
        with pytest.raises(AssertionError, match="made before"):
            family_fits(again, other, 0.5 if other == models[4].model else 0.3)
    # An answer that is altered has them fitted anew.
    registry._db.execute("UPDATE response SET text = 'other' WHERE probe = 3 AND model_id = 7")
    with pytest.raises(AssertionError, match="made before"):
        family_fits(made(), models[2].model)


def _never(*_: object, **__: object) -> None:
    raise AssertionError("this was made before")


def test_a_damaged_panel_is_refused(filled: tuple[Registry, Assay]) -> None:
    arrays, data = fitted.fitted_to(fitted_panel(*filled))
    with pytest.raises(InputError, match="damaged"):
        fitted.fitted_from(arrays, {**data, "flags": data["flags"][1:]})
    with pytest.raises(InputError, match="damaged"):
        fitted.fitted_from({**arrays, "score": arrays["score"][1:]}, data)


def test_a_panel_from_a_file_is_fitted_once(
    filled: tuple[Registry, Assay], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, assay = filled
    kept = Kept(tmp_path / "kept")
    prompts = [p.text for p in assay.protocol.probes.probes]
    panel = build_panel(MODELS[2:], assay.protocol.digest)
    tested = MODELS[:2]
    every = Beside(panel, tuple(tested))
    first = fitted_beside(every, prompts, kept=kept)
    one = gathered_beside(every, first, None, kept=kept)
    members = np.arange(len(every)) < len(panel)
    fresh = gatherer(list(every), pair_evidence(every, members), None, prompts=prompts)
    fits = []
    monkeypatch.setattr("cladist.fitting.fit_panel", lambda *a: fits.append(a) or fit_panel(*a))
    again = fitted_beside(every, prompts, kept=kept)
    two = gathered_beside(every, again, None, kept=kept)
    assert fits == []
    last = len(every) - 1
    for i, j in [(last, last - 1), (last, 0), (0, 1)]:
        assert two.decide(i, j) == one.decide(i, j) == fresh.decide(i, j)
    # Other models, the same ones with another answer, and other members are other questions.
    fitted_beside(Beside(panel, tuple(tested[:1])), prompts, kept=kept)
    texts = ["something else", *(t or "" for t in tested[0].texts()[1:])]
    altered = ResponseSet.of_texts(tested[0].model, texts, tested[0].probe_ids)
    fitted_beside(Beside(panel, (altered, tested[1])), prompts, kept=kept)
    other = build_panel(MODELS[3:], assay.protocol.digest)
    fitted_beside(Beside(other, tuple(tested)), prompts, kept=kept)
    assert len(fits) == 3


def test_a_panel_file_is_read_where_its_bytes_are_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, kept = tmp_path / "panel.parquet", Kept(tmp_path / "kept")
    labels = [MemberLabel(MODELS[4].model, "f2", "maker", "2024")]
    panel = build_panel(MODELS[2:], "protocol", labels)
    panel.save(path)
    first = panel_in(path, kept=kept)
    loaded: list[Path] = []

    def load(file: Path) -> Panel:
        loaded.append(file)
        return load_panel(file)

    monkeypatch.setattr("cladist.fitting.load_panel", load)
    monkeypatch.setattr("cladist.kinship.panel.on_file.load_panel", load)
    again = panel_in(path, kept=kept)
    for found in (first, again):
        assert (found.digest, found.models, found.labels) == (
            panel.digest, panel.models, panel.labels
        )  # fmt: skip
    assert loaded == []
    every = Beside(again, (MODELS[0], MODELS[5]))
    assert len(every) == len(MODELS) - 1 and every[-1] is MODELS[5]
    assert MODELS[5].model not in [again.models[k] for k in every.members] and loaded == []
    assert [r.model for r in every[:2]] == [r.model for r in panel.responses[:2]]
    assert [r.texts() for r in every[:2]] == [r.texts() for r in panel.responses[:2]]
    assert len(loaded) == 1
    # Another panel in its place is read, and one that comes between is refused.
    between = panel_in(path, kept=kept)
    build_panel(MODELS[3:], "protocol").save(path)
    assert panel_in(path, kept=kept).models == panel.models[1:] and len(loaded) == 2
    with pytest.raises(InputError, match="changed while it was read"):
        _ = between.responses
    # What was changed by hand is refused each time.
    path.write_bytes(path.read_bytes()[:-20])
    for _ in range(2):
        with pytest.raises(InputError, match="is no panel"):
            panel_in(path, kept=kept)
    path.unlink()
    with pytest.raises(InputError, match="no such panel"):
        panel_in(path, kept=kept)


def test_a_fit_that_was_damaged_is_made_anew(
    filled: tuple[Registry, Assay], tmp_path: Path
) -> None:
    registry, assay = filled
    kept = Kept(tmp_path)
    first = fitted_panel(registry, assay, kept=kept)
    one = gathered(registry, assay, first, None, kept=kept)
    told: list[str] = []
    for damage in (_shorter, _another, _not_whole):
        for place in tmp_path.iterdir():
            if place.name != "small":
                damage(place)
        told.clear()
        again = fitted_panel(
            registry, assay, kept=kept, progress=lambda what, *_: told.append(what)
        )
        assert told, f"{damage.__name__} was not noticed"
        two = gathered(registry, assay, again, None, kept=kept)
        assert two.decide(0, 1) == one.decide(0, 1)


def _shorter(place: Path) -> None:
    for file in place.iterdir():
        if file.suffix != ".json":
            file.write_bytes(file.read_bytes()[:-40])


def _another(place: Path) -> None:
    for file in place.iterdir():
        if file.suffix != ".json":
            raw = bytearray(file.read_bytes())
            raw[len(raw) // 2] ^= 1
            file.write_bytes(raw)


def _not_whole(place: Path) -> None:
    (place / "data.json").write_text("{}")
