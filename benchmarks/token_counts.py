"""How well counts of tokens tell which tokenizer answers, and how often they accuse wrongly.

    python benchmarks/token_counts.py --trials 200

Every tokenizer of the table serves under every name of it, asked as `cladist endpoint` asks, by a
server that counts rightly, one that is off by up to three, one that estimates by characters, and
a relay that counts with cl100k whatever answers. Tokenizers that are not in the table are made
of those that are, each count times a factor of its own from .75 to 1.25.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from counting_server import OVERHEAD, jittered, tokens

from cladist.ladder.rung import Rung
from cladist.ladder.rungs import judged_counts, next_text
from cladist.ladder.tokenizers import BASE, read_counts, tokenizer_table

TABLE = tokenizer_table()
CLAIMS = {
    "llama-2": "llama-2-7b", "llama-3": "llama-3.1-8b", "qwen": "qwen2.5-7b",
    "gemma-3": "gemma-3-4b", "deepseek-v3": "deepseek-v3", "cl100k": "gpt-4", "o200k": "gpt-4o",
    "claude-2": "claude-2", "mistral-v1": "mistral-7b", "tekken": "mistral-nemo",
    "rwkv-world": "rwkv-7", "smollm2": "smollm2-135m",
}  # fmt: skip


def asked(count: Callable[[str], int], claim: str) -> tuple[Rung, int, int]:
    """The rung, how many calls it took, and the tokens read."""
    counts: list[tuple[str, int]] = []
    key: str | None = BASE
    while key is not None:
        counts.append((key, count(TABLE.texts[key]) + OVERHEAD))
        key = next_text(TABLE, read_counts(TABLE, counts), counts)
    return judged_counts(TABLE, counts, claim, 0.01), len(counts), sum(n for _, n in counts)


def stranger(name: str, draw: np.random.Generator) -> Callable[[str], int]:
    """A tokenizer that nobody has: that of the table, each text longer or shorter."""
    right = tokens(name)
    factor = {text: draw.uniform(0.75, 1.25) for text in TABLE.texts.values()}
    return lambda text: max(1, round(right(text) * factor[text]))


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--trials", type=int, default=200)
    reader.add_argument("--seed", type=int, default=0)
    given = reader.parse_args()
    draw = np.random.default_rng(given.seed)
    names = list(CLAIMS)
    servers: dict[str, Callable[[str], Callable[[str], int]]] = {
        "counts rightly": tokens,
        "is off by up to 3": lambda n: jittered(tokens(n), int(draw.integers(1 << 30))),
        "estimates by characters": lambda n: lambda text: len(text) // 4,
        "counts with cl100k": lambda n: tokens("cl100k"),
        "has a tokenizer of its own": lambda n: stranger(n, draw),
    }
    print("| the server | right name called wrong | wrong name found out | calls | tokens read |")
    print("|---|---|---|---|---|")
    for title, server in servers.items():
        wrong = found = right_n = wrong_n = 0
        calls, read = [], []
        for _ in range(given.trials):
            name = names[draw.integers(len(names))]
            other = names[draw.integers(len(names))]
            rung, n, t = asked(server(name), CLAIMS[other])
            refuted = rung.stand == "does not fit"
            if other == name:
                wrong, right_n = wrong + refuted, right_n + 1
            else:
                found, wrong_n = found + refuted, wrong_n + 1
            again, n, t = asked(server(name), CLAIMS[name])
            wrong, right_n = wrong + (again.stand == "does not fit"), right_n + 1
            calls.append(n)
            read.append(t)
        print(f"| {title} | {wrong} of {right_n} | {found} of {wrong_n} | {np.mean(calls):.1f} | "
              f"{np.mean(read):.0f} |")  # fmt: skip


if __name__ == "__main__":
    main()
