"""Cards, recipes, adapters, headers and tables: what they declare, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cladist.core.lineage import DeclaredLink, Lineage, join
from cladist.errors import InputError
from cladist.formats._yaml import load_yaml
from cladist.formats.adapter import read_adapter
from cladist.formats.cards import front_matter, read_card
from cladist.formats.declared_table import read_declared_table, write_declared_table
from cladist.formats.gguf_lineage import lineage_of_header
from cladist.formats.mergekit import read_recipe

CARD = "---\nbase_model: org/base\nbase_model_relation: quantized\nlicense: llama2\n---\n# Title\n"


def links(lineage: Lineage) -> list[tuple[str, str, str]]:
    return [(k.child, k.parent, k.relation) for k in lineage.links]


def test_cards() -> None:
    found = read_card(CARD, "m", "README.md")
    assert links(found) == [("m", "org/base", "quantized")]
    assert found.licence("m") == "llama2" and found.models == ("m",)
    several = read_card("---\nbase_model:\n- a/x\n- b/y\n- a/x\n---\n", "m", "r")
    assert links(several) == [("m", "a/x", "merge"), ("m", "b/y", "merge")]
    assert links(read_card("---\nbase_model: a/x\n---\n", "m", "r")) == [("m", "a/x", "")]
    other = read_card("---\nlicense: other\nlicense_name: qwen-research\n---\n", "m", "r")
    assert other.licence("m") == "qwen-research"
    for text in ("no front matter", "---\n---\n", "", "---\nunclosed: 1\n"):
        assert read_card(text, "m", "r").links == ()
    assert front_matter("\ufeff---\r\na: 1\r\n---\r\n", "r") == {"a": 1}


@pytest.mark.parametrize(
    "head",
    [
        "base_model: {a: b}",
        "base_model: [1, 2]",
        "base_model: " + "x" * 300,
        "base_model:\n" + "\n".join(f"- m{i}" for i in range(65)),
        "base_model_relation: [a]",
        "license: {x: y}",
        "base_model: a\nbase_model: b",
        "- just\n- a list",
        "a: !!python/object/apply:os.system ['echo no']",
        "a: &x [1]\nb: {<<: *x}",
        "a: [",
        "a: 2024-13-45",
        "? [x, y]\n: z",
        "a: " + "9" * 5000,
        "a: \x00",
    ],
)
def test_hostile_heads_are_refused_with_the_place(head: str) -> None:
    with pytest.raises(InputError, match=r"README\.md"):
        read_card(f"---\n{head}\n---\n", "m", "README.md")


def test_bombs_are_refused_before_they_go_off() -> None:
    laughs = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{c}: &{c} [{','.join(['*' + chr(ord(c) - 1)] * 10)}]\n" for c in "bcdefgh"
    )
    for text in (laughs, "[" * 5000, "a: " * 300_000, "- " * 3000 + "x", "x\n" * 30_001):
        with pytest.raises(InputError):
            load_yaml(text if text[0] != "x" else "- " + text.replace("\n", "\n- "), "f")


def test_recipes() -> None:
    slices = """
merge_method: slerp
slices:
- sources:
  - model: org/a
    layer_range: [0, 8]
  - model: {model: org/b, path: x}
base_model: org/a
"""
    assert links(read_recipe(slices, "m", "f")) == [
        ("m", "org/a", "merge"),
        ("m", "org/b", "merge"),
    ]
    moe = "base_model: org/x\nexperts:\n- source_model: org/y\n- source_model: org/z+org/lora\n"
    assert [p for _, p, _ in links(read_recipe(moe, "m", "f"))] == [
        "org/x", "org/y", "org/z", "org/lora",
    ]  # fmt: skip
    for text in ("a: 1", "slices: []", "slices:\n- sources:\n  - model: 3\n", "[]"):
        with pytest.raises(InputError, match="f"):
            read_recipe(text, "m", "f")


def test_adapters_and_headers() -> None:
    text = json.dumps({"base_model_name_or_path": "org/base", "r": 8})
    assert links(read_adapter(text, "m", "f")) == [("m", "org/base", "adapter")]
    for bad in ("{}", "[]", "x", '{"base_model_name_or_path": 3}', "[" * 100_000):
        with pytest.raises(InputError, match="f"):
            read_adapter(bad, "m", "f")
    header = {
        "general.base_model.count": 2,
        "general.base_model.0.name": "Base",
        "general.base_model.0.organization": "Org",
        "general.base_model.1.repo_url": "https://huggingface.co/other/thing",
        "general.license": "mit",
    }
    found = lineage_of_header(header, "m", "f")
    assert links(found) == [("m", "Org/Base", "merge"), ("m", "other/thing", "merge")]
    assert found.licence("m") == "mit"
    for count in (-1, 10**9, "x"):
        with pytest.raises(InputError, match="count"):
            lineage_of_header({"general.base_model.count": count}, "m", "f")


def test_tables_come_back_as_written(tmp_path: Path) -> None:
    whole = Lineage(
        (DeclaredLink("c", "p", "finetune", "s"), DeclaredLink("c", "q", "merge", "s")),
        {"c": ("mit",), "z": ("llama2",)},
        {"c": "2024-05"},
        ("c", "r"),
    )
    path = tmp_path / "t.csv"
    path.write_text(write_declared_table(whole), encoding="utf-8")
    back = read_declared_table(path)
    assert back.links == whole.links and back.licences == whole.licences
    assert back.dates == whole.dates and set(back.models) == {"c", "r", "z"}
    for text in (
        "model\nx\n",
        "model,parent\n",
        'model,parent\n"x',
        "model,parent,date\na,b,1\na,c,2\n",
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=r"t\.csv"):
            read_declared_table(path)


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_a_table_is_read_as_spreadsheets_write_it(mark: str, tmp_path: Path) -> None:
    text = "Model,Base Model,Licence,Release date\nc,org/p,mit,2024-05\nf,none,n/a,\nu,?,,\n"
    path = tmp_path / "t.csv"
    path.write_text("\ufeff" + text.replace(",", mark), encoding="utf-8")
    found = read_declared_table(path)
    assert links(found) == [("c", "org/p", "")]
    assert found.licences == {"c": ("mit",)} and found.dates == {"c": "2024-05"}
    assert found.founders == ("f",) and found.models == ("c", "f", "u")


def kinds(*pairs: tuple[str, str, str, str]) -> list[str]:
    return [d.kind for d in Lineage(tuple(DeclaredLink(*p) for p in pairs)).disagreements()]


def test_disagreements() -> None:
    assert kinds(("a", "b", "", ""), ("b", "c", "", "")) == []
    assert kinds(("a", "a", "", "")) == ["itself"]
    assert kinds(("a", "b", "", ""), ("b", "c", "", ""), ("c", "a", "", "")) == ["cycle"]
    assert kinds(("a", "b", "merge", "x"), ("a", "b", "adapter", "y")) == ["relation"]
    assert kinds(("a", "b", "", "x"), ("a", "c", "", "y")) == ["parent"]
    assert kinds(("a", "b", "merge", "x"), ("a", "c", "merge", "x")) == []
    long = tuple(DeclaredLink(f"m{i}", f"m{i + 1}") for i in range(5000))
    assert Lineage(long).disagreements() == []
    (circle,) = Lineage((*long, DeclaredLink("m5000", "m0"))).disagreements()
    assert circle.kind == "cycle" and len(circle.models) == 5001
    assert Lineage((DeclaredLink("a", "b"), DeclaredLink("b", "a"))).ancestors("a") == ("b",)
    two = join([Lineage((), {"m": ("mit",)}), Lineage((), {"m": ("MIT", "gemma")})])
    assert [d.kind for d in two.disagreements()] == ["licence"]


def test_families_are_what_links_connect() -> None:
    found = Lineage((DeclaredLink("a", "x"), DeclaredLink("b", "x"))).components(["a", "b", "c"])
    assert found["a"] == found["b"] != found["c"]


def parents(lineage: Lineage) -> list[str]:
    return [k.parent for k in lineage.links]


@pytest.mark.parametrize(
    "before", ["\n\n", "  \n", "\ufeff\n", "\r\n\r\n", "\t\n", "\n" * 40, "\r"]
)
def test_blank_lines_may_stand_above_a_head(before: str) -> None:
    found = read_card(f"{before}---\nbase_model: org/base\nlicense: mit\n---\n# T\n", "m", "r")
    assert links(found) == [("m", "org/base", "")] and found.licence("m") == "mit"
    old = read_card("---\rbase_model: org/base\r---\r# T\r", "m", "r")
    assert links(old) == [("m", "org/base", "")]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("# Title\n---\nbase_model: org/base\n---\n", "outside of a head"),
        ("<!-- x -->\n---\nbase_model: org/base\n---\n", "outside of a head"),
        ("---\nbase_model: org/base\n", "outside of a head"),
        ("---\nbase_model:\n---\n", "blank"),
        ("---\nbase_model: []\n---\n", "blank"),
        ("---\nbase_models: [org/base]\n---\n", "'base_models' is not read"),
        ("---\nparent_model: org/base\n---\n", "'parent_model' is not read"),
    ],
)
def test_what_a_card_does_not_get_across_is_told(text: str, told: str) -> None:
    found = read_card(text, "m", "README.md")
    assert found.links == () and found.silent() == ("m",) and found.founders == ()
    assert len(found.remarks) == 1 and told in found.remarks[0]
    assert found.remarks[0].startswith("README.md")
    assert read_card("---\nlicense: mit\nmodel_type: x\n---\n", "m", "r").remarks == ()


def test_tags_name_parents_as_well() -> None:
    head = "tags: [x, 'base_model:quantized:org/base', 'base_model:org/base', 3]"
    assert links(read_card(f"---\n{head}\n---\n", "m", "r")) == [("m", "org/base", "quantized")]
    both = f"base_model: Org/Base\n{head}"
    assert links(read_card(f"---\n{both}\n---\n", "m", "r")) == [("m", "Org/Base", "quantized")]


RECIPES = {
    "models as text": ("merge_method: linear\nmodels: [a/x, b/y]", "a/x b/y"),
    "references as tables": (
        "merge_method: linear\nmodels:"
        "\n- model: {model: {path: a/x, revision: v1}, lora: {path: b/l}}"
        "\n- {path: c/z}\n- model: {path: d/w}",
        "a/x b/l c/z d/w",
    ),
    "revision and adapter in text": (
        "merge_method: passthrough\nmodels: [{model: 'a/x@v1+b/l@v2'}]",
        "a/x b/l",
    ),
    "genome": (
        "genome: {models: [a/x, {model: {path: b/y}}], base_model: c/z, filters: [q/k]}\n"
        "tasks: [{name: gsm8k, dataset: some/data}]",
        "a/x b/y c/z",
    ),
    "experts": (
        "base_model: c/z\ngate_mode: hidden\nexperts:"
        "\n- {source_model: a/x, positive_prompts: [u/v]}"
        "\n- source_model: {model: {path: b/y}}\nshared_experts: [{source_model: d/w}]",
        "c/z a/x b/y d/w",
    ),
    "modules": (
        "merge_method: linear"
        "\nmodules: {text: {slices: [{sources: [{model: a/x, layer_range: [0, 4]}]}]}}",
        "a/x",
    ),
    "stages in documents": (
        "name: one\nmerge_method: linear\nmodels: [a/x, b/y]\n---\nname: two\nmerge_method: ties\n"
        "base_model: one\nmodels: [c/z]\n---\nmerge_method: slerp\nmodels: [./two, d/w]",
        "a/x b/y c/z d/w",
    ),
    "stages that are told later": (
        "merge_method: slerp\nmodels: [one, b/y]\n---\nname: one\nmerge_method: linear"
        "\nmodels: [a/x]",
        "a/x b/y",
    ),
    "the stage that is asked for": (
        "name: m\nmerge_method: linear\nmodels: [a/x]\n---\nname: z\nmerge_method: linear"
        "\nmodels: [m, b/y]",
        "a/x",
    ),
    "stages in a list": (
        "- {name: one, merge_method: linear, models: [a/x]}"
        "\n- {merge_method: ties, models: [one, b/y]}",
        "a/x b/y",
    ),
    "stages under a key": (
        "merges:\n- {name: one, merge_method: linear, models: [a/x]}"
        "\n- {merge_method: ties, models: [one, b/y]}",
        "a/x b/y",
    ),
    "models by name": (
        "merge_method: linear\nmodels: {a/x: {weight: 1}, mine: {model: b/y}, yours: c/z}",
        "a/x b/y c/z",
    ),
    "names beside paths": (
        "merge_method: linear\nmodels: [{name: first, path: a/x}, {name: b/y}]",
        "a/x b/y",
    ),
    "paths of machines": (
        "merge_method: linear"
        "\nmodels: [/data/bird/merged, 'C:\\m\\fox', models--a--x/snapshots/0a]",
        "bird fox a/x",
    ),
    "paths that end alike": (
        "merge_method: linear\nmodels: [/one/bird, /two/bird]",
        "/one/bird /two/bird",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_every_kind_of_recipe(name: str) -> None:
    text, wanted = RECIPES[name]
    found = read_recipe(text, "m", "recipe.yml")
    assert sorted(parents(found)) == sorted(wanted.split()) and found.remarks == ()
    assert {k.relation for k in found.links} == {"merge"}


@pytest.mark.parametrize(
    ("text", "kept", "told"),
    [
        ("models: [a/x]\nbirds: b/y", "a/x", "'birds' holds 'b/y'"),
        ("models: [a/x]\ninput_models: [mine]", "a/x", "'input_models' holds 'mine'"),
        ("models: [a/x]\nexperts: [{expert_model: b/y}]", "a/x", "'experts' holds"),
        ("models: [a/x]\nextra: {inner: [b/y]}", "a/x", "'inner' holds 'b/y'"),
        ("models: [a/x, {weight: 1}]", "a/x", "'models' holds"),
        ("models: [a/x, {model: {repo_name: b/y}}]", "a/x", "'model' holds"),
        ("models: [a/x]\ntokenizer: {source: b/y}", "a/x", "tokenizer takes from 'b/y'"),
        ("models: [a/x]\ntokenizer_source: b/y", "a/x", "tokenizer takes from 'b/y'"),
        (
            "models: [a/x]\n---\nname: spare\nmerge_method: linear\nmodels: [b/y]",
            "a/x",
            "'spare' is not used",
        ),
        (
            "name: p\nmodels: [a/x]\n---\nname: q\nmerge_method: linear\nmodels: [b/y]",
            "a/x b/y",
            "used by no other one",
        ),
    ],
)
def test_what_a_recipe_does_not_get_across_is_told(text: str, kept: str, told: str) -> None:
    found = read_recipe(f"merge_method: linear\n{text}", "m", "recipe.yml")
    assert sorted(parents(found)) == kept.split()
    assert len(found.remarks) == 1 and told in found.remarks[0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: a\nmodels: [b]\n---\nname: b\nmodels: [a]", "made of each other"),
        ("name: a\nmodels: [b]\n---\nname: b\nmodels: [a]\n---\nmodels: [a]", "made of each other"),
        ("name: a\nmodels: [x/y]\n---\nname: a\nmodels: [x/z]", "two merges are called 'a'"),
        ("models: [{weight: 1}]", "names no model"),
        ("models: [3]", "no name of a model"),
        ("models: [a/b]\n---\n- 3", "not of keys"),
        ("models: [a/b]\n--- text", "not of keys"),
    ],
)
def test_recipes_that_cannot_be_right(text: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read_recipe(f"merge_method: linear\n{text}", "m", "recipe.yml")


def test_adapters_that_name_no_base_or_several() -> None:
    for value in ("", "  ", None):
        found = read_adapter(json.dumps({"base_model_name_or_path": value}), "m", "f")
        assert found.silent() == ("m",) and "is blank" in found.remarks[0]
    many = {"base_model_id": "a/x", "adapters": {"0": "b/l", "1": "/data/lora"}}
    assert parents(read_adapter(json.dumps(many), "m", "f")) == ["a/x", "b/l", "lora"]
    told = {"base_model_name_or_path": "a/x", "revision": "v1"}
    (link,) = read_adapter(json.dumps(told), "m", "f").links
    assert (link.parent, link.written) == ("a/x", "a/x@v1")


def test_ways_of_fine_tuning_do_not_contradict_each_other() -> None:
    assert kinds(("a", "b", "finetune", "x"), ("a", "b", "adapter", "y")) == []
    assert kinds(("a", "b", "finetune", "x"), ("a", "b", "quantized", "y")) == ["relation"]
