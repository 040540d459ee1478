"""Every error that cladist raises on purpose.

    CladistError                exit 1
    ├── UsageError              exit 2   an argument, a name or a URI that cannot be used
    ├── InputError              exit 3   a file that is missing, unreadable or malformed
    ├── AssayError              exit 4   an assay that contradicts itself or is unknown
    │   └── NotComparableError  exit 4   results of different assays were to be mixed
    ├── ModelError              exit 5   a model that cannot be loaded or asked
    │   └── EndpointError       exit 5   an endpoint that is dead, or refuses the key
    ├── CoverageError           exit 6   too few usable responses to say anything
    ├── RegistryError           exit 7   a registry that is locked, damaged or too new
    └── MissingExtraError       exit 8   an optional package that has to be installed

Commands that look for something leave with a code of what they found, which is no error:

    10  FOUND      something was found that was looked for
    11  CHANGED    a deployment has changed
    12  UNDECIDED  it could not be told
    13  UNTESTED   nothing was found, but something could not be tested, so that says little

A message says what was wrong, where, and what to do about it. The command line prints the
message without a traceback and leaves with the exit code.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "CHANGED",
    "FOUND",
    "UNDECIDED",
    "UNTESTED",
    "AssayError",
    "CladistError",
    "CoverageError",
    "EndpointError",
    "InputError",
    "MissingExtraError",
    "ModelError",
    "NotComparableError",
    "RegistryError",
    "UsageError",
]


FOUND, CHANGED, UNDECIDED, UNTESTED = 10, 11, 12, 13


class CladistError(Exception):
    """Base of all deliberate errors."""

    exit_code: ClassVar[int] = 1


class UsageError(CladistError):
    """An argument, a name or a URI that cannot be used."""

    exit_code = 2


class InputError(CladistError):
    """A file that is missing, unreadable or malformed."""

    exit_code = 3


class AssayError(CladistError):
    """An assay that contradicts itself, or that nobody knows."""

    exit_code = 4


class NotComparableError(AssayError):
    """Results of different assays were to be mixed."""


class ModelError(CladistError):
    """A model that cannot be loaded or asked."""

    exit_code = 5


class EndpointError(ModelError):
    """An endpoint that is dead, or that refuses the key."""


class CoverageError(CladistError):
    """Too few usable responses to say anything."""

    exit_code = 6


class RegistryError(CladistError):
    """A registry that is locked, damaged, or written by a newer version."""

    exit_code = 7


class MissingExtraError(CladistError):
    """An optional package that has to be installed first.

    `package` names one whose own dependencies are not wanted, and that is therefore in no extra.
    """

    exit_code = 8

    def __init__(self, feature: str, extra: str = "", package: str = "") -> None:
        wanted = f"--no-deps '{package}'" if package else f"'cladist[{extra}]'"
        super().__init__(f"{feature} needs an optional package: pip install {wanted}")
        self.extra = extra
