"""Answers of two deployments: may they be held against each other, and are they the same?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from cladist.core.assay import Decoding
from cladist.core.origins import listed, mixed_models, parts
from cladist.core.responses import ResponseSet
from cladist.errors import NotComparableError
from cladist.extraction.comparable import about_origins
from cladist.kinship.config import IDENTITY
from cladist.kinship.inference.identity import IdentityResult, same_model
from cladist.kinship.inference.silence import why_silent
from cladist.kinship.inference.states import model_flags, said

__all__ = ["Side", "cautions", "hold_against", "models_of"]


@dataclass(frozen=True)
class Side:
    """Answers of one deployment, and the settings of the protocol that its server refused."""

    answers: ResponseSet
    refused: Mapping[str, str] = field(default_factory=dict)


def hold_against(
    a: Side,
    b: Side,
    decoding: Decoding,
    *,
    prompts: Sequence[str] | None = None,
    rate: float = IDENTITY.rate,
    tolerance: float | None = None,
    shuffles: int = IDENTITY.shuffles,
    seed: int = 0,
) -> IdentityResult:
    """The identity test (`kinship.inference.identity.same_model`), where the answers allow it.

    Answers that were drawn at random though the protocol is greedy, as of servers that do not
    take a temperature, may differ by chance: a difference between them is never called a change.
    Given the `prompts`, two that answer alike because they refuse, repeat prompts or hardly answer
    are not called the same: other models do that too.
    Raises `NotComparableError` for answers that come from several models, and for sampled ones
    of which one side was drawn at other settings; `InputError` as the test does.
    """
    for side in (a, b):
        if mixed_models(origins := side.answers.origins()):
            raise NotComparableError(
                f"the answers of '{side.answers.model}' come from several models, as the endpoint "
                f"tells: {listed(parts(origins, 'model'))}; they are nobody's"
            )
    recorded = bool(decoding.unsure)
    drawn = {"temperature"} & (a.refused.keys() | b.refused.keys())
    apart = (a.refused.keys() ^ b.refused.keys()) - {"seed"}
    if not recorded and decoding.temperature > 0 and apart:
        raise NotComparableError(
            f"'{a.answers.model}' and '{b.answers.model}' were not sampled alike: the server of "
            f"one of them does not take {' and '.join(sorted(apart))}"
        )
    found = same_model(
        a.answers,
        b.answers,
        greedy=None if recorded else decoding.temperature == 0,
        repeatable=not recorded and not drawn,
        rate=rate,
        tolerance=tolerance,
        shuffles=shuffles,
        seed=seed,
    )
    if found.verdict != "same" or found.mode == "functional" or prompts is None:
        return found
    why = next(filter(None, (_silent(side.answers, prompts) for side in (a, b))), "")
    if not why:
        return found
    return replace(
        found, verdict="inconclusive",
        reason=f"{found.reason}, but {why}",
    )  # fmt: skip


def _silent(answers: ResponseSet, prompts: Sequence[str]) -> str:
    """Why answers do not tell one model from another, a sentence; '' where they may."""
    why = why_silent(model_flags(answers, prompts), said(answers))
    return f"the answers of '{answers.model}' tell nobody from another: {why}" if why else ""


def models_of(answers: ResponseSet) -> str:
    """Under which id answers came, as their endpoint tells; '' where it does not."""
    return ", ".join(name for name in parts(answers.origins(), "model") if name)


def cautions(a: Side, b: Side) -> tuple[str, ...]:
    """What must be known beside the verdict: who answered, and what servers did not take."""
    said = []
    first, second = models_of(a.answers), models_of(b.answers)
    if first and second and first != second:
        said.append(
            f"'{a.answers.model}' answered as '{first}', '{b.answers.model}' as '{second}': the "
            "endpoint names another model"
        )
    for side in (a, b):
        said += [f"'{side.answers.model}': {s}" for s in about_origins(side.answers.origins())]
        said += [
            f"'{side.answers.model}': the server does not take {name} ('{words}')"
            for name, words in sorted(side.refused.items())
        ]
    return tuple(said)
