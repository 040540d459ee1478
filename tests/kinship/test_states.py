"""Flags of answers that say nothing."""

from __future__ import annotations

import pytest

from cladist.core.responses import ResponseSet
from cladist.kinship.inference.states import FLAGS, VETO, model_flags, pair_states, speaking

PROMPTS = [f"please write something about the number {p}" for p in range(30)]


def answers(name: str, texts: list[str | None]) -> ResponseSet:
    return ResponseSet.of_texts(name, texts)


def own(name: str) -> list[str | None]:
    return [f"{name} says of {p} what {name} has to say" for p in range(30)]


@pytest.mark.parametrize("text", ["$ERROR$", "<|endoftext|>", "I am sorry, I cannot help."])
def test_a_text_shared_on_several_unlike_prompts_is_no_evidence(text: str) -> None:
    a, b = own("a"), own("b")
    for p in (1, 5, 9, 13, 17, 21):
        a[p] = b[p] = text
    assert "canned-answers" in pair_states(answers("a", a), answers("b", b), PROMPTS)
    for p in range(2, 30, 2):  # now most of what is equal is their own
        b[p] = a[p]
    assert "canned-answers" not in pair_states(answers("a", a), answers("b", b), PROMPTS)


def test_short_right_answers_and_repeated_prompts_are_no_canned_text() -> None:
    a = answers("a", ["yes"] * 6 + own("a")[6:])
    assert not model_flags(a, PROMPTS).canned
    text = "This is what is asked again and again."
    twice = answers("b", [text] * 6 + own("b")[6:])
    assert model_flags(twice, PROMPTS).canned == {text}
    assert not model_flags(twice, [PROMPTS[0]] * 6 + PROMPTS[6:]).canned


def test_models_that_say_something() -> None:
    made = [
        answers("a", own("a")),
        answers("end", ["<|endoftext|>"] * 30),
        answers("echo", [f"{q} and more" for q in PROMPTS]),
        answers("none", [None] * 28 + ["so", "it is"]),
    ]
    assert speaking(made, PROMPTS) == [True, False, False, False]
    assert speaking(made)[2]  # without prompts an echo cannot be seen


def test_every_flag_has_a_sentence() -> None:
    assert set(VETO) < set(FLAGS) and all(FLAGS.values())
