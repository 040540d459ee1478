"""Answers are held against each other only where they may be; chance is no change."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from faulty_server import Call, Reply, behaving
from typer.testing import CliRunner

from cladist.cli.main import app
from cladist.core.assay import Decoding
from cladist.core.origins import Origin
from cladist.core.responses import Response, ResponseSet, State
from cladist.errors import NotComparableError
from cladist.extraction.run import extract
from cladist.models import open_model
from cladist.provenance.conditions import Conditions, limits_of
from cladist.provenance.deployments import Side, cautions, hold_against, models_of
from cladist.provenance.pace import Pace
from cladist.provenance.watch import WatchPlan, look, looks
from cladist.registry import Registry
from tests.conftest import small_assay

GREEDY = Decoding()
REFUSED = {"temperature": "only 1"}


def side(text: str, model: str = "m", refused: dict[str, str] | None = None, n: int = 40) -> Side:
    ids = tuple(f"p{i}" for i in range(n))
    slots = tuple((Response(f"{text} {i}", State.OK, origin=Origin(model)),) for i in range(n))
    return Side(ResponseSet(f"side {text}", ids, slots), refused or {})


def test_a_difference_that_chance_may_have_made_is_no_change() -> None:
    assert hold_against(side("a"), side("b"), GREEDY).verdict == "changed"
    for one, two in ((None, REFUSED), (REFUSED, REFUSED), (REFUSED, None)):
        found = hold_against(side("a", refused=one), side("b", refused=two), GREEDY)
        assert found.verdict == "inconclusive"
        assert "may have been sampled" in found.reason
    seeds = hold_against(side("a", refused={"seed": "x"}), side("b"), GREEDY)
    assert seeds.verdict == "changed"


def test_answers_of_several_models_or_other_sampling_are_refused() -> None:
    mixed = side("a")
    slots = (*mixed.answers.slots[:-1], (Response("x", State.OK, origin=Origin("n")),))
    mixed = Side(ResponseSet("mixed", mixed.answers.probe_ids, slots))
    for pair in ((mixed, side("a")), (side("a"), mixed)):
        with pytest.raises(NotComparableError, match=r"m \(39\), n \(1\)"):
            hold_against(*pair, GREEDY)
    with pytest.raises(NotComparableError, match="does not take temperature"):
        hold_against(side("a", refused=REFUSED), side("a"), Decoding(temperature=0.7, samples=2))


@pytest.mark.parametrize(
    ("text", "verdict"),
    [("answer {k}", "same"), ("I cannot help with that, number {few}.", "inconclusive"),
     ("please go on with text {k}, then", "inconclusive"), ("", "inconclusive")],
)  # fmt: skip
def test_two_that_refuse_alike_are_not_called_the_same(text: str, verdict: str) -> None:
    prompts = [f"please go on with text {k}" for k in range(40)]
    texts = [text.format(k=k, few=k % 4) for k in range(40)]
    one, two = (Side(ResponseSet.of_texts(n, texts)) for n in "ab")
    found = hold_against(one, two, GREEDY, prompts=prompts)
    assert found.verdict == verdict
    assert ("tell nobody from another" in found.reason) == (verdict == "inconclusive")
    assert hold_against(one, two, GREEDY).verdict == "same"


def test_who_answered_and_what_was_refused_is_said_beside_the_verdict() -> None:
    said = cautions(side("a", "m-1"), side("b", "m-2", REFUSED))
    assert len(said) == 2
    assert "answered as 'm-1', 'side b' as 'm-2'" in said[0]
    assert "does not take temperature ('only 1')" in said[1]
    assert cautions(side("a"), side("b")) == ()
    assert models_of(side("a", "").answers) == ""


def test_a_look_names_another_model_and_its_settings(tmp_path: Path) -> None:
    assay = small_assay(40, max_tokens=8)
    name = ["m-old"]

    def mode(call: Call) -> Reply:
        text = f"{name[0]} says {call.prompt}"
        return Reply(call.good(text, model=name[0]))

    with behaving(mode) as (server, url), Registry.open(tmp_path / "lab") as registry:
        record = extract(open_model(f"openai:m@{url}"), assay, registry).model
        (reference,) = registry.responses(assay.protocol, [record.name])
        plan = WatchPlan(reference, assay, "raw", refused=REFUSED)
        same, _ = look(open_model(f"openai:m@{url}"), plan, 0)
        assert (same.status, same.served, same.registered) == ("same", "m-old", "m-old")
        assert "temperature" not in server.bodies[-1]
        plain = WatchPlan(reference, assay, "raw", planned=2)
        model = open_model(f"openai:m@{url}")
        made = looks(model, plain, Pace(2, sleep=lambda s: None))
        assert next(made).look.status == "same"
        # The alias moves between two looks of one run.
        name[0] = "m-new"
        found = next(made).look
    assert (found.status, found.served, found.registered) == ("changed", "m-new", "m-old")
    assert "answered as 'm-old', 'm now' as 'm-new'" in found.reason
    assert '"registered": "m-old"' in found.line()


def test_same_and_watch_on_the_command_line_name_who_answered(tmp_path: Path) -> None:
    name = ["m-old"]

    def mode(call: Call) -> Reply:
        return Reply(call.good(f"says {call.prompt[:9]}", model=name[0]))

    def run(*arguments: object) -> str:
        return " ".join(CliRunner().invoke(app, [str(a) for a in arguments]).output.split())

    assay = tmp_path / "assay.toml"
    assay.write_text(ASSAY)
    with behaving(mode) as (_, url):
        uri = f"openai:m@{url}?interface=chat#m"
        assert "12/12" in run("extract", uri, "--assay", assay, "-r", tmp_path / "one")
        name[0] = "m-new"
        assert "12/12" in run("extract", uri, "--assay", assay, "-r", tmp_path / "two")
        watched = run("watch", "m", "-r", tmp_path / "one")
    told = run("compare", "same", "m", "m", "-r", tmp_path / "one", "--other", tmp_path / "two")
    for said in (told, watched):
        assert "m-old" in said and "m-new" in said
        assert "the endpoint names another model" in said
    shown = run("registry", "show", "m", "-r", tmp_path / "two")
    assert "m-new (12)" in shown


def test_a_report_names_refused_settings_and_several_servers_as_limits() -> None:
    def titles(*notes: str) -> set[str]:
        fields = dict.fromkeys(Conditions.__dataclass_fields__, "")
        fields |= {"decoding": {}, "probes": 10, "answered": 10, "notes": notes}
        found = limits_of(
            SimpleNamespace(pairs="abc", doubted={}), Conditions(**fields), True, True, ""
        )
        return {limit.title for limit in found}

    plain = titles("chat-interface")
    refused, several = titles("temperature-not-settable"), titles("several-providers")
    assert refused - plain == {"Settings that the server did not take"}
    assert several - plain == {"Several servers behind one name"}
    assert titles("partly-unknown-model") == several


ASSAY = """
name = "mini"
probes = "mini-12"
[decoding]
interface = "auto"
[method]
metric = "cosine"
encoders = [ { name = "prefixes", weight = 1.0 } ]
"""
