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
    identical   evidence that models with the same varied answers have at least; matters where two
                or three models are all there is
    """

    copied: float = 0.05
    single: float = 0.5
    words: int = 200
    characters: int = 2000
    tokenizer: float = 0.5
    same_tokenizer: float = 0.15
    new_tokenizer: float = 0.03
    identical: float = 6.0


EVIDENCE = EvidenceConfig()
