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
