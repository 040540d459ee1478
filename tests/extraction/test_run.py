from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cladist.compare import distances
from cladist.core.responses import Response, State
from cladist.errors import CoverageError, ModelError, NotComparableError, RegistryError
from cladist.extraction.asking import requests_for
from cladist.extraction.derive import stored_dna
from cladist.extraction.run import extract
from cladist.registry import Registry, StoredDNA
from tests.conftest import ScriptedModel, scripted, small_assay


def test_every_probe_is_asked_once_and_dna_made(registry: Registry) -> None:
    assay = small_assay(6)
    model = scripted("a", assay)
    result = extract(model, assay, registry)
    assert [r.prompt for r in model.asked] == [p.text for p in assay.protocol.probes.probes]
    assert (result.asked, result.known, result.failed) == (6, 0, 0)
    assert result.dna is not None and result.dna.usable == 6
    again = extract(model, assay, registry)
    assert (again.asked, again.known) == (0, 6)
    assert len(model.asked) == 6
    assert again.dna is not None and again.dna.digest == result.dna.digest


def test_a_stopped_run_goes_on_where_it_was(registry: Registry) -> None:
    assay = small_assay(8)
    undisturbed = extract(scripted("whole", assay), assay, registry)
    model = scripted("a", assay, stop_after=3)
    with pytest.raises(KeyboardInterrupt):
        extract(model, assay, registry)
    assert len(model.asked) == 3
    model.stop_after = None
    model.answers = {
        k: replace(v, text=v.text.replace("a says", "whole says")) for k, v in model.answers.items()
    }
    result = extract(model, assay, registry)
    assert (result.asked, result.known) == (5, 3)
    assert undisturbed.dna is not None and result.dna is not None


def test_errors_are_asked_again_and_never_cached(registry: Registry) -> None:
    assay = small_assay(5)
    model = scripted("a", assay)
    good = dict(model.answers)
    model.answers["prompt 2"] = Response.error("429 three times")
    first = extract(model, assay, registry)
    assert first.failed == 1 and first.dna is None
    assert "1 requests failed" in first.refusal
    model.answers = good
    second = extract(model, assay, registry)
    assert (second.asked, second.known, second.failed) == (1, 4, 0)
    assert second.dna is not None and second.dna.notes == ()


def test_a_backend_that_forgets_a_request_is_found_out(registry: Registry) -> None:
    assay = small_assay(4)

    class Forgetful(ScriptedModel):
        def answer(self, requests):  # type: ignore[no-untyped-def]
            yield from list(super().answer(requests))[:-1]

    model = Forgetful("a", scripted("a", assay).answers)
    assert extract(model, assay, registry).failed == 1


def test_too_many_empty_answers_need_permission(registry: Registry) -> None:
    assay = small_assay(10)
    answers = {p.text: Response.of("") for p in assay.protocol.probes.probes}
    answers["prompt 0"] = Response.of("only one")
    model = ScriptedModel("quiet", answers)
    refused = extract(model, assay, registry)
    assert refused.dna is None and "1 of 10 probes" in refused.refusal
    allowed = extract(model, assay, registry, allow_sparse=True)
    assert allowed.asked == 0
    assert allowed.dna is not None and "sparse-coverage" in allowed.dna.notes
    silent = ScriptedModel("silent", dict.fromkeys(answers, Response.of(" \n")))
    nothing = extract(silent, assay, registry, allow_sparse=True)
    assert nothing.dna is None and "nothing to make a DNA of" in nothing.refusal


def test_interfaces_are_chosen_and_kept(registry: Registry) -> None:
    assay = small_assay(3, interface="auto")
    chatty = scripted("c", assay, interfaces=frozenset({"chat"}))
    result = extract(chatty, assay, registry)
    assert result.interface == "chat"
    assert result.dna is not None and "chat-interface" in result.dna.notes
    chatty.interfaces = frozenset({"raw", "chat"})
    with pytest.raises(ModelError, match="through the chat interface before"):
        extract(chatty, assay, registry)
    with pytest.raises(ModelError, match="asks through raw"):
        extract(
            scripted("d", assay, interfaces=frozenset({"chat"})),
            small_assay(interface="raw"),
            registry,
        )
    with pytest.raises(CoverageError, match="recorded"):
        extract(scripted("e", assay), small_assay(interface="recorded"), registry)


def test_seeds_differ_by_slot_and_repeat_by_run() -> None:
    assay = small_assay(20, temperature=0.7, samples=4)
    slots = [(p, s) for p in range(20) for s in range(4)]
    seeds = [r.seed for r in requests_for(assay, "raw", slots)]
    assert len(set(seeds)) == len(seeds)
    assert seeds == [r.seed for r in requests_for(assay, "raw", slots)]
    other = small_assay(20, temperature=0.7, samples=4, seed=1)
    assert set(seeds).isdisjoint(r.seed for r in requests_for(other, "raw", slots))


def test_another_file_under_a_known_name_is_refused(registry: Registry) -> None:
    assay = small_assay(2)
    extract(scripted("a", assay), assay, registry)

    class Impostor(ScriptedModel):
        @property
        def identity(self):  # type: ignore[no-untyped-def]
            return replace(super().identity, fingerprint="another file")

    with pytest.raises(RegistryError, match="belongs to another model"):
        extract(Impostor("a", scripted("a", assay).answers), assay, registry)


def test_adding_a_model_changes_no_other_dna(registry: Registry) -> None:
    assay = small_assay(6)
    extract(scripted("a", assay), assay, registry)
    before = registry.dnas(assay, blocks=True)[0]
    for name in "bcdef":
        extract(scripted(name, assay), assay, registry)
    after = registry.dnas(assay, blocks=True)[0]
    assert before.digest == after.digest
    assert np.array_equal(before.per_probe(), after.per_probe())


def test_refused_answers_are_no_evidence(registry: Registry) -> None:
    assay = small_assay(4)
    model = scripted("a", assay)
    model.answers["prompt 1"] = Response("I cannot", State.REFUSED)
    result = extract(model, assay, registry)
    assert result.dna is not None and result.dna.usable == 3
    assert not result.dna.per_probe()[1].any()


def test_a_model_that_never_answered_leaves_no_trace(registry: Registry) -> None:
    assay = small_assay(3)

    class Dead(ScriptedModel):
        def answer(self, requests):  # type: ignore[no-untyped-def]
            raise ModelError("connection refused")
            yield

    class Dying(ScriptedModel):
        def answer(self, requests):  # type: ignore[no-untyped-def]
            yield 0, Response.of("last words")
            raise ModelError("connection lost")

    for kind, left in ((Dead, []), (Dying, ["a"])):
        with pytest.raises(ModelError):
            extract(kind("a", {}), assay, registry)
        assert [m.name for m in registry.models()] == left


def test_other_versions_of_an_encoder_are_not_compared(registry: Registry) -> None:
    assay = small_assay(4)
    for name in "ab":
        extract(scripted(name, assay), assay, registry)
    stored = registry.stored_dnas(assay, ["b"], blocks=True)[0]
    registry.write_dnas(registry.add_assay(assay), [replace(stored, encoders=("another",))])
    with pytest.raises(NotComparableError, match="was encoded by"):
        distances(registry, assay)


def test_what_is_finished_is_neither_asked_nor_made_again(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    assay = small_assay(6)
    model = scripted("a", assay)
    first = extract(model, assay, registry)

    def never(*args: object, **kwargs: object) -> None:
        raise AssertionError("made again")

    with monkeypatch.context() as guarded:
        guarded.setattr("cladist.extraction.derive.represent", never)
        again = extract(model, assay, registry)
    assert (again.asked, again.known) == (0, 6)
    assert first.dna is not None and again.dna is not None
    assert again.dna.digest == first.dna.digest
    assert again.dna.blocks is not None and first.dna.blocks is not None
    assert again.dna.blocks.tobytes() == first.dna.blocks.tobytes()


def test_dna_of_other_encoders_or_fewer_answers_is_made_again(registry: Registry) -> None:
    assay = small_assay(6)
    model = scripted("a", assay)
    good = dict(model.answers)
    model.answers["prompt 2"] = Response.error("429 three times")
    part = extract(model, assay, registry, allow_sparse=True)
    assert part.dna is not None and part.dna.notes == ("failed-probes",)
    assert stored_dna(registry, assay, "a") is None
    model.answers = good
    whole = extract(model, assay, registry)
    assert whole.dna is not None and whole.dna.notes == ()
    kept = stored_dna(registry, assay, "a")
    assert kept is not None and kept.digest == whole.dna.digest
    registry.write_dnas(registry.add_assay(assay), [StoredDNA(whole.dna, ("another version",))])
    assert stored_dna(registry, assay, "a") is None
    assert stored_dna(registry, small_assay(6, max_tokens=3), "a") is None
