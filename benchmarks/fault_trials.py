"""Extraction from an endpoint that fails at 30% of all calls: is every answer right or marked?

    python benchmarks/fault_trials.py [--trials 20] [--rate 0.3] [--probes 100] [--seed 1]

A real HTTP server on the loopback (tests/support/faulty_server.py) draws faults with a seed: 429
with Retry-After, 5xx, resets, slow drips, cut and invalid JSON, wrong content types, another model,
another configuration, choices in another order, an answer sent twice. In every third trial the key
expires half-way and is renewed for the next run. A trial runs `extract` until nothing is missing,
and is held against an undisturbed run: the same answers and the same DNA, byte for byte.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

from faulty_server import RIGHT, faulty
from measure import table

from cladist.errors import EndpointError
from cladist.extraction.run import extract
from cladist.models import _calls as backend
from cladist.models import open_model
from cladist.registry import Registry
from tests.conftest import small_assay

OPTIONS = "served=m&timeout=1&retries=6&concurrency=8"


def texts(registry: Registry, assay) -> list[str]:
    """All answers in order."""
    (found,) = registry.responses(assay.protocol)
    return [r.text for slot in found.slots for r in slot]


def trial(number: int, args: argparse.Namespace, folder: Path) -> Counter[str]:
    """One endpoint, asked until nothing is missing."""
    assay = small_assay(args.probes)
    seen: Counter[str] = Counter()
    with faulty(args.rate, args.seed * 1000 + number, pause=1.0) as (server, url):
        os.environ["OPENAI_API_KEY"] = "sk-old"
        if number % 3 == 0:
            server.expires, server.authorised = args.probes // 2, "sk-new"
        for _ in range(20):
            server.paused = (0.0, 0.0)  # a new process knows of no pause that another was asked for
            with Registry.open(folder / f"r{number}") as registry:
                model = open_model(f"openai:m@{url}?{OPTIONS}")
                try:
                    result = extract(model, assay, registry)
                except EndpointError as problem:
                    assert "expired" in str(problem) and "sk-old" not in str(problem), problem
                    os.environ["OPENAI_API_KEY"] = "sk-new"
                    seen["expired keys"] += 1
                    result = None
                seen["calls counted"] += model.usage.calls
                seen["tokens counted"] += model.usage.tokens
                seen["runs"] += 1
                if result is not None and result.failed == 0:
                    break
                seen["marked, asked again"] += result.failed if result else 0
        else:
            sys.exit(f"trial {number} does not end")
        with Registry.open(folder / f"r{number}") as registry:
            got = texts(registry, assay)
        seen["wrong"] += sum(
            t != f"echo {p.text}" for t, p in zip(got, assay.protocol.probes.probes, strict=True)
        )
        seen["answers"] += len(got)
        seen["calls"] += sum(server.calls.values())
        seen["faults"] += sum(n for k, n in server.faults.items() if k not in RIGHT)
        seen["oddities"] += sum(n for k, n in server.faults.items() if k in RIGHT and k)
        seen["most calls for a slot"] = max(server.calls.values())
        seen["during a pause"] += server.hasty
        seen["billed"] += sum(server.billed.values())
        assert result is not None
        seen["dna differs"] += result.dna.digest != undisturbed(assay, url, folder)
    return seen


def undisturbed(assay, url: str, folder: Path) -> str:
    """The DNA by a server that does not fail."""
    with (
        faulty(0.0, 0) as (_, good),
        tempfile.TemporaryDirectory(dir=folder) as made,
        Registry.open(made) as registry,
    ):
        return extract(open_model(f"openai:m@{good}"), assay, registry).dna.digest


def main() -> None:
    """Print the totals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--rate", type=float, default=0.3)
    parser.add_argument("--probes", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    # Waits are a tenth of the usual, so that trials take seconds; those the server asks for are
    # kept in full.
    usual = backend.backoff
    backend.backoff = lambda attempt, seed: usual(attempt, seed) / 10
    total: Counter[str] = Counter()
    start = time.monotonic()
    random.seed(args.seed)
    with tempfile.TemporaryDirectory(prefix="faults-") as made:
        for number in range(args.trials):
            seen = trial(number, args, Path(made))
            most = max(total["most calls for a slot"], seen.pop("most calls for a slot"))
            total.update(seen)
            total["most calls for a slot"] = most
            print(f"{number + 1}/{args.trials}", dict(seen), file=sys.stderr)
    rows = [[name, count] for name, count in total.items()]
    print(table(["", "count"], [["trials", args.trials], *rows]))
    print(f"\nseed {args.seed}, rate {args.rate}, {time.monotonic() - start:.0f} s")
    sys.exit(bool(total["wrong"] or total["dna differs"] or total["during a pause"]))


if __name__ == "__main__":
    main()
