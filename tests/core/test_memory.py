"""Freed memory is given back to the system where the C library can."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from cladist.core.memory import give_back

FREED = """
from cladist.core.memory import give_back

def held():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

texts = [f"{k:1000}" for k in range(100_000)]
kept = texts[::1000]
del texts
before = held()
give_back()
print(before - held())
"""


def trims() -> bool:
    try:
        return hasattr(ctypes.CDLL(None), "malloc_trim") and Path("/proc/self/statm").exists()
    except (OSError, TypeError):
        return False


@pytest.mark.skipif(not trims(), reason="this C library gives nothing back")
def test_memory_between_what_stays_is_given_back() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FREED], capture_output=True, text=True, check=True, timeout=60
    )
    assert int(done.stdout) > 50e6


@pytest.mark.parametrize("problem", [OSError, TypeError])
def test_where_it_cannot_nothing_happens(
    problem: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: object) -> None:
        raise problem("no such library")

    monkeypatch.setattr("ctypes.CDLL", missing)
    give_back()
    monkeypatch.setattr("ctypes.CDLL", lambda name: object())  # without malloc_trim
    give_back()
