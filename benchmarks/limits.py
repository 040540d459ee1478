"""What lengths of answers tell where it was not tokens that were limited, or not alike for all.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/limits.py

Recorded answers are cut: all of them at so many characters, or those of some models by half, as a
limit of half as many tokens would. Prints the AUC with what lengths tell and without.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from kinship_sets import NAMES, Labelled, main_guard, table

from cladist.kinship.evidence.corpus import Corpus
from cladist.kinship.evidence.similarity import evidence_of

CHARACTERS = (150, 300, 600, 1000)
SHARES = (0.1, 0.3, 0.5)
HALVED = ("rand", "bench6")
"""Sets in which a token limit shows."""


def cut(corpus: Corpus, models: np.ndarray, to: Callable[[str], str]) -> Corpus:
    """The corpus with all answers of some models cut."""
    rows = list(corpus.texts)
    length = corpus.length.copy()
    for i in models:
        rows[i] = tuple(to(text).strip() for text in rows[i])
        length[i] = [len(text) for text in rows[i]]
    return replace(corpus, texts=tuple(rows), length=length)


def row(d: Labelled, what: str, corpus: Corpus) -> tuple[str, list[str]]:
    """AUC of all evidence and of wording, and whether lengths tell anything."""
    found = evidence_of(corpus, np.ones(len(corpus), np.bool_))
    auc = (d.figures(m)["auc"] for m in (found.combined, found.channels["wording"]))
    tells = "yes" if found.channels["tokenizer"].any() else "no"
    return f"{d.name}, {what}", [*(f"{x:.3f}" for x in auc), tells]


def main() -> None:
    main_guard()
    rows = []
    for name in NAMES:
        d = Labelled(name)
        everybody = np.arange(len(d.corpus))
        rows.append(row(d, "as recorded", d.corpus))
        for k in CHARACTERS:
            limited = cut(d.corpus, everybody, lambda text, k=k: text[:k])
            rows.append(row(d, f"{k} characters", limited))
        for share in SHARES if name in HALVED else ():
            some = np.random.default_rng(1).choice(everybody, int(share * len(everybody)), False)
            halved = cut(d.corpus, some, lambda text: text[: len(text) // 2])
            rows.append(row(d, f"{share:.0%} of the models halved", halved))
    print(table("answers", rows, ("AUC, all evidence", "AUC, wording", "lengths tell")))


if __name__ == "__main__":
    main()
