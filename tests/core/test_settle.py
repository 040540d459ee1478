"""Several documents, one meaning: what only looks like a contradiction is none."""

from __future__ import annotations

import pytest

from cladist.core.lineage import DeclaredLink, Lineage, join
from cladist.core.settle import settle


def said(*links: DeclaredLink) -> Lineage:
    return Lineage(links)


def pairs(lineage: Lineage) -> list[tuple[str, str]]:
    return list(dict.fromkeys((k.child, k.parent) for k in lineage.links))


def header(child: str, parent: str) -> DeclaredLink:
    return DeclaredLink(child, parent, "", "header", held=True)


@pytest.mark.parametrize(
    "other",
    ["Acme/bird-7b", "bird-7b", "Bird-7B", "acme--Bird-7B"],
)
def test_one_parent_written_twice_is_one_parent(other: str) -> None:
    made = settle(
        said(
            DeclaredLink("m", "acme/Bird-7B", "", "card"),
            DeclaredLink("m", other, "adapter", "adapter"),
        )
    )
    assert pairs(made) == [("m", "acme/Bird-7B")] and made.disagreements() == []
    assert settle(made) == made


def test_a_name_without_maker_is_not_given_one_where_two_fit() -> None:
    made = settle(
        said(
            DeclaredLink("m", "acme/bird", "merge", "recipe"),
            DeclaredLink("m", "zoo/bird", "merge", "recipe"),
            DeclaredLink("m", "bird", "merge", "recipe"),
        )
    )
    assert pairs(made) == [("m", "acme/bird"), ("m", "zoo/bird"), ("m", "bird")]


@pytest.mark.parametrize("relation", ["quantized", ""])
def test_a_header_tells_the_parent_of_what_the_file_holds(relation: str) -> None:
    card = DeclaredLink("q4", "acme/Bird-Chat", relation, "card")
    for order in ((card, header("q4", "acme/Bird")), (header("q4", "acme/Bird"), card)):
        made = settle(said(*order))
        assert set(pairs(made)) == {("q4", "acme/Bird-Chat"), ("acme/Bird-Chat", "acme/Bird")}
        assert made.disagreements() == [] and settle(made) == made


def test_a_header_of_a_merge_tells_the_parents_of_the_merge() -> None:
    made = settle(
        said(
            DeclaredLink("q4", "zoo/Mix", "quantized", "card"),
            header("q4", "acme/A"),
            header("q4", "acme/B"),
        )
    )
    assert pairs(made)[1:] == [("zoo/Mix", "acme/A"), ("zoo/Mix", "acme/B")]


def test_a_header_beside_the_card_of_the_model_itself() -> None:
    same = settle(
        said(DeclaredLink("m", "acme/Bird", "finetune", "card"), header("m", "Acme/bird"))
    )
    assert pairs(same) == [("m", "acme/Bird")]
    # A fine-tune whose own file names another base: that is a contradiction.
    other = settle(said(DeclaredLink("m", "acme/Bird", "finetune", "card"), header("m", "zoo/Fox")))
    assert [d.kind for d in other.disagreements()] == ["parent"]
    alone = settle(said(header("m", "acme/Bird")))
    assert pairs(alone) == [("m", "acme/Bird")]


@pytest.mark.parametrize("mirror", ["copier/bird-7b", "copier/Bird-7B-bnb-4bit", "acme/Bird-7B-hf"])
def test_mirrors_are_kept_as_two_told_and_no_contradiction(mirror: str) -> None:
    made = settle(
        said(
            DeclaredLink("m", "acme/Bird-7B", "finetune", "card"),
            DeclaredLink("m", mirror, "finetune", "adapter"),
        )
    )
    assert pairs(made) == [("m", "acme/Bird-7B"), ("m", mirror)]
    assert made.disagreements() == []
    assert len(made.remarks) == 1 and "mirror or quantisation" in made.remarks[0]
    assert settle(made) == made


def test_different_parents_are_still_a_contradiction() -> None:
    made = settle(
        said(DeclaredLink("m", "acme/Bird", "", "a"), DeclaredLink("m", "acme/Fox", "", "b"))
    )
    assert [d.kind for d in made.disagreements()] == ["parent"]


def test_another_revision_of_itself_is_no_parent() -> None:
    made = settle(said(DeclaredLink("acme/bird@v2", "acme/bird@v1", "finetune", "t")))
    assert made.links == () and "another revision" in made.remarks[0]
    moved = settle(said(DeclaredLink("gpt2", "openai-community/gpt2", "copy", "t")))
    assert moved.links == () and "under another name" in moved.remarks[0]
    path = settle(said(DeclaredLink("bird", "bird", "adapter", "t", written="/data/bird")))
    assert path.links == () and "cannot be told" in path.remarks[0]
    itself = settle(said(DeclaredLink("acme/bird", "Acme/Bird", "", "t")))
    assert [d.kind for d in itself.disagreements()] == ["itself"]


def test_saying_nothing_is_not_saying_that_there_is_none() -> None:
    made = join([Lineage(models=("a", "b", "c"), founders=("b",)), said(DeclaredLink("c", "d"))])
    assert made.silent() == ("a",) and made.founders == ("b",)
    assert made.first_parents() == {"c": "d", "b": ""}
    both = join([made, said(DeclaredLink("b", "x"))])
    assert [d.kind for d in both.disagreements()] == ["founder"]


def test_circles_can_be_left_out() -> None:
    links = [("a", "a"), ("b", "c"), ("c", "b"), ("c", "d"), ("e", "b")]
    whole = said(*(DeclaredLink(*p) for p in links))
    left = whole.without_circles()
    assert pairs(left) == [("c", "d"), ("e", "b")]
    assert len(left.remarks) == 2 and all("left out" in r for r in left.remarks)
    assert left.without_circles() is left
