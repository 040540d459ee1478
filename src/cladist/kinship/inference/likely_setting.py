"""Which setting of a deployment the difference of two functions looks like.

A temperature pushes the same way after every context: likely outcomes up and others down, or the
reverse. So a great part of the squared log ratios between the two is their mean over contexts, and
entropy falls or rises. Top-p leaves outcomes that had a probability with none. Roundings, system
prompts and changed weights differ from context to context, and are not told from each other. Most
unrelated models differ in one of these ways too, so a setting is named on the supposition that both
are one model.

The bounds were chosen on bred models. Of SmolLM2 top-p is named and no temperature is; what is
named rightly is in docs/functional.md (`python benchmarks/likely_settings.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cladist.core.distributions import masses_of
from cladist.core.responses import ResponseSet
from cladist.kinship.config import DECISION, SETTINGS
from cladist.kinship.evidence.standard import Floats

__all__ = ["LikelySetting", "SettingMarks", "likely_setting", "marks_of", "setting_of"]


@dataclass(frozen=True)
class SettingMarks:
    """What settings are told by, of a reference a and a deployment b.

    distance  d_H
    common    share of the squared log ratios that is their mean over contexts
    cut       mean probability under a of outcomes that have none under b, beyond what b left untold
    entropy   mean entropy of b less that of a, in nats
    """

    distance: float
    common: float
    cut: float
    entropy: float


@dataclass(frozen=True)
class LikelySetting:
    """A setting that the difference looks like.

    value     the temperature, relative to the reference; NaN for top-p
    sentence  in words, with how often such a finding is wrong
    """

    setting: Literal["temperature", "top-p"]
    value: float
    sentence: str


def marks_of(a: Floats, b: Floats, untold: Floats | float = 0.0) -> SettingMarks:
    """Marks of two functions, probabilities float64 (p, 257) with rows that sum to 1.

    `untold` is the probability that b did not tell, float64 (p,): outcomes may have none there
    because they were not told.
    """
    square = ((np.sqrt(a) - np.sqrt(b)) ** 2).sum(axis=1)
    ratio = np.log(np.maximum(b, SETTINGS.floor)) - np.log(np.maximum(a, SETTINGS.floor))
    ratio -= ratio.mean(axis=1, keepdims=True)
    whole = float((ratio**2).sum(axis=1).mean())
    common = float((ratio.mean(axis=0) ** 2).sum()) / whole if whole > 0 else 0.0
    cut = float(np.maximum(np.where(b <= 0, a, 0.0).sum(axis=1) - untold, 0.0).mean())
    entropy = [-(x * np.log(np.maximum(x, 1e-12))).sum(axis=1).mean() for x in (a, b)]
    return SettingMarks(float(np.sqrt(square.mean())), common, cut, float(entropy[1] - entropy[0]))


def setting_of(marks: SettingMarks) -> LikelySetting | None:
    """The setting that marks look like; None where none is told.

    >>> found = setting_of(SettingMarks(0.27, 0.6, 0.0, -0.3))
    >>> found.setting, round(found.value, 1)
    ('temperature', 0.7)
    """
    if marks.distance < SETTINGS.least:
        return None
    if marks.cut > SETTINGS.cut:
        said = (
            f"outcomes with {marks.cut:.1%} of the probability have none: if it is the same model, "
            "likely a top-p (on bred models 99% of them are named, and 3% of prompts and 6% of "
            "changed weights; but 41% of unrelated models look so too)"
        )
        return LikelySetting("top-p", float("nan"), said)
    if marks.common < SETTINGS.common:
        return None
    far, c = marks.distance, SETTINGS.cooler if marks.entropy < 0 else SETTINGS.hotter
    value = float(np.exp(c[0] * far + c[1] * far**2))
    said = (
        "it differs in the same way at all contexts: if it is the same model, likely a "
        f"temperature of about {value:.2g} times the reference's (on bred models 94% of "
        "temperatures are named, and 1% of roundings and prompts; but 28% of changed weights and "
        "41% of unrelated models look so too)"
    )
    return LikelySetting("temperature", value, said)


def likely_setting(a: ResponseSet, b: ResponseSet) -> LikelySetting | None:
    """The setting that a deployment b of a model a looks like; None where none can be told.

    Both must have told distributions, nearly whole, at ten contexts or more.
    """
    (x, x_missing), (y, y_missing) = masses_of(a), masses_of(b)
    both = (x.sum(axis=1) > 0) & (y.sum(axis=1) > 0)
    if (
        both.sum() < DECISION.minimum_probes
        or max(x_missing[both].mean(), y_missing[both].mean()) > SETTINGS.untold
    ):
        return None
    x, y = x[both], y[both]
    x, y = x / x.sum(axis=1, keepdims=True), y / y.sum(axis=1, keepdims=True)
    return setting_of(marks_of(x, y, y_missing[both]))
