from __future__ import annotations

import json
from pathlib import Path

import pytest

from cladist.errors import InputError
from cladist.lab.truth import Individual, Truth, read_truth


def one(
    name: str, *parents: str, corpus: str = "", teacher: str = "", series: str = ""
) -> Individual:
    operation = ("merge" if len(parents) > 1 else "tune") if parents else "founder"
    return Individual(
        name, operation, parents, teacher, corpus, series, "llama", {}, 5 if corpus else 0, 10,
        1.0, 2.0,
    )  # fmt: skip


TRUTH = Truth(
    (
        one("a", corpus="scripture"),
        one("e", corpus="scripture"),
        one("f", corpus="code"),
        one("a1", "a", corpus="poems"),
        one("a2", "a", corpus="gospels"),
        one("f1", "f", corpus="poems"),
        one("f2", "f", corpus="manual", teacher="a2"),
        one("am", "a1", "a2"),
        one("am1", "am", corpus="code"),
    )
)


def test_kin_share_a_founder() -> None:
    assert TRUTH.kin("am1", "a2")
    assert TRUTH.kin("a", "a")
    assert not TRUTH.kin("a", "e")
    assert not TRUTH.kin("f2", "a2"), "a pupil has no weights of its teacher"


@pytest.mark.parametrize(
    ("a", "b", "births"),
    [("a", "a", 0), ("a", "a1", 1), ("a1", "a2", 2), ("am", "a2", 1), ("am1", "a", 3),
     ("a", "f", -1)],
)  # fmt: skip
def test_births_are_counted_along_the_shortest_way(a: str, b: str, births: int) -> None:
    assert TRUTH.distance(a, b) == TRUTH.distance(b, a) == births


@pytest.mark.parametrize(
    ("a", "b", "kind"),
    [
        ("a", "e", "same founding text"),
        ("am", "e", "same founding text"),
        ("a1", "f1", "same tuning text"),
        ("am1", "f1", "same tuning text"),
        ("a2", "f2", "taught"),
        ("am", "f2", "taught"),
        ("a", "f2", "taught"),
        ("a1", "f2", "nothing shared"),
        ("a2", "f", "nothing shared"),
    ],
)
def test_what_strangers_share(a: str, b: str, kind: str) -> None:
    assert TRUTH.unrelated(a, b) == TRUTH.unrelated(b, a) == kind


def test_the_tree_puts_parents_on_their_own_nodes() -> None:
    tree = TRUTH.tree(["a", "a1", "a2", "am", "am1", "f", "f1"])
    assert sorted(tree.leaves()) == ["a", "a1", "a2", "am", "am1", "f", "f1"]
    clades = {frozenset(c) for c in tree.clades()}
    assert frozenset({"am", "am1"}) in clades
    assert frozenset({"a1", "am", "am1"}) in clades, "a merge hangs below its first parent"
    assert frozenset({"a", "a1", "a2", "am", "am1"}) in clades
    length = {n.name: n.length for n in tree.root.preorder() if n.is_leaf}
    assert length["am"] == 0.0
    assert length["am1"] == 1.0


def test_models_left_out_leave_no_nodes() -> None:
    tree = TRUTH.tree(["a", "am1", "f1"])
    assert sorted(tree.leaves()) == ["a", "am1", "f1"]
    assert frozenset({"a", "am1"}) in {frozenset(c) for c in tree.clades()}


def test_generations_follow_the_longest_line() -> None:
    assert [TRUTH.generation(n) for n in ("a", "a1", "am", "am1")] == [0, 1, 2, 3]


def test_no_menagerie_no_truth(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no menagerie"):
        read_truth(tmp_path)
    (tmp_path / "plan.json").write_text(json.dumps({"plans": [{"name": "few", "nodes": []}]}))
    with pytest.raises(InputError, match=r"no model of .* is finished"):
        read_truth(tmp_path)


def test_a_grown_menagerie_tells_its_truth(menagerie: Path) -> None:
    truth = read_truth(menagerie)
    assert truth.distance("oak-merge", "oak-adapter") == 2
    assert "oak-int4" not in truth.scored()
    assert truth.by_name["oak-tune"].tokens == 3 * 4 * 41
    assert truth.by_name["oak-noise"].tokens == 0
