"""Modes of a loopback endpoint that counts the tokens of prompts, rightly or in ways of its own."""

from __future__ import annotations

import random
from collections.abc import Callable

from faulty_server import Call, Mode, Reply, error

from cladist.ladder.tokenizers import tokenizer_table

OVERHEAD = 11
"""Tokens that a template adds."""


def tokens(name: str) -> Callable[[str], int]:
    """What a known tokenizer counts; another text than those of the table, by its bytes."""
    table = tokenizer_table()
    (row,) = (t for t in table.tokenizers if t.name == name)
    key = {text: k for k, text in table.texts.items()}
    return lambda text: row.counts[key[text]] if text in key else len(text.encode()) // 4


def counting(count: Callable[[str], int | None]) -> Mode:
    """Answers everything, and says that the prompt had so many tokens beside its template."""

    def mode(call: Call) -> Reply:
        made = call.good()
        n = count(call.prompt)
        if n is None:
            made.pop("usage", None)
            return Reply(made)
        whole = {"prompt_tokens": n + OVERHEAD, "completion_tokens": 1}
        return Reply(made | {"usage": {**whole, "total_tokens": n + OVERHEAD + 1}})

    return mode


def jittered(count: Callable[[str], int], seed: int = 0) -> Callable[[str], int]:
    """Counts that are off by up to three, anew every time."""
    dice = random.Random(seed)
    return lambda text: count(text) + dice.randint(-3, 3)


def drifting(count: Callable[[str], int]) -> Callable[[str], int]:
    """Counts one more at every call, as a server that counts what it keeps."""
    calls = iter(range(10**9))
    return lambda text: count(text) + next(calls)


def at_least(tokens: int, then: Mode) -> Mode:
    """Refuses to write fewer tokens, as some servers do."""

    def mode(call: Call) -> Reply:
        asked = call.body.get("max_tokens", call.body.get("max_completion_tokens", 0))
        if asked < tokens:
            return error(400, f"Invalid 'max_tokens': integer below minimum value {tokens}")
        return then(call)

    return mode
