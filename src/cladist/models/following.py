"""The next few bytes after contexts, by as many forward passes as a stated bound needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cladist.core.next_bytes import Following, NextBytes
from cladist.core.next_token import Context
from cladist.core.progress import Progress, silent
from cladist.models.base import TellsNextToken

__all__ = ["next_bytes_after"]


def next_bytes_after(
    model: TellsNextToken,
    contexts: Sequence[Context],
    length: int = 2,
    *,
    unknown: float = 0.01,
    passes: int = 256,
    progress: Progress = silent,
) -> list[NextBytes]:
    """The next `length` bytes after each context, completed behind tokens that are shorter.

    The likeliest of the tokens that leave something open are asked behind first, all contexts
    together, so that an engine that works in batches has full ones. Nothing is generated, and
    the tokens are put behind those of the context as they stand: this is what the model would
    write, not another tokenization of the same text.

    Parameters
    ----------
    model : TellsNextToken
        Transformers (decoders) and llama.cpp (raw contexts) are asked further; of others, and of
        chat with llama.cpp, one token is all, and the rest stays open.
    contexts : sequence of Context
        `Context.top` is how many tokens are told at each step; those left out stay unknown.
    length : int
        Bytes, 1 to 8.
    unknown : float
        Probability that may stay unknown after each context, in 0..1. Tokens that were not told
        can keep it above that: `NextBytes.unknown` says what it came to.
    passes : int
        Forward passes for each context at most, the first one counted in.
    progress : callable
        Told of contexts that are done.

    Returns
    -------
    list of NextBytes
        One for each context, in order.

    Raises
    ------
    UsageError
        For a length that cannot be had.
    ModelError
        As `next_tokens` of the model does.

    Examples
    --------
    >>> from cladist.models import open_model
    >>> model = open_model("simulated:7/m1?models=4")
    >>> (found,) = next_bytes_after(model, [Context("The sea")], 2)
    >>> len(found.whole) > 0, round(sum(found.whole.values()) + found.unknown, 6)
    (True, 1.0)
    """
    growing = [Following(length) for _ in contexts]
    spent = [1] * len(contexts)
    asked: list[tuple[int, tuple[int, ...]]] = [(i, ()) for i in range(len(contexts))]
    while asked:
        behind = [
            replace(contexts[i], then=(*contexts[i].then, *path)) if path else contexts[i]
            for i, path in asked
        ]
        for place, said in model.next_tokens(behind):
            index, path = asked[place]
            growing[index].learn(path, said)
        asked = []
        for index, known in enumerate(growing):
            paths = known.wanted(unknown, passes - spent[index])
            spent[index] += len(paths)
            asked += [(index, path) for path in paths]
        waiting = len({index for index, _ in asked})
        progress("asking for the next bytes", len(contexts) - waiting, len(contexts))
    return [known.found() for known in growing]
