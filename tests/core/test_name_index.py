"""Which measured model a name means; what cannot be told is said and never guessed."""

from __future__ import annotations

import pytest

from cladist.core.name_index import NameIndex

HERE = {
    "acme_Bird-7B": (),
    "crow-3b": ("hf:zoo/crow-3b",),
    "jay": ("gguf:/data/jay-1b.Q4_K_M.gguf",),
    "owl": (),
}


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("acme_Bird-7B", "acme_Bird-7B"),
        ("acme/bird-7b", "acme_Bird-7B"),
        ("acme--Bird-7B", "acme_Bird-7B"),
        ("acme__Bird-7B", "acme_Bird-7B"),
        ("https://hf.co/acme/Bird-7B/tree/main", "acme_Bird-7B"),
        ("/cache/models--acme--Bird-7B/snapshots/0a", "acme_Bird-7B"),
        ("/data/Bird-7B", "acme_Bird-7B"),
        ("zoo/Crow-3B@v1", "crow-3b"),
        ("Crow-3B", "crow-3b"),
        ("nest/owl", "owl"),
        ("D:\\m\\owl", "owl"),
        # Other makers' models of the same name, and other formats, are other models.
        ("copier/Bird-7B", ""),
        ("copier/crow-3b", ""),
        ("acme/Bird-7B-GGUF", ""),
        ("someone/jay-1b", ""),
        ("bird", ""),
        ("", ""),
    ],
)
def test_the_one_that_fits(text: str, model: str) -> None:
    assert NameIndex(HERE).find(text) == ((model,) if model else ())


def test_several_that_fit_are_said_and_none_is_taken() -> None:
    index = NameIndex({"acme/bird": (), "acme_Bird": (), "a_jay": (), "b_jay": ()})
    assert index.find("acme/bird") == ("acme/bird",)  # its very name
    found = index.match(["acme/Bird", "acme/bird", "jay", "/data/jay", "gone"])
    assert found.found == {"acme/bird": "acme/bird"}
    assert set(found.unsure) == {"acme/Bird", "jay", "/data/jay"}
    told = found.remarks()
    assert len(told) == 3 and all("not guessed" in r for r in told)
    assert "'a_jay' and 'b_jay'" in told[-1]


def test_one_measured_model_is_not_taken_for_models_of_two_makers() -> None:
    index = NameIndex({"owl": ()})
    found = index.match(["nest/owl", "barn/owl", "owl"])
    assert found.found == {"owl": "owl"}
    assert "'nest/owl' and 'barn/owl' both fit the measured 'owl'" in found.remarks()[0]


def test_a_child_and_its_parent_are_not_made_one() -> None:
    index = NameIndex({"bird-7b": ()})
    assert index.match(["bird-7b", "acme/bird-7b"]).found["acme/bird-7b"] == "bird-7b"
    found = index.match(["bird-7b", "acme/bird-7b"], [("bird-7b", "acme/bird-7b")])
    assert found.found == {"bird-7b": "bird-7b"}


def test_quantisations_of_what_is_not_here_are_named_and_not_taken() -> None:
    found = NameIndex({"copier_bird-7b-GGUF": ()}).match(["acme/bird-7b"])
    assert not found.found
    assert "'copier_bird-7b-GGUF' may be a quantisation" in found.remarks()[0]


def test_tables_come_under_the_names_here() -> None:
    index = NameIndex({"acme_bird": (), "owl": ()})
    made, told = index.apply({"acme/bird": 1, "nobody": 2, "owl": 3}, "t.csv")
    assert made == {"acme_bird": 1, "nobody": 2, "owl": 3} and told == []
    made, told = index.apply({"acme/bird": 1, "acme_bird": 2}, "t.csv")
    assert made == {"acme_bird": 2}
    assert told == [
        "t.csv: two rows are of 'acme_bird' and differ; that of 'acme/bird' is left out"
    ]
    assert index.apply({"acme/bird": 1, "acme_bird": 1}, "t.csv") == ({"acme_bird": 1}, [])


def test_titles_are_for_names_without_a_maker() -> None:
    index = NameIndex({"b.Q4_0": ()}, {"b.Q4_0": "Bird 7B"})
    assert index.find("bird 7b") == ("b.Q4_0",)
    assert index.find("acme/Bird 7B") == ()
