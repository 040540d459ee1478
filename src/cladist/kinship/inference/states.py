"""What is remarkable about the answers of two models before anything is measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from cladist.core.responses import ResponseSet

__all__ = ["pair_states", "thinks_aloud"]

MOSTLY = 0.8
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
