"""Honest endpoints that make it hard, over real HTTP: no claim is called wrong, faults are said.

Wrong counts are tried on every tokenizer of the table, at the texts that the ladder asks for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from counting_server import OVERHEAD, at_least, counting, tokens
from faulty_server import Call, Mode, Reply, error

from cladist.ladder.rungs import judged_counts, next_text
from cladist.ladder.tokenizers import BASE, read_counts, tokenizer_table
from tests.ladder.test_climb import run, rungs

QWEN = tokens("qwen")
CLAIMS = {
    "qwen": "qwen3-8b", "llama-2": "llama-2-7b", "llama-3": "llama3", "tekken": "ministral",
    "deepseek-v3": "deepseek-r1", "smollm2": "smollm2-135m", "gemma-3": "gemma-3-4b",
    "mistral-v1": "mistral-7b-instruct-v0.3", "o200k": "gpt-4o", "cl100k": "gpt-4",
    "claude-2": "claude-2.1",
}  # fmt: skip


def foreign(call: Call) -> Reply:
    """Refuses small limits in Chinese, and names no setting."""
    short = call.body.get("max_tokens", 0) < 16
    return error(400, "输出长度过小") if short else counting(QWEN)(call)


def every_third(then: Mode, other: Reply) -> Mode:
    return lambda call: other if call.number % 3 == 2 else then(call)


def moving(call: Call) -> Reply:
    """Answers under another name from the third call on."""
    made = call.good() | {"usage": {"prompt_tokens": QWEN(call.prompt), "completion_tokens": 1}}
    return Reply(made | {"model": "m-2027" if call.number > 2 else "m"})


def keeping(then: Mode) -> Mode:
    kept: dict[str, Reply] = {}
    return lambda call: kept.setdefault(call.prompt, then(call))


WAIT = {"Retry-After": "0"}
CASES: dict[str, tuple[Mode, str]] = {
    "keeps answers": (keeping(counting(QWEN)), "that is the one of models called so"),
    "limits calls": (
        every_third(counting(QWEN), Reply(b"{}", 429, WAIT)), "that is the one of models called so"
    ),
    "is away": (lambda call: Reply(b"{}", 503, WAIT), "503"),
    "moves its alias": (moving, "m-2027"),
    "errors of another language": (lambda call: error(400, "服务不可用"), "服务不可用"),
    "counts stripped texts": (
        counting(lambda t: QWEN(t) - t.count("  ")), "the one of models called so"
    ),
    "counts nothing": (counting(lambda t: None), "does not say how many tokens"),
    "refuses one token": (at_least(16, counting(QWEN)), "that is the one of models called so"),
    "refuses one token in Chinese": (foreign, "that is the one of models called so"),
    "charges a minimum": (counting(lambda t: max(QWEN(t), 40)), "a minimum seems to be charged"),
    "rounds counts": (
        counting(lambda t: -(-(QWEN(t) + OVERHEAD) // 10) * 10 - OVERHEAD), "seem to be rounded"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", list(CASES))
def test_a_bad_endpoint_is_named_and_not_accused(name: str) -> None:
    mode, words = CASES[name]
    found, _ = run(mode, "--json")
    if found.exit_code != 12:
        assert found.exit_code != 10 and found.exception is not None
        assert words in str(found.exception) and len(str(found.exception)) > 20
        return
    assert json.loads(found.stdout)["verdict"] == "undecided"
    assert words in " ".join(rungs(found)["tokenizer"]["said"])


def ways() -> Iterator[Callable[[int], int]]:
    for least in (8, 16, 20, 24, 32, 40, 50, 64, 100, 128):
        yield lambda n, m=least: max(n, m)  # type: ignore[misc]
    for step in (2, 4, 5, 8, 10, 16, 32, 64, 100):
        yield lambda n, s=step: -(-n // s) * s  # type: ignore[misc]
    for factor in (0.9, 1.05, 1.1, 1.2, 1.5, 2, 3):
        yield lambda n, f=factor: round(n * f)  # type: ignore[misc]
    for most in (16, 24, 32, 40, 64, 100):
        yield lambda n, m=most: min(n, m)  # type: ignore[misc]


@pytest.mark.parametrize("name", list(CLAIMS))
def test_no_way_of_charging_accuses_a_right_claim(name: str) -> None:
    table = tokenizer_table()
    (row,) = (t for t in table.tokenizers if t.name == name)
    for way in ways():
        for overhead in (0, 11):
            counts: list[tuple[str, int]] = []
            key: str | None = BASE
            while key is not None:
                counts.append((key, way(row.counts[key] + overhead)))
                key = next_text(table, read_counts(table, counts), counts)
            assert judged_counts(table, counts, CLAIMS[name], 0.01).stand == "undecided"
