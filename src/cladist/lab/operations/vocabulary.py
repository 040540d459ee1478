"""Vocabulary extension: frequent words of a corpus become tokens, then training goes on."""

from __future__ import annotations

import re
from collections import Counter

import torch

from cladist.errors import InputError
from cladist.lab.corpora import split
from cladist.lab.operations._job import Job, Made, train


def apply(job: Job) -> Made:
    """The parent with more tokens, each begun as the mean of the pieces it replaces."""
    (parent,) = job.parents
    tokenizer, model = parent.tokenizer, parent.model
    words = Counter(
        w for d in split(job.text("corpus"))[0] for w in re.findall(r"[A-Za-z_]{4,}", d)
    )
    new = [w for w, _ in words.most_common() if len(tokenizer(w)["input_ids"]) > 1]
    new = new[: job.count("tokens")]
    if not new:
        raise InputError(
            f"'{job.node.name}': corpus '{job.text('corpus')}' has no longer word that is not a "
            "token already; use another"
        )
    pieces = [tokenizer(w)["input_ids"] for w in new]
    tokenizer.add_tokens(new)
    old = model.get_input_embeddings().weight.detach().clone()
    model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    with torch.no_grad():
        for weight in {id(w): w for w in (_matrices(model))}.values():
            for word, parts in zip(new, pieces, strict=True):
                weight[tokenizer.convert_tokens_to_ids(word)] = old[parts].mean(dim=0)
    run = train(job, model, tokenizer)
    return Made(model, tokenizer, run, facts={"added_tokens": len(new)})


def _matrices(model: torch.nn.Module) -> list[torch.nn.Parameter]:
    """Embedding and output matrix, which are one where they are tied."""
    found = [model.get_input_embeddings(), model.get_output_embeddings()]  # type: ignore[operator]
    return [m.weight for m in found if m is not None]
