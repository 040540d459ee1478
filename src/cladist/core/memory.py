"""Memory that is not used any more, given back to the system."""

from __future__ import annotations

import ctypes
from contextlib import suppress

__all__ = ["give_back"]


def give_back() -> None:
    """Have the C library give back what it holds of freed memory; nothing where it cannot.

    Texts of many models are freed in pieces between others that stay, and glibc keeps all of it
    for later small pieces, where large arrays cannot lie. Milliseconds a hundred megabytes.
    """
    with suppress(OSError, AttributeError, TypeError):  # another C library, or another system
        ctypes.CDLL(None).malloc_trim(0)
