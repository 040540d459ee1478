"""Whose answers say nothing of descent: no family is named for such a model, and none excluded."""

from __future__ import annotations

from collections.abc import Mapping

from cladist.kinship.config import DECISION
from cladist.kinship.inference.states import ModelFlags

__all__ = ["why_silent"]


def why_silent(flags: ModelFlags, texts: Mapping[str, str]) -> str:
    """Why answers say nothing of a model's descent, of which `texts` are the usable by probe.

    A sentence without a full stop, with 'it' for the model; '' where they say something. A text
    that it gives to several prompts counts once, so that a few refusals are few answers.

    >>> from cladist.core.responses import ResponseSet
    >>> from cladist.kinship.inference.states import model_flags, said
    >>> no = ResponseSet.of_texts("a", ["No."] * 12)
    >>> why_silent(model_flags(no), said(no))
    'it says the same to nearly all prompts'
    """
    least = DECISION.minimum_probes
    if len(texts) < least:
        return f"it gave {len(texts)} usable answers, and {least} are the least"
    if flags.empty:
        return "it answers fewer than a fifth of the prompts"
    if flags.constant:
        return "it says the same to nearly all prompts"
    if flags.echo:
        return "it mostly repeats the prompts"
    different = {t for t in texts.values() if t in flags.canned}
    counted = len(different) + sum(t not in flags.canned for t in texts.values())
    if counted < least:
        return f"it gives only {counted} different texts to {len(texts)} prompts"
    return ""
