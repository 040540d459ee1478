"""Counts tell tokenizers apart, and those that are no tokenizer's accuse nobody."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cladist.ladder.rungs import judged_counts
from cladist.ladder.tokenizers import (
    ANOTHER,
    BASE,
    COMMON,
    CountReading,
    best_text,
    read_counts,
    tokenizer_table,
)

TABLE = tokenizer_table()
NAMES = [t.name for t in TABLE.tokenizers]


def row(name: str):  # type: ignore[no-untyped-def]
    return next(t for t in TABLE.tokenizers if t.name == name)


def asked(name: str, texts: int = 6, overhead: int = 9) -> list[tuple[str, int]]:
    """What a right server says, asked as the ladder asks."""
    counts = [(BASE, row(name).counts[BASE] + overhead)]
    for _ in range(texts - 1):
        key = best_text(TABLE, read_counts(TABLE, counts), [k for k, _ in counts])
        assert key is not None
        counts.append((key, row(name).counts[key] + overhead))
    return counts


def test_the_table_is_whole() -> None:
    assert len(NAMES) == len(set(NAMES)) >= 12
    for t in TABLE.tokenizers:
        assert set(t.counts) == set(TABLE.texts) and t.origin and t.about and t.names
        assert all(0 < n < 150 for n in t.counts.values())
    starts = {text[:6] for text in TABLE.texts.values()}
    assert starts == {"Note: "} and all(t.endswith(" end") for t in TABLE.texts.values())


@pytest.mark.parametrize("name", NAMES)
def test_each_is_told_from_all_others(name: str) -> None:
    reading = read_counts(TABLE, asked(name, 6))
    assert reading.best == name and reading.posterior[name] > 0.99
    assert math.isclose(sum(reading.posterior.values()), 1)
    assert read_counts(TABLE, asked(name, 6, overhead=200)).posterior == reading.posterior
    assert bool(reading.doubts) == (name in COMMON)


def test_a_tokenizer_of_nobody() -> None:
    draw = np.random.default_rng(0)
    for trial in range(20):
        mine = row(NAMES[trial % len(NAMES)]).counts
        counts = [(k, n if k == BASE else round(n * draw.uniform(0.7, 0.9)))
                  for k, n in list(mine.items())[:9]]  # fmt: skip
        reading = read_counts(TABLE, counts)
        assert reading.best == ANOTHER, (trial, reading.posterior)
        claim = {"qwen": "qwen3-8b"}.get(NAMES[trial % len(NAMES)], "llama-2-7b")
        assert judged_counts(TABLE, counts, claim, 0.01).stand == "undecided"


def test_no_counts_change_nothing() -> None:
    for counts in ([], [(BASE, 20)], [("hindi", 20)]):
        reading = read_counts(TABLE, counts)
        assert all(math.isclose(p, 1 / (len(NAMES) + 1)) for p in reading.posterior.values())
        assert reading.doubts == ()


def estimated(size) -> CountReading:  # type: ignore[no-untyped-def]
    return read_counts(TABLE, [(k, 5 + size(t)) for k, t in list(TABLE.texts.items())[:9]])


def test_what_is_no_count_of_tokens_is_named() -> None:
    assert "number of characters" in estimated(lambda t: len(t) // 4).doubts[0]
    assert "number of characters" in estimated(lambda t: math.ceil(len(t) / 3)).doubts[0]
    assert "number of bytes" in estimated(lambda t: len(t.encode()) // 4).doubts[0]
    assert "number of words" in estimated(lambda t: len(t.split())).doubts[0]
    assert "the same count" in estimated(lambda t: 7).doubts[0]
    twice = [*asked("qwen"), (BASE, 99)]
    assert "now so, now otherwise" in read_counts(TABLE, twice).doubts[0]


def test_claims() -> None:
    wrong = judged_counts(TABLE, asked("llama-3"), "Qwen/Qwen2.5-7B-Instruct", 0.01)
    assert (wrong.stand, wrong.error) == ("does not fit", 0.01)
    right = judged_counts(TABLE, asked("qwen"), "Qwen/Qwen2.5-7B-Instruct", 0.01)
    assert right.stand == "undecided" and "others have it too" in right.said[1]
    relay = judged_counts(TABLE, asked("cl100k"), "Qwen2.5-7B-Instruct", 0.01)
    assert relay.stand == "undecided" and "no accusation follows" in relay.said[-1]
    unknown = judged_counts(TABLE, asked("qwen"), "our-model-9", 0.01)
    assert unknown.stand == "undecided" and "is not known here" in unknown.said[-1]


NAMED = {
    "Qwen2.5-7B-Instruct": "qwen", "qwen3-8b": "qwen", "Qwen/Qwen2-0.5B": "qwen",
    "Qwen3.5-9B": "", "qwen-7b": "", "qwen2.7": "", "meta-llama/Llama-3.1-8B": "llama-3",
    "llama-2-7b-chat": "llama-2", "Llama-4-Scout": "", "llama3": "llama-3", "gpt-4o-mini": "o200k",
    "gpt-4": "cl100k", "gpt-4-turbo": "cl100k", "gpt-4.5-preview": "", "o3-mini": "o200k",
    "deepseek-ai/DeepSeek-R1": "deepseek-v3", "DeepSeek-R1-Distill-Qwen-7B": "",
    "DeepSeek-R1-Distill-Llama-8B": "", "SmolLM2-135M-Instruct": "smollm2", "SmolLM3-3B": "",
    "Mistral-7B-Instruct-v0.3": "mistral-v1", "my-qwen2.5": "", "gemma-2-9b": "",
    "gemma-3-4b-it": "gemma-3", "claude-2.1": "claude-2", "claude-3-opus": "",
}  # fmt: skip


@pytest.mark.parametrize("model", list(NAMED))
def test_names_claim_only_what_is_known(model: str) -> None:
    found = TABLE.named(model)
    assert (found.name if found else "") == NAMED[model]


def test_a_right_claim_is_called_wrong_no_more_often_than_stated() -> None:
    """Servers that slip as the model of counts says, at a rate of .2: alarms stay below it."""
    from cladist.ladder.tokenizers import SLIP

    draw = np.random.default_rng(7)
    alarms = trials = 0
    for name, claim in (("qwen", "qwen3-8b"), ("llama-2", "llama-2-7b"), ("tekken", "ministral")):
        for _ in range(300):
            slipped = [
                (k, n + (k != BASE and draw.random() < SLIP * 3) * int(draw.integers(-9, 10)))
                for k, n in asked(name)
            ]
            alarms += judged_counts(TABLE, slipped, claim, 0.2).stand == "does not fit"
            trials += 1
    assert alarms / trials <= 0.2
