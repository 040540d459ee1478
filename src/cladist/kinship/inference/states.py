"""What is remarkable about the answers of two models before anything is measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cladist.core.responses import ResponseSet
from cladist.kinship.evidence.repeated import MOSTLY, Cleaned

__all__ = ["Flag", "answer_flags", "pair_states", "thinks_aloud"]

ECHO = 0.5
ECHO_LENGTH = 20
ALOUD = 0.2
"""Share of answers with a sign of reasoning from which a model thinks aloud; long reasoning is
cut before its closing sign, and templates hide the opening one."""

_SIGNS = (
    "think>", "thinking>", "thought>", "reasoning>", "THINK]", "think\u25b7", "of_thought|>",
    "<|channel|>analysis",
)  # fmt: skip


def pair_states(
    a: ResponseSet, b: ResponseSet, prompts: Sequence[str] | None = None
) -> tuple[str, ...]:
    """States of a pair, in a fixed order.

    identical-answers  all common answers are the same
    constant-answers   one of them gives one answer to four fifths of its probes
    prompt-echo        one of them begins by repeating the prompt at half of its probes
    nearly-empty       one of them answers fewer than a fifth of its probes
    few-probes         fewer than ten probes in common
    think-aloud        both write their reasoning into their answers
    """
    texts = [_by_probe(r) for r in (a, b)]
    common = texts[0].keys() & texts[1].keys()
    found = []
    if common and all(texts[0][p] == texts[1][p] for p in common):
        found.append("identical-answers")
    if any(_constant(t) for t in texts):
        found.append("constant-answers")
    if prompts is not None and any(
        _echoes(t, dict(zip(r.probe_ids, prompts, strict=True)))
        for t, r in zip(texts, (a, b), strict=True)
    ):
        found.append("prompt-echo")
    if any(len(t) < 0.2 * len(r.probe_ids) for t, r in zip(texts, (a, b), strict=True)):
        found.append("nearly-empty")
    if len(common) < 10:
        found.append("few-probes")
    if all(thinks_aloud(t.values()) for t in texts):
        found.append("think-aloud")
    return tuple(found)


@dataclass(frozen=True)
class Flag:
    """Answers of one model that are no evidence, or less than they look.

    name     'canned-answers', 'prompt-echo', 'constant-answers' or 'template-stripped'
    count    answers it concerns
    answers  answers there are
    sentence the same in words
    """

    name: str
    count: int
    answers: int
    sentence: str

    def __str__(self) -> str:
        return self.sentence


def answer_flags(cleaned: Cleaned, i: int) -> tuple[Flag, ...]:
    """What was taken from the answers of model i and why, in a fixed order.

    Examples
    --------
    >>> from cladist.kinship.evidence.repeated import clean_answers
    >>> for flag in answer_flags(clean_answers([["$ERROR$", "Rome", "$ERROR$", "$ERROR$"]]), 0):
    ...     print(flag.name, "-", flag)
    canned-answers - 2 of 4 answers repeat a text given to other prompts, which counts once
    """
    answers = int(cleaned.answers[i])
    found = (
        ("constant-answers", answers if cleaned.constant[i] else 0,
         "nearly all answers are one text, which says nothing of descent"),
        ("canned-answers", int(cleaned.canned[i]),
         "repeat a text given to other prompts, which counts once"),
        ("prompt-echo", int(cleaned.echo[i]),
         "repeat the prompt, and count only as far as they go beyond it"),
        ("template-stripped", int(cleaned.template[i]),
         "share a beginning or end that tells how the model is served; it does not count"),
    )  # fmt: skip
    return tuple(
        Flag(
            name, count, answers,
            words if name == "constant-answers" else f"{count} of {answers} answers {words}",
        )
        for name, count, words in found
        if count
    )  # fmt: skip


def thinks_aloud(texts: Iterable[str]) -> bool:
    """Whether ALOUD of the answers that are there bear a sign of reasoning, opening or closing."""
    signs = [any(s in t for s in _SIGNS) for t in texts if t]
    return bool(signs) and sum(signs) >= ALOUD * len(signs)


def _by_probe(r: ResponseSet) -> dict[str, str]:
    return {
        probe: text.strip()
        for probe, text in zip(r.probe_ids, r.texts(), strict=True)
        if text and text.strip()
    }


def _constant(texts: dict[str, str]) -> bool:
    if len(texts) < 3:
        return False
    return max(Counter(texts.values()).values()) >= MOSTLY * len(texts)


def _echoes(texts: dict[str, str], prompts: dict[str, str]) -> bool:
    asked = [
        (t, prompts[p].strip()) for p, t in texts.items() if len(prompts[p].strip()) > ECHO_LENGTH
    ]
    if not asked:
        return False
    return sum(t.startswith(q[:ECHO_LENGTH]) for t, q in asked) >= ECHO * len(asked)
