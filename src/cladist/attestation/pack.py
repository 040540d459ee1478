"""Packs: a statement and every file that it rests on, in a folder or a zip file.

    statement.dsse.json   the signed statement, which names every other file with size and hash
    signer.pub.pem        the public key of the signer, for convenience; trust comes from elsewhere
    NAME                  answers, prompts, labels, pages

A pack is read and never unpacked. Names are those that this program gives, so nothing can lie
outside. No file is read beyond the size that the statement names, and none beyond a bound, so a
small file that would become a large one is noticed and left.
"""

from __future__ import annotations

import re
import shutil
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType

from cladist.errors import InputError, UsageError
from cladist.formats.files import replacing

__all__ = ["ENVELOPE", "SIGNER", "Pack", "require_name", "write_pack"]

ENVELOPE = "statement.dsse.json"
SIGNER = "signer.pub.pem"
LARGEST = 256 << 20
"""Bytes of one file of a pack."""
WHOLE = 1 << 30
"""Bytes of all files of a pack."""
MOST_FILES = 10_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


def require_name(name: str, where: str = "pack") -> None:
    """Refuse a name that could lie outside of a pack, or that two systems read differently."""
    if not _NAME.fullmatch(name) or ".." in name:
        raise InputError(
            f"{where}: {name!r:.100} is no name of a file in a pack (letters, digits, '.', '_' "
            "and '-' alone, no folders)"
        )


def write_pack(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a pack: a zip file for a name on .zip, else a folder. The same files, the same bytes.

    Raises `UsageError` when the name is taken, `InputError` when it cannot be written; nothing
    that is there is changed, and nothing half written stays.
    """
    if path.exists() or path.is_symlink():
        raise UsageError(f"{path} exists already; name another place for the pack")
    for name in files:
        require_name(name, str(path))
    if path.suffix.lower() == ".zip":
        with replacing(path) as target, zipfile.ZipFile(target, "w") as packed:
            for name, raw in files.items():
                info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                info.external_attr = 0o644 << 16
                info.compress_type = zipfile.ZIP_DEFLATED
                packed.writestr(info, raw)
        return
    try:
        with TemporaryDirectory(dir=path.parent, prefix=f".{path.name[:40]}.part-") as made:
            folder = Path(made) / "files"
            folder.mkdir()
            for name, raw in files.items():
                (folder / name).write_bytes(raw)
            shutil.move(folder, path)
    except OSError as problem:
        raise InputError(f"cannot write {path}: {problem.strerror or problem}") from problem


class Pack:
    """A pack that is open for reading; `InputError` for whatever is wrong with it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._zip: zipfile.ZipFile | None = None
        self._read = 0
        if not path.exists():
            raise InputError(f"{path}: there is no such pack")
        if path.is_dir():
            self.names = frozenset(self._listed())
        else:
            try:
                self._zip = zipfile.ZipFile(path)
            except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError) as problem:
                raise InputError(f"{path}: not a readable zip file ({problem!s:.160})") from problem
            try:
                self.names = frozenset(self._members(self._zip))
            except InputError:
                self._zip.close()
                raise

    def __enter__(self) -> Pack:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._zip is not None:
            self._zip.close()

    def content(self, name: str, most: int = LARGEST) -> bytes:
        """The bytes of a file, at most `most` of them and one more, that a longer one is seen."""
        most = min(most, LARGEST)
        if self._read + most > WHOLE:
            raise InputError(f"{self.path}: holds more than {WHOLE >> 20} MB; it is not read on")
        where = f"{self.path}, {name}"
        try:
            if self._zip is None:
                raw = self._of_folder(name, most)
            else:
                with self._zip.open(name) as member:
                    raw = member.read(most + 1)
        except (KeyError, FileNotFoundError):
            raise InputError(f"{self.path}: there is no {name} in it") from None
        except (OSError, ValueError, EOFError, RuntimeError, NotImplementedError, zlib.error,
                zipfile.BadZipFile) as problem:  # fmt: skip
            raise InputError(f"{where}: cannot be read ({problem!s:.160})") from problem
        if len(raw) > LARGEST:
            raise InputError(f"{where}: more than {LARGEST >> 20} MB; it is not read on")
        self._read += len(raw)
        return raw

    def _of_folder(self, name: str, most: int) -> bytes:
        path = self.path / name
        if path.is_symlink() or not path.is_file():
            if path.exists() or path.is_symlink():
                raise InputError(f"{path} is a link or no plain file; a pack holds files alone")
            raise FileNotFoundError(name)
        with path.open("rb") as file:
            return file.read(most + 1)

    def _listed(self) -> list[str]:
        found: list[str] = []
        try:
            for entry in self.path.iterdir():
                found.append(entry.name)
                if len(found) > MOST_FILES:
                    raise InputError(f"{self.path}: more than {MOST_FILES} files are in it")
        except OSError as problem:
            raise InputError(f"{self.path} cannot be listed: {problem.strerror}") from problem
        return found

    def _members(self, opened: zipfile.ZipFile) -> list[str]:
        members = opened.infolist()
        if len(members) > MOST_FILES:
            raise InputError(f"{self.path}: more than {MOST_FILES} files are in it")
        names: list[str] = []
        for member in members:
            require_name(member.filename, str(self.path))
            if member.filename in names:
                raise InputError(f"{self.path}: {member.filename} stands in it twice")
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise InputError(f"{self.path}, {member.filename}: packed in a way not read here")
            if member.flag_bits & 1:
                raise InputError(f"{self.path}, {member.filename}: is encrypted")
            names.append(member.filename)
        return names
