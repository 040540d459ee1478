"""Runs after the first go on as that one did: the same model, without what was refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from faulty_server import Call, Reply, behaving, error

from cladist.core.assay import Decoding
from cladist.core.origins import UNTOLD, Origin, mixture
from cladist.core.responses import Response, ResponseSet, State
from cladist.errors import EndpointError, ModelError, NotComparableError
from cladist.extraction.asking import Asking, remembered
from cladist.extraction.comparable import about_origins, about_refused
from cladist.extraction.derive import derive, dna_of
from cladist.extraction.missing import commonest, listed_reasons, reasons
from cladist.extraction.run import extract
from cladist.models import _calls, open_model
from cladist.registry import Registry
from cladist.registry.archive import write_archive
from cladist.registry.asked import refused_settings
from cladist.registry.merge import import_archive
from tests.conftest import ScriptedModel, scripted, small_assay

pytest.importorskip("openai")
A, B = Origin("m-a", "fp", "one"), Origin("m-b", "fp", "one")


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_calls, "backoff", lambda attempt, seed: 0.005)


def test_a_model_that_moved_between_runs_is_not_mixed_in(registry: Registry) -> None:
    assay = small_assay(12)
    with behaving("moved") as (server, url):
        uri = f"openai:m@{url}?concurrency=1&retries=0"
        first = extract(open_model(uri), assay, registry)
        assert (first.failed, first.reasons) == (6, (("HTTP 500: overworked", 6),))
        with pytest.raises(EndpointError, match=r"'m-new', and the 6 answers .* of 'm-old'"):
            extract(open_model(uri), assay, registry)
        assert len(server.bodies) == 12 + 3
        fresh = extract(open_model(f"{uri}&served=m-new#new"), assay, registry)
    (old, new) = registry.responses(assay.protocol)
    assert {r.text for (r,) in old.slots if r.final} == {f"echo prompt {i}" for i in range(6)}
    assert old.origins() == {Origin("m-old", "fp_old"): 6}
    assert new.origins() == {Origin("m-new", "fp_old"): 12}
    assert fresh.dna is not None and fresh.dna.notes == ()


def test_a_refused_setting_is_kept_and_what_it_does_is_said(registry: Registry) -> None:
    assay = small_assay(8)
    broken = [True]

    def mode(call: Call) -> Reply:
        if call.body.get("temperature", 1) != 1:
            return error(400, "'temperature' is not supported", param="temperature")
        late = broken[0] and call.prompt == "prompt 7"
        return error(500, "crash") if late else Reply(call.good())

    with behaving(mode) as (server, url):
        uri = f"openai:m@{url}?concurrency=1&retries=0"
        first = extract(open_model(uri), assay, registry)
        assert first.failed == 1 and first.dna is None
        broken[0] = False
        sent = len(server.bodies)
        second = extract(open_model(uri), assay, registry)
    assert len(server.bodies) == sent + 1 and "temperature" not in server.bodies[-1]
    for result in (first, second):
        (said,) = (r for r in result.remarks if "temperature" in r)
        assert "temperature not settable: the server says ''temperature' is not supported'" in said
        assert "drawn at random" in said and "kin may be missed" in said
    assert second.dna is not None and second.dna.notes == ("temperature-not-settable",)
    record = registry.model(second.model.name)
    assert set(refused_settings(registry, assay.protocol, record)) == {"temperature"}


def test_several_providers_are_marked_and_several_models_make_no_dna(registry: Registry) -> None:
    assay = small_assay(4)
    with behaving("providers") as (_, url):
        result = extract(open_model(f"openai:m@{url}"), assay, registry)
    assert result.dna is not None and result.dna.notes == ("several-providers",)
    assert any("several providers: " in r for r in result.remarks)
    slots = tuple((Response("text", State.OK, origin=o),) for o in (A, A, A, B))
    mixed = ResponseSet("m", assay.protocol.probes.ids, slots)
    with pytest.raises(Exception, match=r"several models, .*m-a \(3\), m-b \(1\)"):
        dna_of(mixed, assay, allow_sparse=True)
    with pytest.raises(ModelError, match="several models"):
        remembered("m", mixed.origins(), {})


def test_a_registry_that_is_mixed_already_is_not_asked_on(registry: Registry) -> None:
    assay = small_assay(3)
    with behaving("fine") as (server, url):
        model = open_model(f"openai:m@{url}")
        record = Asking.begin(model, assay, registry).record
        row = registry.add_protocol(assay.protocol)
        slots = [(p, 0, Response("x", State.OK, origin=o)) for p, o in enumerate((A, B))]
        registry.write_responses(row, record, slots)
        with pytest.raises(ModelError, match="come from several models"):
            extract(model, assay, registry)
        assert server.bodies == []
    made, refused = derive(registry, assay, [record.name])
    assert made == [] and "several models" in refused[0].reason


def test_archives_of_two_models_behind_one_address_are_not_merged(tmp_path: Path) -> None:
    assay = small_assay(2)
    for name, origin, probe in (("one", A, 0), ("two", B, 1)):
        with Registry.open(tmp_path / name) as registry:
            model = registry.add_model("m", "openai:m", "openai:x")
            row = registry.add_protocol(assay.protocol)
            registry.write_responses(
                row, model, [(probe, 0, Response("x", State.OK, origin=origin))]
            )
    write_archive(tmp_path / "one", tmp_path / "one.zip")
    with pytest.raises(NotComparableError, match="by 'm-a' there and by 'm-b' here"):
        import_archive(tmp_path / "one.zip", tmp_path / "two")


def test_answers_that_tell_nobody_beside_answers_that_do_are_marked() -> None:
    origins = {UNTOLD: 3, A: 2}
    assert mixture(origins) == ("partly-unknown-model",)
    (said,) = about_origins({UNTOLD: 3, Origin("m-a"): 2})
    assert "3 answers do not tell" in said and "2 came from 'm-a'" in said
    assert remembered("m", origins, {}).origin == A
    assert mixture({UNTOLD: 3}) == mixture({A: 3}) == ()
    withheld = (Response("", State.REFUSED, detail="a filter"),)
    one = (Response("x", State.OK, origin=A),)
    assert ResponseSet("m", ("a", "b"), (withheld, one)).origins() == {A: 1}


def test_what_each_refused_setting_does_is_said() -> None:
    sampled = Decoding(temperature=0.7)
    words = about_refused({"seed": "no", "temperature": "no", "top_p": "no"}, sampled)
    assert [w.split(" ")[0] for w in words] == ["seed", "temperature", "top_p"]
    assert "on average distances stay the same" in words[0]
    assert "instead of 0.7" in words[1] and "usually" not in words[1]
    assert "where that is 1" in words[2]
    (cut,) = about_refused({"top_p": "no"}, Decoding(temperature=0.7, top_p=0.9))
    assert "instead of 0.9" in cut


def test_reasons_are_counted_whatever_their_numbers() -> None:
    answers = [*(Response.error(f"busy, wait {i} s") for i in range(3)), Response.of("fine")]
    answers += [Response.of("fine"), Response("", State.REFUSED, detail="a filter")]
    slots = tuple((r,) for r in answers)
    found = ResponseSet("m", tuple("abcdef"), slots)
    assert reasons(found) == (("busy, wait 0 s", 3), ("a filter", 1))
    assert commonest(found) == ", most often (3): busy, wait 0 s"
    assert listed_reasons(tuple((f"r{i}", 1) for i in range(5))).endswith("and 2 more reasons")
    assert commonest(ResponseSet("m", ("a",), ((),))) == ""


def test_a_name_that_is_not_used_is_said(registry: Registry) -> None:
    assay = small_assay(2)
    extract(scripted("a", assay), assay, registry)

    class Renamed(ScriptedModel):
        @property
        def identity(self):  # type: ignore[no-untyped-def]
            return replace(super().identity, name="b")

    again = extract(Renamed("a", scripted("a", assay).answers), assay, registry)
    assert again.remarks == ("this model is registered here as 'a'; the name 'b' is not used",)
