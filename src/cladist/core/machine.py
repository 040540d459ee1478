"""What this process may use of the machine that it runs on."""

from __future__ import annotations

import os

MOST_THREADS = 8
"""Threads beyond which a small model is not written any faster, as memory is what it waits for."""


def cores() -> int:
    """Cores that this process may use; all of them where the system does not tell."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads_alone() -> int:
    """Threads for one model that has the machine for itself.

    Up to four cores all of them; of more a half, as many systems count a core twice.
    """
    usable = cores()
    return usable if usable <= 4 else min(max(usable // 2, 4), MOST_THREADS)
