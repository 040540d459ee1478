"""JSON lines that are only ever added to."""

from __future__ import annotations

from pathlib import Path

from cladist.errors import InputError

__all__ = ["append"]


def append(log: Path, line: str) -> None:
    """Add a line; one that a killed process left half written is closed first.

    Raises `InputError` when the file cannot be written.
    """
    try:
        with log.open("ab+") as file:
            end = file.seek(0, 2)
            file.seek(max(end - 1, 0))
            torn = end > 0 and file.read(1) != b"\n"
            text = ("\n" if torn else "") + line + "\n"
            file.write(text.encode("utf-8", "replace"))
    except OSError as problem:
        raise InputError(f"cannot write {log}: {problem.strerror or problem}") from problem
