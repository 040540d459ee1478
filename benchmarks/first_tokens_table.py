"""What the rungs of `cladist provenance endpoint` make of collected deployments; a part of
`first_tokens.py`."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cladist.core.next_token import Context, NextToken
from cladist.core.responses import Response
from cladist.ladder.border import first_tokens, of_border
from cladist.ladder.claimed import Claimed
from cladist.ladder.rungs import Question
from cladist.models.base import Identity, Request
from cladist.provenance.border.first import apart, by_text
from cladist.provenance.border.inputs import Border, BorderInput

TRIALS, NEAR, FIRM = 100, 30, 40


class Kept:
    """A deployment that answers from what was collected; unknown contexts by one that was."""

    interfaces: frozenset[Any] = frozenset({"raw"})
    gives = "top"

    def __init__(self, texts: Sequence[str], tokens: Any, log_probs: Any) -> None:
        self.place = {t: i for i, t in enumerate(texts)}
        self.tokens, self.log_probs, self.texts = tokens, log_probs, texts
        self.identity = Identity("kept", "kept:kept", "kept:kept")

    def told(self, place: int, top: int) -> NextToken:
        some = [t.encode("latin-1") for t in self.tokens[place][:top] if t]
        return NextToken.of(some, self.log_probs[place][: len(some)], "top")

    def _find(self, text: str) -> int:
        return self.place.get(text, hash_of(text) % len(self.texts))

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        for i, r in enumerate(requests):
            said = self.tokens[self._find(r.prompt)][0]
            yield i, Response.of(said.encode("latin-1").decode("utf-8", "replace"), truncated=True)

    def next_tokens(self, contexts: Sequence[Context]) -> Iterator[tuple[int, NextToken]]:
        for i, c in enumerate(contexts):
            yield i, self.told(self._find(c.text), c.top or 20)

    def close(self) -> None:
        pass


def hash_of(text: str) -> int:
    """The same number for the same text in every process."""
    return sum((i + 1) * b for i, b in enumerate(text.encode()))


def deployments(path: Path) -> dict[tuple[str, str], Kept]:
    """What was collected of a reference, by kind and name."""
    data = np.load(path)
    texts = data["texts"].tolist()
    names = {tuple(k.split("|")[:2]) for k in data.files if k != "texts"}
    return {
        (kind, name): Kept(
            texts, data[f"{kind}|{name}|tokens"].tolist(), data[f"{kind}|{name}|log_probs"]
        )
        for kind, name in sorted(names)
    }


def border_of(own: Kept) -> Border:
    """The nearest and the surest contexts of the reference."""
    margins = {t: float(own.log_probs[i][0] - own.log_probs[i][1]) for t, i in own.place.items()}
    order = sorted(margins, key=lambda t: margins[t])

    def known(text: str) -> BorderInput:
        first, second = (
            t.encode("latin-1").decode("utf-8", "replace").strip()
            for t in own.tokens[own.place[text]][:2]
        )
        return BorderInput(text, "token", first, second)

    near, firm = ([known(t) for t in part] for part in (order[:NEAR], order[-FIRM:]))
    return Border(tuple(near), "raw", firm=tuple(firm))


def table(folder: Path) -> None:
    """One line a deployment."""
    print(
        "| reference | deployment | departs at the border | far from it | probability elsewhere | "
        "by border inputs | queries | by first tokens | queries |\n" + "|---" * 9 + "|"
    )
    for path in sorted(folder.glob("*.npz")):
        every = deployments(path)
        own = every.pop(("reference", ""))
        claimed = Claimed(path.stem, border_of(own), own)  # type: ignore[arg-type]
        for (kind, name), other in every.items():
            row(path.stem, f"{kind}: {name}", own, other, claimed)


def row(reference: str, name: str, own: Kept, other: Kept, claimed: Claimed) -> None:
    """One deployment: what departs, and what the rungs say over trials."""
    shares = []
    for pool in (claimed.border.inputs, claimed.border.firm):
        told = [response.text.strip() for _, response in other.answer(
            [Request(i.text, 1) for i in pool])]  # fmt: skip
        shares.append(np.mean([t != i.token for t, i in zip(told, pool, strict=True)]))
    far = np.mean([
        apart(by_text(own.told(i, 20)), by_text(other.told(i, 5))) for i in range(len(own.texts))
    ])  # fmt: skip
    said = []
    for rung in (of_border, first_tokens):
        stands: Counter[str] = Counter()
        asked = []
        for trial in range(TRIALS):
            question = Question(
                other,  # type: ignore[arg-type]
                reference, own=claimed, draw=random.Random(trial),
            )  # fmt: skip
            found = rung(question)
            stands[found.stand] += 1
            seen = found.seen
            counts = seen.get("distances") or [*seen["border"], *seen["firm"]]  # type: ignore[misc]
            asked.append(len(counts) if "distances" in seen else sum(counts))
        told = ", ".join(f"{k} {n}%" for k, n in stands.most_common())
        said += [told, f"{np.median(asked):.0f}"]
    print(
        f"| {reference} | {name} | {shares[0]:.0%} | {shares[1]:.0%} | {far:.3f} | "
        f"{' | '.join(said)} |",
        flush=True,
    )
