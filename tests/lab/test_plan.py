from __future__ import annotations

from collections.abc import Callable

import pytest

from cladist.errors import InputError
from cladist.lab.plan import Child, Founder, parse_plan, plan_names, read_plan

from .conftest import HEAD, tiny_plan

CHILD = """
[[child]]
name = "{name}"
parents = {parents}
operation = "{operation}"
{rest}
"""


def child(name: str, parents: str, operation: str, rest: str = "") -> str:
    return CHILD.format(name=name, parents=parents, operation=operation, rest=rest)


def test_the_menagerie_is_as_rich_as_it_says() -> None:
    plan = read_plan("menagerie")
    founders = [n for n in plan.nodes if isinstance(n, Founder)]
    scored = [n for n in plan.nodes if isinstance(n, Child) and not n.series]
    depth: dict[str, int] = {}
    for node in plan.nodes:
        own = node.parents if isinstance(node, Child) else ()
        depth[node.name] = 1 + max((depth[p] for p in own), default=-1)
    assert len(founders) >= 8
    assert len({f.architecture for f in founders}) == 7
    assert len(scored) >= 64
    assert max(depth.values()) == 5
    twins = [(f.architecture, f.corpus) for f in founders]
    assert len(set(twins)) < len(twins), "no two founders differ by their seed alone"


@pytest.mark.parametrize("name", plan_names())
def test_every_plan_that_ships_passes_its_checks(name: str) -> None:
    assert read_plan(name).nodes


def test_parents_come_first_however_a_plan_is_written() -> None:
    text = child("b", '["a"]', "noise") + child("a", '["oak"]', "noise")
    assert parse_plan(tiny_plan(text), "x").names == ["oak", "fig", "a", "b"]


@pytest.mark.parametrize(
    ("children", "message"),
    [
        (child("a", '["oek"]', "noise"), "descends from 'oek'.*did you mean oak"),
        (
            child("a", '["b"]', "noise") + child("b", '["a"]', "noise"),
            "descend from themselves: a <- b <- a",
        ),
        (child("a", '["a"]', "noise"), "descend from themselves: a <- a"),
        (child("a", '["oak", "fig"]', "merge"), "different shapes: architecture llama and gpt2"),
        (
            child("s", '["oak"]', "drop-layers") + child("a", '["oak", "s"]', "merge"),
            "different shapes: layers 2 and 1",
        ),
        (
            child("w", '["oak"]', "extend-vocabulary", 'corpus = "empty-talk"')
            + child("a", '["oak", "w"]', "merge"),
            "different shapes: tokens",
        ),
        (child("a", '["oak"]', "merge"), "takes 2 to 8 different parents, not 1"),
        (child("a", '["oak", "oak"]', "merge"), "different parents"),
        (child("a", '["oak"]', "sing"), "operation 'sing' is unknown; use one of tune"),
        (child("a", '["oak"]', "tune"), "tune needs a corpus"),
        (child("a", '["oak"]', "tune", 'corpus = "epics"'), "corpus must be one of"),
        (child("a", '["oak"]', "noise", "sigma = -1"), "sigma must lie between 0 and 10"),
        (child("a", '["oak"]', "noise", "sigma = true"), "sigma must be a number"),
        (child("a", '["oak"]', "noise", "volume = 3"), "unknown key volume"),
        (child("a", '["oak"]', "distil", 'corpus = "empty-talk"'), "distil needs teacher"),
        (child("a", '["oak"]', "noise", 'teacher = "fig"'), "noise takes no teacher"),
        (child("oak", '["oak"]', "noise"), "the name 'oak' is used twice"),
        (child("../a", '["oak"]', "noise"), "'../a' cannot be used"),
        (child("a", '["fig"]', "quantise", 'kind = "Q4_0"'), "writes no GGUF of gpt2"),
        (child("a", '["oak"]', "drop-layers", "count = 2"), "drops 2 of 2 layers"),
        (child("a", '["oak"]', "disguise"), "needs system, temperature or words"),
        (
            child("a", '["oak"]', "disguise", "temperature = 0.5") + child("b", '["a"]', "noise"),
            "'a' is a disguise and has no weights of its own; use 'oak'",
        ),
        (
            child("a", '["oak"]', "noise")
            + child("b", '["oak"]', "noise")
            + child("c", '["oak", "a", "b"]', "merge", 'method = "slerp"'),
            "slerp goes between two parents, not 3",
        ),
    ],
)
def test_impossible_plans_are_refused_with_the_reason(children: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_plan(tiny_plan(children), "x")


def test_ties_of_two_founders_lack_a_common_base() -> None:
    twin = tiny_plan("").replace('"gpt2"', '"llama"').replace('"gospels"', '"empty-talk"')
    text = child("a", '["oak", "fig"]', "merge", 'method = "ties"')
    with pytest.raises(InputError, match="one founder; these have several"):
        parse_plan(twin + text, "x")
    linear = parse_plan(twin + text.replace("ties", "linear"), "x")
    assert linear.names[-1] == "a"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD, "needs a \\[\\[founder\\]\\]"),
        ("name = ", "not valid TOML"),
        ("founder = 3", "write every founder as a table"),
        (tiny_plan("").replace("heads = 2", "heads = 3"), "no multiple of twice 3 heads"),
        (tiny_plan("").replace('"llama"', '"elman"'), "architecture must be one of"),
        (tiny_plan("").replace("vocabulary = 288", "vocabulary = 3"), "between 257"),
        (tiny_plan("").replace("seed = 5", "seed = 'x'"), "seed must be a whole number"),
    ],
)
def test_plans_that_cannot_be_read(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_plan(text, "x")


def test_a_plan_that_is_nowhere() -> None:
    with pytest.raises(InputError, match=r"neither a file nor one that ships .*menagerie"):
        read_plan("no-such-plan")


def test_a_recipe_changes_with_its_ancestors_alone(plan_file: Callable[[str], str]) -> None:
    first = read_plan(plan_file(tiny_plan())).recipes()
    second = read_plan(plan_file(tiny_plan().replace("sigma = 0.1", "sigma = 0.2"))).recipes()
    assert {n for n in first if first[n] != second[n]} == {"oak-noise", "oak-merge"}
