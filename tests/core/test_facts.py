"""Facts: merged by confidence with every conflict told, and found by any name."""

from __future__ import annotations

from cladist.core.facts import Fact, Facts, merge_facts


def test_the_surest_wins_and_who_differs_is_told() -> None:
    merged, conflicts = merge_facts(
        [
            Fact("acme/bird", licence="mit", released="2024", source="a", confidence="low"),
            Fact("ACME/Bird", licence="gemma", released="2024-05", source="b", confidence="high"),
            Fact("acme_other", "acme/other", group="g", source="c"),
        ]
    )
    bird, other = merged
    assert (bird.licence, bird.released, bird.confidence) == ("gemma", "2024-05", "high")
    assert bird.source == "b; a" and other.group == "g"
    (conflict,) = conflicts
    assert conflict.what == "licence"
    assert "'gemma' (b, high); others say 'mit' (a, low)" in conflict.message


def test_of_equals_the_most_win_and_of_dates_the_earliest() -> None:
    rows = [Fact("m", maker=x, released=d) for x, d in (("A", "2024-03"), ("B", "2024-01"))]
    merged, conflicts = merge_facts([*rows, Fact("m", maker="B")])
    assert (merged[0].maker, merged[0].released) == ("B", "2024-01")
    assert [c.what for c in conflicts] == ["maker", "released"]


def test_two_spellings_of_one_model_are_no_conflict() -> None:
    rows = [Fact("m", parent="acme/bird"), Fact("m", parent="https://hf.co/Acme/Bird/tree/v1")]
    merged, conflicts = merge_facts(rows)
    assert merged[0].parent == "acme/bird" and conflicts == []


def test_corrections_of_a_user_win_and_are_marked() -> None:
    shipped = Fact("acme/bird", "acme/bird", licence="mit", group="g", confidence="high")
    own = Fact("acme/bird", licence="gemma", confidence="low", own=True)
    (merged,), conflicts = merge_facts([shipped, own])
    assert (merged.licence, merged.group, merged.own) == ("gemma", "g", True)
    assert merged.sure and len(conflicts) == 1


def test_found_by_any_name_and_never_by_one_that_fits_two() -> None:
    known = Facts(
        [
            Fact("acme/bird-7b", "acme/bird-7b"),
            Fact("zoo/fox", "zoo/fox", confidence="low"),
            Fact("acme/jay", "acme/jay"),
            Fact("zoo/jay", "zoo/jay"),
        ]
    )
    for name in ("acme_bird-7b", "hf.co/Acme/Bird-7B", "/data/bird-7b", "Bird-7B@v1"):
        found = known.find(name)
        assert found is not None and found.model == "acme/bird-7b", name
    assert known.find("copier/bird-7b") is None and known.find("bird-7b-GGUF") is None
    assert known.find("jay") is None and len(known.candidates("jay")) == 2
    assert len(known) == 4 and {f.model for f in known} >= {"zoo/jay"}
    # What is not sure is not used unasked.
    assert set(known.of(["zoo_fox", "acme_jay", "nobody"])) == {"acme_jay"}
