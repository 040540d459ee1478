"""The first question of kinship in a large registry without labels: processor, time and memory.

    python benchmarks/first_question.py --models 10000 [--before CHECKOUT]

A registry is made of the recorded answers of `rand`, and again with the answers moved on by some
probes, so that every model has texts of its own there. The command then runs with an empty cache
folder, and again. With --before it also runs on the sources of another checkout.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from multiprocessing import get_context
from pathlib import Path

from assays import SHARED
from measure import cost_of, table

from cladist.compare import resolve_assay
from cladist.registry import Registry
from cladist.workflows.extracting import import_responses

ROOT = Path(__file__).resolve().parents[1]
MOVED = 37
"""Probes that the answers are moved on by, once for every time that they are used again."""


def build(folder: Path, count: int) -> tuple[str, str]:
    """A registry of so many models; the names of the first two."""
    with Registry.open(folder) as store:
        import_responses(SHARED / "data" / "rand" / "responses.parquet", store)
        protocol = resolve_assay(store).protocol
        row = store.add_protocol(protocol)
        recorded = [(r.model, r.slots) for r in store.responses(protocol)]
        for k in range(len(recorded), count):
            model, slots = recorded[k % len(recorded)]
            by = MOVED * (k // len(recorded)) % len(slots)
            name = f"{model}+{by}"
            record = store.add_model(name, f"moved:{name}", f"moved:{name}", {}, sync=False)
            moved = [
                (probe, sample, answer)
                for probe, slot in enumerate(slots[by:] + slots[:by])
                for sample, answer in enumerate(slot)
            ]
            store.write_responses(row, record, moved, sync=False)
    return recorded[0][0], recorded[1][0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=10_000)
    parser.add_argument("--before", type=Path, help="A checkout to be compared with.")
    args = parser.parse_args()
    sources = {"now": ROOT / "src"}
    if args.before:
        sources["before"] = args.before.resolve() / "src"
    rows = []
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        # In a process of its own: a child's peak is at least what its parent held when it began.
        with get_context("spawn").Pool(1) as builder:
            pair = builder.apply(build, (folder / "registry", args.models))
        code = "from cladist.cli.main import main; main()"
        command = (
            sys.executable, "-c", code, "compare", "kinship", *pair, "-r", folder / "registry",
        )  # fmt: skip
        for version, source in sources.items():
            place = {"PYTHONPATH": str(source), "XDG_CACHE_HOME": str(folder / version)}
            for time in ("first", "again"):
                cost = cost_of(command, folder, {**os.environ, **place})
                rows.append((version, time, cost.cpu, cost.wall, cost.megabytes / 1024))
                print(*rows[-1], flush=True)
    print(table(["version", "question", "CPU s", "wall s", "peak GiB"], rows))


if __name__ == "__main__":
    main()
