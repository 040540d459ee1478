"""Who made a report, when, and from which files: what a court asks first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cladist.errors import InputError

__all__ = ["UNTOLD", "Given", "Making", "given"]


@dataclass(frozen=True)
class Given:
    """One thing that was given to the report's command.

    option  under which option, such as --labels
    name    a path as it was written, or the name of something that is no file
    sha256  of the file, or of the names and hashes of a folder's files; '' for what is no file
    size    bytes in all
    """

    option: str
    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Making:
    """How a report came to be; '' and empty where nothing was told.

    created   time in UTC, as 2026-01-31T12:00:00Z
    author    who answers for it, as they wished to be named
    registry  the registry's folder, as it was written
    given     what was given besides
    out       files that were written
    choices   options of form and of what is shown, as they stand on the command line
    """

    created: str = ""
    author: str = ""
    registry: str = ""
    given: tuple[Given, ...] = ()
    out: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()

    def options(self) -> list[str]:
        """The options of the command that makes the same report again."""
        made: list[str] = []
        for one in self.given:
            made += [one.option, one.name]
        made += self.choices
        for option, value in (("--author", self.author), ("--created", self.created)):
            made += [option, value] if value else []
        for path in self.out or ("report.html",):
            made += ["--out", path]
        return made


UNTOLD = Making()


def given(sources: Mapping[str, Sequence[object]]) -> tuple[Given, ...]:
    """What was given under each option, with hashes of what is a file or a folder.

    `NAME=FILE` is hashed as the file. Raises `InputError` for a file that cannot be read.

    >>> given({"--declared": ["hub:org/name"]})
    (Given(option='--declared', name='hub:org/name', sha256='', size=0),)
    """
    made = []
    for option, values in sources.items():
        for value in values:
            name = str(value)
            path = Path(name)
            if not path.exists() and "=" in name:
                path = Path(name.partition("=")[2])
            made.append(Given(option, name, *_hashed(path)))
    return tuple(made)


def _hashed(path: Path) -> tuple[str, int]:
    try:
        if path.is_dir():
            return _together(path, sorted(p for p in path.rglob("*") if p.is_file()))
        if path.is_file():
            with path.open("rb") as file:
                total = path.stat().st_size
                return _of(iter(lambda: file.read(1 << 20), b"")), total
    except OSError as problem:
        raise InputError(f"{path} cannot be read: {problem.strerror or problem}") from problem
    return "", 0


def _of(parts: Iterable[bytes]) -> str:
    h = sha256()
    for part in parts:
        h.update(part)
    return h.hexdigest()


def _together(folder: Path, files: Sequence[Path]) -> tuple[str, int]:
    """Hash over names and hashes of files, and their bytes in all."""
    lines, total = [], 0
    for file in files:
        digest, size = _hashed(file)
        lines.append(f"{digest}  {file.relative_to(folder).as_posix()}\n".encode())
        total += size
    return _of(lines), total
