from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cladist.errors import InputError
from cladist.kinship.evidence.repeated import (
    clean_answers,
    closed_probes,
    constant_answers,
    prompt_echo,
    repeated_answers,
    strip_common,
    strip_echo,
)

REFUSAL = "I'm sorry, but I cannot assist you with that request."
CITIES = ("Rome", "Oslo", "Bern", "Kyiv", "Lima", "Bonn", "Cairo", "Delhi", "Quito", "Accra",
          "Baku", "Riga")  # fmt: skip
ASKED = [
    "Name a river of France.", "Who painted Guernica?", "Add seven to eleven please.",
    "Translate 'dog' into German.", "Describe the taste of salt.", "How far is the moon?",
]  # fmt: skip


def test_short_texts_are_canned_from_three_prompts_and_long_from_two() -> None:
    row = ["$ERROR$", "Rome", REFUSAL, "$error$ ", "Rome", REFUSAL.upper(), "\n$ERROR$", ""]
    found = repeated_answers([row])[0]
    assert found.tolist() == [False, False, False, True, False, True, True, False]


def test_models_are_looked_at_one_by_one() -> None:
    rows = [[REFUSAL, "a", "b"], ["a", REFUSAL, "b"], ["b", "a", REFUSAL]]
    assert not repeated_answers(rows).any()


def test_the_same_or_a_similar_prompt_may_get_the_same_answer() -> None:
    code = "def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)"
    twice = ["Write a function fib with input n, by recursion", "Add 2 to 3", "ADD 2  TO 3",
             "Write a function fib with input n, by iteration"]  # fmt: skip
    assert not repeated_answers([[code, "5", "6", code]], twice).any()
    assert repeated_answers([[code, "5", "6", code]]).sum() == 1
    assert repeated_answers([[code, code, "6", "7"]], twice).sum() == 1


def test_refusals_that_quote_their_prompt_are_one() -> None:
    rows = [[f'Unfortunately I am not able to help with the request "{q}"' for q in ASKED]]
    assert repeated_answers(rows, ASKED)[0].tolist() == [False] + [True] * 5
    assert not repeated_answers(rows).any()
    own = [[f'Unfortunately I am not able to help, but try "{w}"' for w in CITIES[:6]]]
    assert not repeated_answers(own, ASKED).any()


def test_choices_repeat_by_nature() -> None:
    draw = np.random.default_rng(0)
    rows = [list(r) for r in draw.choice(list("ABCD"), (12, 30))]
    assert closed_probes(rows).all()
    assert not repeated_answers(rows).any()
    rows[0] = ["$ERROR$"] * 30
    assert repeated_answers(rows, closed=np.zeros(30, np.bool_))[0].sum() == 29
    free = [[f"{i}-{j}" for j in range(30)] for i in range(12)]
    assert not closed_probes(free).any()
    assert not closed_probes(rows[:7]).any()  # too few to tell
    rows[0] = [REFUSAL] * 30
    assert repeated_answers(rows)[0].sum() == 29  # a long text is no choice


def test_a_recorded_error_counts_once() -> None:
    """Two of 24 models share an error note on every tenth prompt: one common answer is left."""
    draw = np.random.default_rng(1)
    rows = [[" ".join(draw.choice(CITIES, 12)) for _ in range(60)] for _ in range(24)]
    for m in (0, 1):
        rows[m][::10] = ["$ERROR$"] * 6
    found = clean_answers(rows)
    assert found.canned.tolist() == [5, 5] + [0] * 22
    assert [t for t in found.texts[0] if t == "$ERROR$"] == ["$ERROR$"]
    assert found.texts[2:] == tuple(map(tuple, rows[2:]))


def test_an_echo_is_mostly_the_prompt() -> None:
    asked = ["Tell me about the river Rhine and all its tributaries."]
    for answer, echo in (
        ("tell me about the river  Rhine and all", True),
        ("Tell me about the river Rhine and all its tributaries. Well", True),
        ("Q: Tell me about the river Rhine and all its tributaries.", True),
        ("the river Rhine and all its tributaries", True),
        ("the river Rhine and all", False),
        ("Tell me about the river Rhine and I will tell you about the Danube, which is", False),
        ("The Rhine rises in the Alps.", False),
        ("", False),
    ):
        assert prompt_echo([[answer]], asked).item() is echo, answer
    assert not prompt_echo([["Why? Why?"]], ["Why?"]).any()


def test_a_whole_prompt_before_the_answer_is_cut() -> None:
    asked = ["The old king sat down and ", "Hi"]
    texts = [["The old king sat down and wept.", "Hi there"], ["And so it went.", "Hi"]]
    assert strip_echo(texts, asked) == (("wept.", "Hi there"), ("And so it went.", "Hi"))


def test_closing_tokens_and_openings_are_cut() -> None:
    rows = [
        [f"{c} is nice <|im_end|>" for c in CITIES],
        [f"<s> Answer: {c}" for c in CITIES],
        [f"{c}</s>" for c in CITIES[:10]] + ["Baku", "Riga"],
        [f"{c}</s>" for c in CITIES[:9]] + ["Accra", "Baku", "Riga"],
        [*(f"{c}</s>" for c in CITIES[:11]), "</s>"],
        [*(f"{c}</s>" for c in CITIES[:9]), "", "", ""],
    ]
    bare = strip_common(rows)
    assert bare[0][0] == "Rome" and bare[1][1] == "Oslo"
    assert bare[2] == CITIES
    assert bare[3] == tuple(rows[3])  # 9 of 12 are not 80%
    assert bare[4] == (*CITIES[:11], "")
    assert bare[5] == tuple(rows[5])  # 9 answers are too few to tell


def test_words_are_not_cut_into() -> None:
    words = (" it", " we", "fore", "by", "in", " I", "of", "upon", " he", "to", "with")
    rows = [[f"There{w}" for w in words], list(CITIES[:11])]
    assert strip_common(rows) == tuple(map(tuple, rows))
    ends = [[f"{c}. b." for c in "acdefghijk"]]
    assert strip_common(ends) == (tuple("acdefghijk"),)


def test_constant_answers_are_no_template() -> None:
    rows = [["I do not know that."] * 9 + ["Rome"], list("abcdefghij"), ["x", "x", *[""] * 8]]
    assert constant_answers(rows).tolist() == [True, False, False]
    assert strip_common(rows) == tuple(map(tuple, rows))
    found = clean_answers(rows)
    assert found.constant.tolist() == [True, False, False]
    assert found.canned.tolist() == [8, 0, 0] and found.answers.tolist() == [10, 10, 2]


def test_all_is_cleaned_in_turn() -> None:
    """An end token hides that the rest is an echo, or always the same."""
    asked = [f"What is number {w} in the book of lists?" for w in CITIES]
    rows = [[f"{q}</s>" for q in asked], [f"{w} it is</s>" for w in CITIES], [""] * 12]
    found = clean_answers(rows, asked)
    assert found.template.tolist() == [12, 12, 0]
    assert found.echo.tolist() == [12, 0, 0]
    assert found.texts == (("",) * 12, CITIES, ("",) * 12)
    assert found.answers.tolist() == [12, 12, 0]


def test_bad_shapes_are_named() -> None:
    with pytest.raises(InputError, match="answers of model 1: 1 texts, where the first has 2"):
        repeated_answers([["a", "b"], ["a"]])
    with pytest.raises(InputError, match="1 prompts for 2 probes"):
        prompt_echo([["a", "b"]], ["q"])
    assert repeated_answers([]).shape == (0, 0)
    assert clean_answers([]).texts == ()
    assert clean_answers([[], []]).canned.tolist() == [0, 0]


TEXT = st.text('ab<>/s .\n"', max_size=50)


@given(st.lists(st.lists(TEXT, min_size=6, max_size=6), min_size=1, max_size=4))
def test_nothing_is_made_up(rows: list[list[str]]) -> None:
    """What is left of an answer was in it, first occurrences stay, and a second pass of the
    search for repeats finds nothing more."""
    found = clean_answers(rows, ASKED)
    for row, left in zip(rows, found.texts, strict=True):
        assert all(t in s for s, t in zip(row, left, strict=True))
    mask = repeated_answers(rows)
    kept = [["" if m else t for t, m in zip(r, q, strict=True)]
            for r, q in zip(rows, mask.tolist(), strict=True)]  # fmt: skip
    assert not repeated_answers(kept, closed=closed_probes(rows)).any()
