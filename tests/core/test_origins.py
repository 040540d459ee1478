from __future__ import annotations

from cladist.core.origins import UNTOLD, Origin, listed, mixed_models, mixture, parts

ONE, TWO = Origin("a", "f", "p"), Origin("a", "g", "q")


def test_parts_are_counted_most_first() -> None:
    assert parts({ONE: 1, TWO: 3, UNTOLD: 2}, "configuration") == {"g": 3, "": 2, "f": 1}
    assert list(parts({ONE: 1, TWO: 3}, "provider")) == ["q", "p"]
    assert parts({}, "model") == {}


def test_what_is_mixed_is_marked_part_by_part() -> None:
    assert mixture({ONE: 1, TWO: 1}) == ("several-configurations", "several-providers")
    assert mixture({ONE: 1, Origin("b", "f", "p"): 1}) == ("several-models",)
    assert mixture({ONE: 1, UNTOLD: 1}) == ("partly-unknown-model",)
    assert mixture({ONE: 5}) == mixture({UNTOLD: 5}) == mixture({}) == ()
    assert mixed_models({ONE: 1, TWO: 1, UNTOLD: 1}) == ()
    assert mixed_models({ONE: 1, Origin("b"): 2}) == ("b", "a")


def test_long_lists_are_counted() -> None:
    assert listed({"a": 2, "": 1}) == "a (2), not told (1)"
    assert listed({str(i): 1 for i in range(9)}, 2) == "0 (1), 1 (1) and 7 more"
