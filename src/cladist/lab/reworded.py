"""A model whose answers pass through a careless copyist: words are exchanged, dropped, doubled.

It stands for paraphrase, which would need a second model: the sense mostly stays, the wording
changes. What becomes of a word depends on the word, its place and the prompt alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cladist.core.hashing import key64
from cladist.core.responses import Response
from cladist.models.base import AskedInterface, Identity, Model, Request

EXCHANGED = {
    "the": "that", "a": "one", "and": "also", "of": "from", "to": "unto", "in": "within",
    "is": "be", "was": "were", "he": "she", "his": "her", "they": "we", "i": "we", "my": "our",
    "you": "thou", "thou": "you", "thy": "your", "your": "thy", "unto": "to", "shall": "will",
    "will": "shall", "not": "never", "for": "because", "with": "beside", "it": "this",
    "that": "which", "which": "that", "said": "spoke", "all": "every", "be": "become",
}  # fmt: skip


@dataclass(frozen=True)
class Reworded:
    """`inner` with about `share` of the words of its answers changed."""

    inner: Model
    identity: Identity
    share: float

    @property
    def interfaces(self) -> frozenset[AskedInterface]:
        """Those of the model behind."""
        return self.inner.interfaces

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Answers of the model behind, reworded."""
        for index, response in self.inner.answer(requests):
            key = f"{requests[index].prompt}/{requests[index].seed}"
            yield index, replace(response, text=reworded(response.text, self.share, key))

    def close(self) -> None:
        """Close the model behind."""
        self.inner.close()


def reworded(text: str, share: float, key: str) -> str:
    """`text` with about `share` of its words exchanged, dropped or doubled; blanks stay."""
    out = []
    for place, part in enumerate(re.split(r"(\s+)", text)):
        draw = key64(f"{key}/{place}/{part}") / 2**64
        if not part.strip() or draw >= share:
            out.append(part)
        elif part.lower() in EXCHANGED:
            out.append(EXCHANGED[part.lower()])
        elif draw < share / 3:
            out.append("")
        else:
            out.append(f"{part} {part}" if draw < share / 2 else part.lower())
    return "".join(out)
