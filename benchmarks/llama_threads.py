"""Whether answers of a GGUF file depend on the number of threads, and what that costs.

    python benchmarks/llama_threads.py [--prompts 30] [--threads 1 2]

SmolLM2-135M continues long prompts (probes of the default assay, joined until they have 600
characters), 48 tokens each and greedily, without flash attention, as cladist asks, and with it.
Long ones matter: the engine shares a context of 512 tokens or more out over threads.
"""

from __future__ import annotations

import argparse
import time
from contextlib import ExitStack
from types import SimpleNamespace
from unittest.mock import patch

import xllamacpp
from measure import table

from cladist import catalog
from cladist.models import Request, open_model

LENGTH = 600
KINDS = xllamacpp.llama_flash_attn_type


def prompts(count: int) -> list[str]:
    """Texts of at least LENGTH characters, each of other probes first."""
    texts = [p.text for p in catalog.assay().protocol.probes.probes]
    out = []
    for k in range(count):
        joined, at = "", k
        while len(joined) < LENGTH:
            joined, at = joined + texts[at % len(texts)] + " ", at + 1
        out.append(joined.strip())
    return out


def answers(threads: int, flash: bool, requests: list[Request]) -> tuple[list[str], float]:
    """What it says, and seconds."""
    with ExitStack() as stack:
        if flash:
            switched = SimpleNamespace(
                LLAMA_FLASH_ATTN_TYPE_DISABLED=KINDS.LLAMA_FLASH_ATTN_TYPE_ENABLED
            )
            stack.enter_context(patch.object(xllamacpp, "llama_flash_attn_type", switched))
        model = open_model(f"builtin:smollm2?threads={threads}")
    try:
        start = time.perf_counter()
        said = [response.text for _, response in model.answer(requests)]
        return said, time.perf_counter() - start
    finally:
        model.close()


def main() -> None:
    """Print a line for each number of threads, with flash attention and without."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--prompts", type=int, default=30)
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    args = parser.parse_args()
    requests = [Request(text, 48) for text in prompts(args.prompts)]
    rows, shipped = [], None
    for flash in (False, True):
        first = None
        for threads in args.threads:
            said, seconds = answers(threads, flash, requests)
            first, shipped = first or said, shipped or said
            other = sum(a != b for a, b in zip(said, first, strict=True))
            from_shipped = sum(a != b for a, b in zip(said, shipped, strict=True))
            rows.append([
                "flash" if flash else "as it ships", str(threads), f"{seconds:.1f}",
                f"{other} of {len(said)}", f"{from_shipped} of {len(said)}",
            ])  # fmt: skip
    head = ["attention", "threads", "s", "other than on the first number", "other than shipped"]
    print(table(head, rows))


if __name__ == "__main__":
    main()
