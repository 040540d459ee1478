"""Many processes on one registry: is a write lost, and how long is the lock held?

    python benchmarks/stress.py [--writers 4] [--readers 3] [--models 5] [--probes 200]

Writers extract models (answers come at once, so the registry is all there is to wait for), one
process imports an archive into the same registry, one makes backups, readers read all answers and
all DNAs and reopen the registry each time, as a server's requests do. Afterwards every answer of
every model must be there once, with the same DNA as from a registry of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from measure import ONE_THREAD, table

os.environ.update(ONE_THREAD)

from cladist.extraction.archived import import_archive
from cladist.extraction.run import extract
from cladist.extraction.verify import verify
from cladist.registry import Registry
from cladist.registry.archive import write_archive
from cladist.registry.backup import backup
from cladist.registry.connection import Connection
from tests.conftest import scripted, small_assay

held: list[float] = []
waited: list[float] = []
usual = Connection.transaction


@contextmanager
def timed(self: Connection, *, sync: bool = True):
    """A transaction whose waiting and holding are noted."""
    start = time.perf_counter()
    begun = 0.0
    try:
        with usual(self, sync=sync):
            begun = time.perf_counter()
            yield
    finally:
        if begun:
            waited.append(begun - start)
            held.append(time.perf_counter() - begun)


def spread(seconds: list[float]) -> list[float]:
    """Number, median, 99th percentile and maximum, in milliseconds."""
    ordered = sorted(seconds) or [0.0]
    at = [ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)], ordered[-1]]
    return [len(seconds), *(1000 * x for x in at)]


def child(work: Callable[[], dict[str, list[float]]], told: Path) -> int:
    """Do something in a process of its own, which leaves its figures in a file."""
    made = os.fork()
    if made == 0:
        try:
            told.write_text(json.dumps(work()))
        except BaseException:  # noqa: BLE001 - printed, and counted by the parent
            import traceback

            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return made


def main() -> None:
    """Print how long locks were waited for and held, and how long reads took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--readers", type=int, default=3)
    parser.add_argument("--models", type=int, default=5)
    parser.add_argument("--probes", type=int, default=200)
    args = parser.parse_args()
    assay = small_assay(args.probes)
    with tempfile.TemporaryDirectory(prefix="stress-") as made:
        folder = Path(made)
        lab, stop = folder / "lab", folder / "stop"

        def write(number: int) -> dict[str, list[float]]:
            Connection.transaction = timed
            with Registry.open(lab) as registry:
                for model in range(args.models):
                    extract(scripted(f"w{number}-{model}", assay), assay, registry)
            return {"waited": waited, "held": held}

        def merge() -> dict[str, list[float]]:
            with Registry.open(folder / "other") as registry:
                for model in range(args.models):
                    extract(scripted(f"merged-{model}", assay), assay, registry)
            write_archive(folder / "other", folder / "other.zip")
            Connection.transaction = timed
            import_archive(folder / "other.zip", lab)
            return {"waited": waited, "held": held}

        def read(number: int) -> dict[str, list[float]]:
            took = []
            while not stop.exists():
                start = time.perf_counter()
                with Registry.open(lab) as registry:
                    # Each of these only grows, and comes after the one before it.
                    ready = len(registry.dnas(assay))
                    seen = sum(1 for _ in registry.responses(assay.protocol))
                    assert ready <= seen <= len(registry.models())
                took.append(time.perf_counter() - start)
            return {"reads": took}

        def copy() -> dict[str, list[float]]:
            took = []
            while not stop.exists():
                start = time.perf_counter()
                backup(lab, folder / f"copy-{len(took)}")
                took.append(time.perf_counter() - start)
            return {"backups": took}

        Registry.open(lab).close()
        start = time.monotonic()
        busy = [child(lambda n=n: write(n), folder / f"w{n}.json") for n in range(args.writers)]
        busy.append(child(merge, folder / "merge.json"))
        watching = [child(lambda n=n: read(n), folder / f"r{n}.json") for n in range(args.readers)]
        watching.append(child(copy, folder / "copy.json"))
        failed = [p for p in busy if os.waitpid(p, 0)[1]]
        stop.touch()
        failed += [p for p in watching if os.waitpid(p, 0)[1]]
        seconds = time.monotonic() - start
        figures: dict[str, list[float]] = {}
        for file in folder.glob("*.json"):
            for name, values in json.loads(file.read_text()).items():
                figures.setdefault(name, []).extend(values)
        with Registry.open(lab) as registry:
            wanted = (args.writers + 1) * args.models
            assert not failed, f"{len(failed)} processes failed"
            assert len(registry.models()) == len(registry.dnas(assay)) == wanted
            for found in registry.responses(assay.protocol):
                texts = [f"{found.model} says {p.text}" for p in assay.protocol.probes.probes]
                assert found.texts() == texts, found.model
            checked = verify(registry, sample=None)
            assert checked.sound and checked.same == wanted, checked.findings
        with Registry.open(max(folder.glob("copy-*"), key=lambda p: p.stat().st_mtime)) as last:
            assert verify(last, sample=3).sound
    rows = [
        [label, *spread(figures[name])]
        for label, name in (
            ("waiting for the lock", "waited"),
            ("holding the lock", "held"),
            ("reading everything", "reads"),
            ("backup", "backups"),
        )
    ]
    print(table(["", "times", "median ms", "99% ms", "longest ms"], rows))
    told = f"{wanted * args.probes} answers of {wanted} models by {args.writers + 1} writers"
    print(f"\n{told} in {seconds:.1f} s, beside {args.readers} readers and backups: none lost")


if __name__ == "__main__":
    main()
