"""Every constant of kinship that was chosen and not derived, in one place.

Each has its origin and how much depends on it. Figures are means over the open sets with the set
in question left out of the choice (docs/kinship.md, `python benchmarks/kinship.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["EVIDENCE", "EvidenceConfig"]


@dataclass(frozen=True)
class EvidenceConfig:
    """How answers become likeness.

    copied      probability that kin copy a continuation: .01 to .2 differ by .005 AUC
    single      weight of agreement on single words: 0 to 1 differ by .01 AUC
    words       words of an answer that are read; later text has drifted apart
    characters  characters of an answer that are read at most, for the same reason
    tokenizer   weight of the tokenizer's evidence beside one spread of wording: .25 to 1 differ
                by .01 AUC
    same_tokenizer  share of unrelated pairs that have one tokenizer
    new_tokenizer   share of kin that have not
    unlikely    probability below which the next byte counts as this likely: how unlikely the
                unlikely is says more of engines, rounding and of how many tokens were told than
                of descent. .001 to .01 differ by .003 AUC, 1e-5 to .01 by .02 AP
    lineage     d_H at which another model takes 1/e of a model's weight in a panel; .2 to .4
                differ by .004 AP, and none at all costs .05. Both of `functional.py`, by
                `benchmarks/functional_choices.py` with one founder's line left out at a time
    identical   evidence that models with the same varied answers have at least; matters where two
                or three models are all there is
    """

    copied: float = 0.05
    single: float = 0.5
    words: int = 400
    characters: int = 4000
    tokenizer: float = 0.5
    same_tokenizer: float = 0.15
    new_tokenizer: float = 0.03
    unlikely: float = 0.003
    lineage: float = 0.25
    identical: float = 6.0


EVIDENCE = EvidenceConfig()
