"""What the benchmarks share: a command's cost, many commands taken in turns, tables."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"), "1"
)
"""One thread for every library that would take more: CPU seconds then compare like with like."""


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds (user and system, all processes of the command), wall seconds, peak memory."""

    cpu: float
    wall: float
    megabytes: float


def cost_of(
    command: Sequence[str | Path], folder: Path, more: Mapping[str, str] | None = None
) -> Cost:
    """Run a command in a folder on one thread and tell what it cost; its failure ends the run."""
    log = folder / "command.log"
    start = time.monotonic()
    with log.open("wb") as file:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env={**os.environ, **ONE_THREAD, **(more or {})},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        # Of this child and of all of its own that it waited for.
        _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        tail = log.read_text("utf-8", "replace")[-2000:]
        sys.exit(f"{' '.join(map(str, command))} failed ({process.returncode}):\n{tail}")
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024)


def in_turns(cases: Mapping[str, Callable[[], Cost]], runs: int) -> dict[str, Cost]:
    """Medians over `runs` rounds A B C A B C ..., so that a busy machine slows all alike."""
    found: dict[str, list[Cost]] = {name: [] for name in cases}
    for _ in range(runs):
        for name, case in cases.items():
            found[name].append(case())
    return {
        name: Cost(
            statistics.median(c.cpu for c in costs),
            statistics.median(c.wall for c in costs),
            statistics.median(c.megabytes for c in costs),
        )
        for name, costs in found.items()
    }


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; numbers are given three significant digits."""
    lines = [header, ["---"] * len(header), *([_shown(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _shown(cell: object) -> str:
    if not isinstance(cell, float):
        return str(cell)
    return f"{cell:.0f}" if abs(cell) >= 100 else f"{cell:.3g}"


def script(python: str | Path, name: str) -> Path:
    """A program that lies beside an interpreter."""
    return Path(python).parent / name
