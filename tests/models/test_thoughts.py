from __future__ import annotations

import pytest

from cladist.models._thoughts import split_thoughts, told_thoughts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<think>a</think>b", ("a", "b")),
        (" \n<THINK>a</THINK>\n\nb", ("a", "b")),
        ("<think>\n\n</think>\n\nb", ("\n\n", "b")),
        ("<think>never closed", ("never closed", "")),
        ("<thought>a</thought>b", ("a", "b")),
        ("[THINK]a[/THINK]b", ("a", "b")),
        ("◁think▷a◁/think▷b", ("a", "b")),
        ("<|begin_of_thought|>a<|end_of_thought|>\n<|begin_of_solution|>b<|end_of_solution|>",
         ("a", "b")),
        ("<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>b"
         "<|return|>", ("a", "b")),
        ("<|channel|>final<|message|>b", ("", "b")),
        ("a <think> in the middle </think>", ("", "a <think> in the middle </think>")),
        ("plain", ("", "plain")),
        ("", ("", "")),
    ],
)  # fmt: skip
def test_tags_at_the_start_part_thoughts_from_answers(text: str, expected: tuple[str, str]) -> None:
    assert split_thoughts(text, opened=False) == expected


def test_a_closing_tag_alone_counts_where_a_template_opened_it() -> None:
    assert split_thoughts("a</think>\nb", opened=True) == ("a", "b")
    assert split_thoughts("a</think>\nb", opened=False) == ("", "a</think>\nb")
    both = "see <think>x</think> here"
    assert split_thoughts(both, opened=True) == ("", both)


def test_thoughts_in_fields_are_found_to_a_bounded_depth() -> None:
    assert told_thoughts({"reasoning_content": "", "reasoning": "a"}) == "a"
    assert told_thoughts({"reasoning_details": [{"summary": "a"}, {"text": "b"}, 7]}) == "ab"
    nested: object = "deep"
    for _ in range(50):
        nested = [nested]
    assert told_thoughts({"thinking": nested}) == ""
    assert told_thoughts({"content": [{"type": "text", "text": "x"}]}) == ""
