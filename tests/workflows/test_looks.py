from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from made_collections import collection, dna_web, families

from cladist.core.responses import Response, ResponseSet
from cladist.formats.labels import DeclaredModel
from cladist.kinship.panel.saved import Panel
from cladist.references.labels import plain_name
from cladist.references.obtaining import obtain
from cladist.references.panel import open_panel
from cladist.workflows.identify_model import labels_of
from cladist.workflows.looks import LookPlan, Looks, never, plan_looks
from cladist.workflows.placing import Placement, least_p, makers_of, place, rate_for
from cladist.workflows.reference_fit import Fit, fit_panel_for

COUNT, PROBES = 60, 24


@pytest.fixture(scope="module")
def world(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Panel, dict[str, DeclaredModel], list[str]]:
    """A panel of 120 models of 60 families, each a maker."""
    folder = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLADIST_HOME", str(folder / "home"))
        said, prompts, known = families(COUNT, 2, PROBES)
        dna_web(folder / "made", said, prompts)
        lineage = {plain_name(m): DeclaredModel(f) for m, f in known.items()}
        made = obtain(
            collection("made", folder=folder / "made"), clone=folder / "made", lineage=lineage
        )
        return open_panel(made.folder), dict(labels_of(made)), prompts


def fits(
    panel: Panel, labels: dict[str, DeclaredModel], prompts: list[str]
) -> Callable[[int, int], Fit]:
    return lambda probes, cut: fit_panel_for(panel, labels, prompts, probes, cut)


def placing(
    panel: Panel, labels: dict[str, DeclaredModel], asked: ResponseSet, alpha: float = 0.05
) -> Placement:
    return place(fit_panel_for(panel, labels, [], len(asked.probe_ids), 0), asked, alpha=alpha)


def answers(panel: Panel, of: str, probes: int = PROBES) -> ResponseSet:
    found = next(r for r in panel.responses if r.model == of)
    return ResponseSet("new", found.probe_ids[:probes], found.slots[:probes])


def test_looks_share_the_rate_and_are_as_many_as_makers_carry() -> None:
    plan = plan_looks(100, 0.05, 80)
    assert plan.looks == (30, 100) and sum(plan.rates) == pytest.approx(0.05)
    assert least_p(80) <= plan.rates[0] < plan.rates[1]
    assert plan_looks(100, 0.01, 80) == LookPlan((100,), (0.01,))
    many = plan_looks(100, 0.05, 10_000)
    assert many.looks == (10, 15, 20, 30, 60, 100) and sum(many.rates) == pytest.approx(0.05)


def test_who_asks_all_or_few_looks_once_with_the_whole_rate() -> None:
    assert plan_looks(100, 0.05, 10_000, never) == LookPlan((100,), (0.05,))
    assert plan_looks(9, 0.05, 10_000) == LookPlan((9,), (0.05,))
    own = plan_looks(24, 0.05, 80, lambda answers: True)
    assert own.looks == (10, 15, 20, 24) and set(own.rates) == {0.05}


def test_the_rate_is_the_makers_own_unless_one_is_wanted() -> None:
    assert [rate_for(n) for n in (10, 198, 199)] == [0.05, 0.05, 0.01]
    assert rate_for(10, 0.2) == 0.2


def test_a_look_stops_for_a_relation_and_for_nothing_else(
    world: tuple[Panel, dict[str, DeclaredModel], list[str]],
) -> None:
    panel, labels, prompts = world
    assert makers_of(panel.models, labels) == COUNT
    plan = plan_looks(PROBES, 0.05, COUNT)
    assert len(plan.looks) == 1  # 60 makers cannot share out 5%
    shared = LookPlan((10, PROBES), (0.04, 0.01))
    kin = Looks(fits(panel, labels, prompts), prompts, shared)
    assert kin(answers(panel, "org/f3-m0", 10)) and kin.last is not None
    assert kin.last.alpha == 0.04 and kin.probes == 10
    again = kin.last
    assert kin.look(answers(panel, "org/f3-m0"), 10) is again  # and not measured once more

    slots = tuple((Response.of(f"its own words {k * 77}"),) for k in range(10))
    stranger = ResponseSet("new", panel.probe_ids[:10], slots)
    looks = Looks(fits(panel, labels, prompts), prompts, shared)
    assert not looks(stranger) and looks.last is not None and looks.last.verdict == "not shown"
    silent = ResponseSet("new", panel.probe_ids[:10], ((),) * 10)
    assert not Looks(fits(panel, labels, prompts), prompts, shared)(silent)


def test_p_counts_makers_and_has_the_new_model_among_those_that_are_near(
    world: tuple[Panel, dict[str, DeclaredModel], list[str]],
) -> None:
    """A copy of a member is nearer than any strangers, but to its own maker's models.

    Of two models of that maker the copied one has the copy as near as the copy has it.
    """
    panel, labels, _ = world
    found = placing(panel, labels, answers(panel, "org/f3-m0"), alpha=0.05)
    assert found.makers == COUNT and found.outsiders == 2 * COUNT
    assert found.p == pytest.approx((1 + 1 / 2) / (1 + COUNT))
    alone = {m: d for m, d in labels.items() if m != "org/f3-m1"}
    assert placing(panel, alone, answers(panel, "org/f3-m0"), alpha=0.05).p == pytest.approx(
        2 / (1 + COUNT)
    )


def test_makers_of_many_models_weigh_as_one_of_two(
    world: tuple[Panel, dict[str, DeclaredModel], list[str]],
) -> None:
    panel, labels, _ = world
    whole = {
        m: DeclaredModel(d.family, f"maker{int(d.family[6:]) // 2}") for m, d in labels.items()
    }
    found = placing(panel, whole, answers(panel, "org/f3-m0"), alpha=0.05)
    assert found.makers == COUNT // 2 and found.p == pytest.approx((1 + 1 / 4) / (1 + COUNT // 2))


def test_without_families_there_is_an_order_and_no_verdict(
    world: tuple[Panel, dict[str, DeclaredModel], list[str]],
) -> None:
    panel, _, _ = world
    found = placing(panel, {}, answers(panel, "org/f3-m0"))
    assert (found.verdict, found.code, found.kept) == ("no answer", "no-panel", None)
    assert found.nearest[0].model == "org/f3-m0" and "no family" in found.reason


def test_the_table_of_cladist_gives_families_where_none_are_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, prompts, _ = families(3, 2, 12)
    names = ["Qwen/Qwen2.5-7B", "Qwen/Qwen2.5-7B-Instruct", "google/gemma-2-2b", "no/body-knows"]
    known = dict(zip(names, said.values(), strict=False))
    dna_web(tmp_path / "made", known, prompts)
    made = obtain(collection("made", folder=tmp_path / "made"), clone=tmp_path / "made")
    labels = labels_of(made)
    told = next(d for m, d in labels.items() if m.endswith("7B-Instruct"))
    assert (told.family, told.group, told.date) == ("Qwen/Qwen2.5-7B", "qwen", "2024-09")
    assert told.licence == "apache-2.0" and made.facts.labelled == len(labels) == 3
    assert any("Families of 3 of 4 models" in r for r in made.facts.remarks)
