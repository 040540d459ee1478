"""A million hostile inputs for every reader, by seeded mutation of real examples and by coverage.

    python benchmarks/fuzz.py [--inputs 1000000] [--seed 1] [--engine mutation|atheris]
                              [--readers NAME ...] [--out FOLDER]

Each reader runs in a process of its own. A finding is anything but a result or a `CladistError`:
another exception, no end after ten seconds, a message without bounds, or memory that grew by more
than a gigabyte. Findings are written to --out, with the input. `atheris` (pip install atheris) is
libFuzzer with the coverage of this project's code; it is not reproducible to the input.

Counts are of inputs that were really run; the table is printed at the end, a line a reader.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "support"))

WEIGHTS = {"parquet": 0.25, "matrix": 0.25, "inspect archive": 0.4, "archive": 0.25, "csv": 0.6}
"""Shares of readers that take much longer than the others; 1 for all that are not named."""
GROWTH = 1 << 20  # kilobytes


def shares(names: list[str], inputs: int) -> dict[str, int]:
    """How many inputs each reader gets."""
    total = sum(WEIGHTS.get(n, 1.0) for n in names)
    return {n: round(inputs * WEIGHTS.get(n, 1.0) / total) + 1 for n in names}


def one_reader(name: str, inputs: int, seed: int, engine: str, out: Path) -> None:
    """Run one reader here; the last line printed is the result as JSON."""
    if engine == "atheris":
        import atheris

        with atheris.instrument_imports(include=["cladist"]):
            import hostile
            import hostile_readers
    else:
        import hostile
        import hostile_readers
    reader = hostile_readers.readers()[name]
    for raw in reader.seeds:
        reader.read(raw)  # the examples are valid, and what is imported late is imported
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kinds: set[str] = set()
    count, start, slowest = 0, time.monotonic(), 0.0

    def report() -> None:
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        if grown > GROWTH:
            kinds.add(f"memory grew by {grown >> 10} MB")
        result = {
            "reader": name, "inputs": count, "findings": sorted(kinds), "slowest": slowest,
            "seconds": time.monotonic() - start, "grown_mb": grown / 1024,
        }  # fmt: skip
        print("\n" + json.dumps(result), flush=True)

    def run(raw: bytes) -> None:
        nonlocal count, slowest
        begun = time.perf_counter()
        found = hostile.attempt(reader, raw)
        slowest = max(slowest, time.perf_counter() - begun)
        count += 1
        if found:
            # One report for each place; the last line tells the error, the one before the place.
            kind = " | ".join(found.strip().splitlines()[-3:])[:300]
            if kind not in kinds and len(kinds) < 50:
                kinds.add(kind)
                stem = out / f"{name.replace(' ', '-')}-{len(kinds)}"
                stem.with_suffix(".bin").write_bytes(raw)
                stem.with_suffix(".txt").write_text(found)
        if engine == "atheris" and count >= inputs:
            report()
            import os

            os._exit(0)

    if engine == "atheris":
        with tempfile.TemporaryDirectory() as corpus:
            for number, raw in enumerate(reader.seeds):
                (Path(corpus) / str(number)).write_bytes(raw)
            options = [f"-runs={2 * inputs}", f"-seed={seed}", "-max_len=4096", "-timeout=60"]
            atheris.Setup([sys.argv[0], *options, corpus], run)
            atheris.Fuzz()
    dice = random.Random(f"{seed} {name}")
    while count < inputs:
        run(hostile.mutated(dice, reader))
    report()


def main() -> None:
    """One process a reader, one after the other; a table at the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", choices=["mutation", "atheris"], default="mutation")
    parser.add_argument("--readers", nargs="*")
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "fuzz-findings")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    if args.one:
        one_reader(args.one, args.inputs, args.seed, args.engine, args.out)
        return
    import hostile_readers
    from measure import table

    names = args.readers or list(hostile_readers.readers())
    rows, findings = [], 0
    for name, inputs in shares(names, args.inputs).items():
        command = [
            sys.executable, __file__, "--one", name, "--inputs", str(inputs), "--seed",
            str(args.seed), "--engine", args.engine, "--out", str(args.out),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True)
        last = next((x for x in reversed(done.stdout.splitlines()) if x.startswith("{")), "")
        if not last:
            # The process itself fell: the gravest of findings.
            rows.append([name, 0, f"process ended with {done.returncode}", "", ""])
            print(done.stderr[-2000:], file=sys.stderr)
            findings += 1
            continue
        found = json.loads(last)
        findings += len(found["findings"])
        rows.append(
            [name, found["inputs"], len(found["findings"]), found["seconds"], found["slowest"]]
        )
        print(json.dumps(found), file=sys.stderr, flush=True)
    rows.append(["all", sum(r[1] for r in rows), findings, "", ""])
    print(table(["reader", "inputs", "findings", "seconds", "slowest, s"], rows))
    sys.exit(bool(findings))


if __name__ == "__main__":
    main()
