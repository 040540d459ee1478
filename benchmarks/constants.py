"""Other values for the constants of kinship, for as long as a measurement lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any


@contextmanager
def changed(config: Any, **constants: Any) -> Iterator[None]:
    """A config of `cladist.kinship.config` with other constants, everywhere it is read.

    They are frozen, and no code of the package changes them. This is the one place that does: the
    fields are written over and written back, so that every module and thread sees the same.
    """
    other = replace(config, **constants)  # refuses what is no field
    before = {name: getattr(config, name) for name in constants}
    try:
        for name in constants:
            object.__setattr__(config, name, getattr(other, name))
        yield
    finally:
        for name, value in before.items():
            object.__setattr__(config, name, value)
