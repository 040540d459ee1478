"""Kill -9 at random moments, full disks, and files cut short: is anything lost?

    python benchmarks/crash_trials.py [--kills 240] [--seed 1] [--full 24] [--cuts 400]

Every kind of work (tests/support/crashes.py) is done in a child process that is killed after a
drawn time, up to three times in a row, then finished and compared with an undisturbed run: the
same bytes. For full disks a tmpfs of drawn size is mounted (needs root), the work is done until the
disk is full, the disk is made larger, and the work is done again. Archives, backups and shards are
cut at drawn places, as a lost machine may leave them, and have to be refused.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

import crashes
from measure import table

from cladist.errors import InputError
from cladist.registry.archive import verify_archive


def kills(count: int, seed: int, folder: Path, given: Path) -> dict[str, Counter[str]]:
    """Rounds over all kinds of work until so many processes were killed."""
    dice = random.Random(seed)
    found = {kind.name: Counter() for kind in crashes.SCENARIOS}
    expected = {}
    for kind in crashes.SCENARIOS:
        expected[kind.name] = crashes.undisturbed(kind(given), folder / f"whole-{kind.name}")
        print(kind.name, expected[kind.name], file=sys.stderr)
    number = 0
    while sum(c["kills"] for c in found.values()) < count:
        for kind in crashes.SCENARIOS:
            number += 1
            made = folder / f"trial-{number}"
            seen = crashes.trial(kind(given), made, dice, *expected[kind.name])
            found[kind.name].update(seen)
            subprocess.run(["rm", "-r", made], check=True)
        print({n: dict(c) for n, c in found.items()}, file=sys.stderr)
    return found


def full_disks(count: int, seed: int, folder: Path, given: Path) -> Counter[str]:
    """Work on disks that are too small, and again when they are larger."""
    dice, seen = random.Random(seed + 1), Counter()
    disk = folder / "disk"
    disk.mkdir()
    kinds = [k for k in crashes.SCENARIOS if k is not crashes.Migration]
    expected = {
        k.name: crashes.undisturbed(k(given), folder / f"disk-whole-{k.name}") for k in kinds
    }
    for number in range(count):
        kind = kinds[number % len(kinds)]
        size = dice.randrange(16, 500)
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", disk], capture_output=True
        )
        if mounted.returncode:
            print("no right to mount a tmpfs: full disks are left out", file=sys.stderr)
            return seen
        try:
            scenario, made = kind(given), disk / "trial"
            made.mkdir()
            try:
                scenario.prepare(made)
            except OSError:  # what is there before does not fit itself
                continue
            seen["trials"] += 1
            if not crashes.in_child(lambda s=scenario, m=made: s.work(m)):
                seen["disks that were full"] += 1
            subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
            crashes.scenario_survived(scenario, made)
            assert crashes.in_child(lambda s=scenario, m=made: s.work(m))
            assert crashes.judged(scenario, made) == expected[kind.name][0], kind.name
        finally:
            subprocess.run(["umount", disk], check=True)
    return seen


def cuts(count: int, seed: int, folder: Path, given: Path) -> Counter[str]:
    """Archives cut short or with a hole of zeros, as a lost machine leaves them."""
    dice, seen = random.Random(seed + 2), Counter()
    raw = (given / "a.zip").read_bytes()
    path = folder / "cut.zip"
    for _ in range(count):
        at = dice.randrange(len(raw))
        hole = dice.random() < 0.5
        path.write_bytes(raw[:at] + bytes(len(raw) - at) * hole)
        try:
            verify_archive(path)
        except InputError:
            seen["refused"] += 1
        else:
            # Zeros where there were zeros are no damage.
            assert path.read_bytes() == raw
            seen["unchanged"] += 1
    return seen


def main() -> None:
    """Print what was done; an assertion ends it where something was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=240)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--full", type=int, default=24)
    parser.add_argument("--cuts", type=int, default=400)
    args = parser.parse_args()
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="crashes-") as made:
        folder = Path(made)
        given = crashes.make_given(folder / "given")
        found = kills(args.kills, args.seed, folder, given)
        disks = full_disks(args.full, args.seed, folder, given)
        cut = cuts(args.cuts, args.seed, folder, given)
    rows = [
        [name, c["trials"], c["kills"], c["ended before the kill"]] for name, c in found.items()
    ]
    rows.append(["all", *(sum(r[i] for r in rows) for i in (1, 2, 3))])
    print(table(["work", "trials", "killed", "ended before the kill"], rows))
    print(f"\nfull disks: {dict(disks)}\nfiles cut short: {dict(cut)}")
    print(f"seed {args.seed}, {time.monotonic() - start:.0f} s; nothing lost, nothing doubled")


if __name__ == "__main__":
    main()
