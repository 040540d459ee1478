"""Founders: tokenizers and models made from nothing but a corpus and a seed."""

from __future__ import annotations

from collections.abc import Callable

from cladist.lab.architectures import fresh_model
from cladist.lab.corpora import split
from cladist.lab.operations._job import Made, seed_of
from cladist.lab.operations.distil import taught_texts
from cladist.lab.plan import BUILT_IN, Founder, Plan
from cladist.lab.store import Loaded, load_gguf
from cladist.lab.tokens import encode, learn_tokenizer
from cladist.lab.training import fit, windows
from cladist.models.builtin import path_of


def found(
    founder: Founder, plan: Plan, teacher: Loaded | None, progress: Callable[[int, int], None]
) -> Made:
    """Train a founder from scratch, on its corpus or on what its teacher says, or take it as it is.

    Founders with the same tokenizer corpus and vocabulary have the same tokenizer. Raises
    `ModelError` when training diverges.
    """
    if founder.source:
        return Made(*load_gguf(path_of(founder.source.removeprefix(BUILT_IN))))
    seed = seed_of(plan.seed, founder.name, founder.seed)
    train = split(founder.corpus)[0]
    words = split(founder.tokenizer)[0] if founder.tokenizer else train
    tokenizer = learn_tokenizer(words, founder.vocabulary)
    texts = train
    if teacher is not None:
        texts = tuple(taught_texts(teacher, founder.corpus, founder.texts, seed))
    model = fresh_model(founder, founder.vocabulary, seed)
    run = fit(
        model,
        windows(encode(tokenizer, texts), plan.window, plan.batch, seed),
        founder.steps,
        founder.rate,
        name=founder.name,
        progress=progress,
    )
    return Made(model, tokenizer, run)
