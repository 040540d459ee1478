from __future__ import annotations

from cladist.kinship.evidence.repeated import clean_answers
from cladist.kinship.inference.states import answer_flags

CITIES = ("Rome", "Oslo", "Bern", "Kyiv", "Lima", "Bonn", "Cairo", "Delhi", "Quito", "Accra")
ASKED = [f"What is number {w} in the book of lists?" for w in CITIES]


def test_every_kind_is_named_and_counted() -> None:
    rows = [
        list(CITIES),
        ["$ERROR$", "$ERROR$", "$ERROR$", *CITIES[:7]],
        [f"{c}</s>" for c in CITIES],
        [*ASKED[:3], *CITIES[:7]],
        ["I do not know."] * 10,
    ]
    found = [answer_flags(clean_answers(rows, ASKED), i) for i in range(5)]
    assert [[(f.name, f.count) for f in flags] for flags in found] == [
        [],
        [("canned-answers", 2)],
        [("template-stripped", 10)],
        [("prompt-echo", 3)],
        [("constant-answers", 10), ("canned-answers", 9)],
    ]
    assert str(found[1][0]).startswith("2 of 10 answers repeat a text")
    assert all(f.answers == 10 and f.sentence for flags in found for f in flags)


def test_nothing_is_said_without_answers() -> None:
    assert answer_flags(clean_answers([["", ""]]), 0) == ()
