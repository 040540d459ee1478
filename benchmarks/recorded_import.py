"""`cladist registry import` from the file to stored DNA: CPU, wall and memory of the whole command.

    python benchmarks/recorded_import.py [--responses 200000] [--characters 400] [--runs 3]

Answers are made up: words of a seeded vocabulary, 100 probes, as many models as it takes. The
default assay's method makes the DNA. --file FILE imports a file of your own instead. Goal:
200,000 answers in two minutes on two cores and in 2 GB.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from measure import Cost, cost_of, in_turns, script, table

PROBES = 100
ASSAYS = ("cladist", "phylolm")
"""Methods of the lexical kind; 'phylolm' has alleles alone."""


def write_answers(path: Path, models: int, characters: int) -> None:
    """Parquet with columns model, prompt_id and response, a hundred models at a time."""
    rng = np.random.default_rng(0)
    letters = np.array(list("etaoinshrdlucmfwyp"))
    words = np.array(
        ["".join(rng.choice(letters, rng.integers(2, 9))) for _ in range(20_000)], dtype=object
    )
    each = max(characters // 6, 1)
    ids = [str(i) for i in range(PROBES)]
    schema = pa.schema([(n, pa.string()) for n in ("model", "prompt_id", "response")])
    with pq.ParquetWriter(path, schema) as writer:
        for low in range(0, models, 100):
            count = min(100, models - low)
            picks = rng.zipf(1.3, size=(count * PROBES, each)) % len(words)
            columns = {
                "model": [f"model-{low + row // PROBES:05}" for row in range(count * PROBES)],
                "prompt_id": ids * count,
                "response": [" ".join(row) for row in words[picks]],
            }
            writer.write_table(pa.table(columns, schema=schema))


def main() -> None:
    """Print one line a method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--responses", type=int, default=200_000)
    parser.add_argument("--characters", type=int, default=400)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="speed-") as made:
        folder = Path(made)
        file = args.file.absolute() if args.file else folder / "answers.parquet"
        if not args.file:
            write_answers(file, max(args.responses // PROBES, 1), args.characters)
        rows_in_file = pq.ParquetFile(file).metadata.num_rows
        sizes: dict[str, float] = {}

        def run(assay: str) -> Cost:
            registry = folder / f"registry-{assay}"
            shutil.rmtree(registry, ignore_errors=True)
            program = script(sys.executable, "cladist")
            command = [program, "import", file, "--registry", registry, "-a", assay, "--quiet"]
            cost = cost_of(command, folder)
            sizes[assay] = sum(f.stat().st_size for f in registry.iterdir()) / 1e6
            shutil.rmtree(registry)
            return cost

        found = in_turns({a: lambda a=a: run(a) for a in ASSAYS}, args.runs)
    rows = [
        [name, rows_in_file, c.cpu, c.wall, c.megabytes, sizes[name]] for name, c in found.items()
    ]
    print(table(["method", "answers", "CPU s", "wall s", "peak MB", "registry MB"], rows))


if __name__ == "__main__":
    main()
