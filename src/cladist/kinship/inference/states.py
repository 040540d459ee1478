"""What is remarkable about the answers of a model, and of two, before anything is measured.

Some of it takes all meaning from a comparison: a model that says one thing whatever it is asked,
repeats its prompts, or hardly answers shows nothing of its descent. Such flags are in `VETO`; no
verdict but 'inconclusive' is given of a pair that has one (`kinship.inference.decision`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cladist.core.responses import ResponseSet
from cladist.kinship.config import DECISION, ROTE, STATES
from cladist.kinship.evidence.repeated import Cleaned

__all__ = [
    "FLAGS",
    "VETO",
    "Flag",
    "ModelFlags",
    "answer_flags",
    "model_flags",
    "pair_flags",
    "pair_states",
    "said",
    "speaking",
    "writes_reasoning",
]

_SIGNS = (
    "think>", "thinking>", "thought>", "reasoning>", "THINK]", "think\u25b7", "of_thought|>",
    "<|channel|>analysis",
)  # fmt: skip

_MARKS = (">", "]", "\u25b7")

VETO = ("constant-answers", "prompt-echo", "canned-answers", "nearly-empty")
"""Flags that forbid any verdict but 'inconclusive', in the order in which they are named."""

FLAGS: Mapping[str, str] = {
    "identical-answers": "all their common answers are the same to the character",
    "constant-answers": "one of them says the same whatever it is asked",
    "prompt-echo": "one of them mostly repeats the prompts, which says nothing",
    "canned-answers": "what they answer alike is mostly one text given to several unlike prompts",
    "nearly-empty": "one of them answers fewer than a fifth of the probes",
    "few-probes": "they have fewer than ten probes in common",
    "reasoning-trace": "both write a reasoning trace into their answers",
}
"""Every flag in a sentence."""


@dataclass(frozen=True)
class ModelFlags:
    """What is remarkable about one model.

    canned  texts that it gives to several different prompts
    """

    canned: frozenset[str]
    constant: bool
    echo: bool
    empty: bool
    reasoning_trace: bool

    @property
    def speaks(self) -> bool:
        """Whether its answers can say anything of descent."""
        return not (self.constant or self.echo or self.empty)


def model_flags(responses: ResponseSet, prompts: Sequence[str] | None = None) -> ModelFlags:
    """Flags of one model; without `prompts` (p) an echo cannot be seen. O(characters)."""
    texts = said(responses)
    asked = None if prompts is None else dict(zip(responses.probe_ids, prompts, strict=True))
    return ModelFlags(
        _canned(texts, asked),
        _constant(texts),
        asked is not None and _echoes(texts, asked),
        len(texts) < STATES.empty * len(responses.probe_ids),
        writes_reasoning(texts.values()),
    )


def speaking(responses: Sequence[ResponseSet], prompts: Sequence[str] | None = None) -> list[bool]:
    """Whether each model's answers can say anything: not constant, no echo, not nearly none."""
    return [model_flags(r, prompts).speaks for r in responses]


def pair_flags(
    a: ModelFlags, b: ModelFlags, said_a: Mapping[str, str], said_b: Mapping[str, str]
) -> tuple[str, ...]:
    """Flags of a pair, given what both have `said`, in the order of `FLAGS`."""
    common = said_a.keys() & said_b.keys()
    equal = [p for p in common if said_a[p] == said_b[p]]
    constant = a.constant or b.constant
    canned = sum(said_a[p] in a.canned or said_b[p] in b.canned for p in equal)
    found = {
        "identical-answers": bool(common) and len(equal) == len(common),
        "constant-answers": constant,
        "prompt-echo": a.echo or b.echo,
        "canned-answers": not constant
        and canned >= STATES.canned
        and canned > STATES.shared_canned * len(equal),
        "nearly-empty": a.empty or b.empty,
        "few-probes": len(common) < DECISION.minimum_probes,
        "reasoning-trace": a.reasoning_trace and b.reasoning_trace,
    }
    return tuple(flag for flag in FLAGS if found[flag])


def pair_states(
    a: ResponseSet, b: ResponseSet, prompts: Sequence[str] | None = None
) -> tuple[str, ...]:
    """Flags of two models from their answers; see `pair_flags`.

    >>> one = ResponseSet.of_texts("a", ["No."] * 12)
    >>> pair_states(one, ResponseSet.of_texts("b", ["No."] * 12))
    ('identical-answers', 'constant-answers')
    """
    return pair_flags(model_flags(a, prompts), model_flags(b, prompts), said(a), said(b))


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


def writes_reasoning(texts: Iterable[str]) -> bool:
    """Whether `STATES.aloud` of the answers there are bear a sign of reasoning."""
    # Every sign has one of these marks, and one mark is sought faster than eight words.
    signs = [any(m in t for m in _MARKS) and any(s in t for s in _SIGNS) for t in texts if t]
    return bool(signs) and sum(signs) >= STATES.aloud * len(signs)


def said(r: ResponseSet) -> dict[str, str]:
    """Usable answers by probe id, without the blanks around them."""
    return {
        probe: text.strip()
        for probe, text in zip(r.probe_ids, r.texts(), strict=True)
        if text and text.strip()
    }


def _canned(texts: Mapping[str, str], asked: Mapping[str, str] | None) -> frozenset[str]:
    """Texts given to `STATES.canned` different prompts.

    A word or two may be the right answer to many questions (yes, B, positive) and is not counted;
    what begins with a sign, as tokens and placeholders do, is.
    """
    uses: dict[str, set[str]] = {}
    for probe, text in texts.items():
        if len(text.split(maxsplit=2)) > 2 or not text[0].isalnum():
            uses.setdefault(text, set()).add(probe if asked is None else asked[probe].strip())
    return frozenset(text for text, where in uses.items() if len(where) >= STATES.canned)


def _constant(texts: Mapping[str, str]) -> bool:
    if len(texts) < 3:
        return False
    return max(Counter(texts.values()).values()) >= ROTE.constant * len(texts)


def _echoes(texts: Mapping[str, str], prompts: Mapping[str, str]) -> bool:
    asked = [
        (t, prompts[p].strip()) for p, t in texts.items() if len(prompts[p].strip()) > ROTE.echo
    ]
    if not asked:
        return False
    return sum(t.startswith(q[: ROTE.echo]) for t, q in asked) >= STATES.echo * len(asked)
