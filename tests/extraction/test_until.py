from __future__ import annotations

import pytest
from made_families import population

from cladist.core.responses import Response
from cladist.errors import InputError, ModelError, RegistryError
from cladist.extraction import until
from cladist.extraction.until import ask_until_decided
from cladist.kinship.inference.labels import Labels
from cladist.registry import Registry
from tests.conftest import ScriptedModel, small_assay

ASSAY = small_assay(40, max_tokens=16)


@pytest.fixture
def lab(registry: Registry) -> tuple[Registry, Labels, dict[str, list[str | None]]]:
    """A registry of forty families of three; the last model is kept out, to be asked."""
    models, names = population(families=40, members=3, kept=0.85)
    protocol = registry.add_protocol(ASSAY.protocol)
    for m in models[:-1]:
        record = registry.add_model(m.model, m.model, m.model)
        registry.write_responses(
            protocol, record, [(p, 0, s[0]) for p, s in enumerate(m.slots)], sync=False
        )
    return registry, Labels(tuple(names[:-1])), {m.model: m.texts() for m in models}


def scripted(texts: list[str | None]) -> ScriptedModel:
    prompts = [p.text for p in ASSAY.protocol.probes.probes]
    return ScriptedModel(
        "suspect", {q: Response.of(t or "") for q, t in zip(prompts, texts, strict=True)}
    )


def test_asking_stops_when_decided_and_goes_on_later(
    lab: tuple[Registry, Labels, dict[str, list[str | None]]],
) -> None:
    registry, labels, texts = lab
    model = scripted(texts["f15-m2"])
    found = ask_until_decided(model, "f15-m0", ASSAY, registry, labels=labels)
    assert found.answer.verdict == "related"
    assert found.requests == len(model.asked) == found.answer.probes < 40 == found.whole
    assert found.answer.saved == 40 - found.answer.probes
    asked = [r.prompt for r in model.asked]
    assert asked == [p.text for p in ASSAY.protocol.probes.probes][: found.requests]
    again = ask_until_decided(model, "f15-m0", ASSAY, registry, labels=labels)
    assert again.answer == found.answer and again.requests == 0


def test_a_stranger_is_not_accused(
    lab: tuple[Registry, Labels, dict[str, list[str | None]]],
) -> None:
    registry, labels, texts = lab
    found = ask_until_decided(scripted(texts["f15-m2"]), "f2-m0", ASSAY, registry, labels=labels)
    assert found.answer.verdict != "related"


def test_failed_requests_and_unknown_candidates_are_errors(
    lab: tuple[Registry, Labels, dict[str, list[str | None]]],
) -> None:
    registry, labels, texts = lab
    with pytest.raises(InputError, match="'nobody' has no answers"):
        ask_until_decided(scripted(texts["f15-m2"]), "nobody", ASSAY, registry, labels=labels)
    broken = scripted(texts["f15-m2"])
    broken.answers["prompt 3"] = Response.error("timeout")
    with pytest.raises(ModelError, match="timeout"):
        ask_until_decided(broken, "f15-m0", ASSAY, registry, labels=labels)


def test_a_name_that_is_taken_is_told_before_anything_is_measured(
    lab: tuple[Registry, Labels, dict[str, list[str | None]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    registry, labels, texts = lab
    registry.add_model("suspect", "other", "other")
    monkeypatch.setattr(until, "pair_evidence", lambda *_: pytest.fail("measured"))
    model = scripted(texts["f15-m2"])
    with pytest.raises(RegistryError, match="belongs to another model here"):
        ask_until_decided(model, "f15-m0", ASSAY, registry, labels=labels)
    assert model.asked == []
