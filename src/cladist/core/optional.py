"""Packages that not everybody needs: what to install is said where one is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cladist.errors import MissingExtraError

__all__ = ["needed"]


@contextmanager
def needed(feature: str, extra: str) -> Iterator[None]:
    """Import within this what only an extra brings along.

    Parameters
    ----------
    feature : str
        What cannot be done without, the subject of the message.
    extra : str
        The extra that has it.

    Raises
    ------
    MissingExtraError
        When a package is missing, with the line that installs it.

    Examples
    --------
    >>> with needed("Asking", "gguf"):
    ...     import no_such_package
    Traceback (most recent call last):
    cladist.errors.MissingExtraError: Asking needs an optional package: pip install 'cladist[gguf]'
    """
    try:
        yield
    except ModuleNotFoundError as problem:
        if (problem.name or "").split(".")[0] == "cladist":
            raise
        raise MissingExtraError(feature, extra) from problem
