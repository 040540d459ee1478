"""What it does to comparisons that a model could not be asked as the protocol says."""

from __future__ import annotations

from collections.abc import Mapping

from cladist.core.assay import Decoding
from cladist.core.distributions import roundings_of
from cladist.core.origins import PARTS, Origin, listed, parts
from cladist.core.responses import ResponseSet

__all__ = ["about_origins", "about_refused", "about_roundings"]


def about_refused(refused: Mapping[str, str], decoding: Decoding) -> tuple[str, ...]:
    """A sentence for every setting that a server did not take, with its words.

    >>> about_refused({"seed": "no"}, Decoding(temperature=1.0))[0].startswith("seed not settable")
    True
    """
    return tuple(
        f"{name} not settable: the server says '{words}', so {_effect(name, decoding)}"
        for name, words in sorted(refused.items())
    )


def _effect(name: str, decoding: Decoding) -> str:
    if name == "seed":
        return "another run draws other answers; on average distances stay the same"
    if name == "top_p" and decoding.top_p == 1:
        return (
            "its own default was used; where that is 1, as the assay asks, nothing changes, and "
            "otherwise unlikely words are missing from the answers"
        )
    if name == "top_p":
        return f"its own default was used instead of {decoding.top_p:g}: answers vary more or less"
    if name == "temperature" and decoding.temperature == 0:
        return (
            "its own default was used. Answers were drawn at random where the assay asks for the "
            "likeliest ones: they differ from run to run, distances to other models come out too "
            "large, kin may be missed, and a difference shows no change"
        )
    return (
        f"its own default was used instead of {decoding.temperature:g}: answers are more or less "
        "alike than those of models that took it, and distances to them are less sure"
    )


def about_roundings(answers: ResponseSet) -> tuple[str, ...]:
    """A sentence where log probabilities were told rounded; none where they were told in full.

    Rounding to a step is off by step / sqrt(12) on the mean, and a root by half of that.
    """
    steps = roundings_of(answers)
    if not steps.any():
        return ()
    step = float(steps.max())
    return (
        f"log probabilities at {int((steps > 0).sum())} of {len(steps)} contexts were told rounded "
        f"to {step:g}, which alone may make a distance of {step / 12**0.5 / 2:.3f}: nearer models "
        "are not told apart",
    )


def about_origins(origins: Mapping[Origin, int]) -> tuple[str, ...]:
    """A sentence for every part of the origins of answers that is not the same for all."""
    said = []
    for field, plural in PARTS.items():
        told = parts(origins, field)
        if len([name for name in told if name]) > 1:
            said.append(f"answers came from several {plural}: {listed(told)}")
        elif len(told) > 1 and field == "model":
            named = next(name for name in told if name)
            said.append(
                f"{told['']} answers do not tell which model gave them, {told[named]} came from "
                f"'{named}': whether all are of one model is not known"
            )
    return tuple(said)
