"""The atlas as a folder that opens anywhere: no server, no network, nothing to install."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp

from cladist.atlas import documents
from cladist.atlas.build import Atlas
from cladist.atlas.documents import written
from cladist.atlas.kin import AnswerKin
from cladist.atlas.page_files import PAGE_FILES, page_file
from cladist.core.progress import Progress, silent
from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.registry import Registry

__all__ = ["MANIFEST", "MOST_ANSWERS", "MOST_PAGES", "Bundle", "require_ours", "write_bundle"]

MANIFEST = "cladist-atlas.json"
"""File by which a folder is known as a bundle of ours, with the list of all its files."""

MOST_PAGES = 10_000
"""Models up to which a bundle has a page for each."""

MOST_ANSWERS = 2_000
"""Models up to which a bundle has all answers, unless it is told to."""

_AT_ONCE = 256


@dataclass(frozen=True)
class Bundle:
    """What was written.

    size     bytes of all files
    pages    whether every model has its page; `answers` the same for the answers
    """

    folder: Path
    files: int
    size: int
    pages: bool
    answers: bool
    left_out: tuple[str, ...]


def write_bundle(
    atlas: Atlas,
    registry: Registry,
    folder: Path,
    *,
    answers: bool | None = None,
    progress: Progress = silent,
) -> Bundle:
    """Write the bundle in place of `folder`: all of it or nothing.

    A folder that is there must be empty or an older bundle with no file added to it; any other
    is refused with `InputError` and stays as it is. `answers` None takes them up to
    `MOST_ANSWERS` models. The same atlas gives the same bytes.
    """
    folder = folder.absolute()
    require_ours(folder)
    n = len(atlas.source)
    pages = n <= MOST_PAGES
    with_answers = n <= MOST_ANSWERS if answers is None else answers
    left = []
    if not pages:
        left.append(f"pages of single models, for more than {MOST_PAGES:,} models")
    if not with_answers:
        left.append(
            "answers" if answers is False else f"answers, for more than {MOST_ANSWERS:,} models"
        )
    aside = _made_aside(folder)
    names, size = [], 0
    try:
        with _ended_by_signal():
            for name, raw in _files(atlas, registry, pages, with_answers, left, progress):
                path = aside / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(raw)
                names.append(name)
                size += len(raw)
            manifest = {"format": documents.FORMAT, "version": documents.VERSION, "files": names}
            (aside / MANIFEST).write_text(json.dumps(manifest, indent=0) + "\n", encoding="utf-8")
            _put_in_place(aside, folder)
    except OSError as problem:
        raise InputError(f"cannot write {folder}: {problem.strerror or problem}") from problem
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return Bundle(folder, len(names) + 1, size, pages, with_answers, tuple(left))


def _files(
    atlas: Atlas,
    registry: Registry,
    pages: bool,
    with_answers: bool,
    left: list[str],
    progress: Progress,
) -> Iterator[tuple[str, bytes]]:
    for name in PAGE_FILES:
        yield name, page_file(name, "static")
    head = documents.head(atlas, models=pages, answers=with_answers)
    head["remarks"] = [*head["remarks"], *(f"this folder leaves out {what}" for what in left)]
    yield _script("atlas", head)
    yield _script("probes", documents.probes(atlas))
    if not pages and not with_answers:
        return
    if pages and isinstance(atlas.kin, AnswerKin):
        progress("reading answers", 0, 1)
        atlas = replace(atlas, kin=atlas.kin.in_bulk())
        progress("reading answers", 1, 1)
    n = len(atlas.source)
    for start in range(0, n, _AT_ONCE):
        chunk = range(start, min(start + _AT_ONCE, n))
        for i, found in zip(chunk, atlas.source.answers(registry, chunk), strict=True):
            if pages:
                yield _script(f"model/{i}", documents.model(atlas, i, _states(found)))
            if with_answers:
                yield _script(f"answers/{i}", documents.answers(found))
            progress("writing", i + 1, n)


def _states(found: ResponseSet) -> Mapping[str, int]:
    return {state.value: count for state, count in found.states().items()}


def _script(name: str, document: documents.Document) -> tuple[str, bytes]:
    text = f'cladistDocument("{name}",{written(document)});\n'
    return f"data/{name}.js", text.encode("ascii")


def require_ours(folder: Path) -> None:
    """Refuse to replace what is not ours (`InputError`)."""
    if not folder.exists() and not folder.is_symlink():
        return
    if folder.is_symlink() or not folder.is_dir():
        raise InputError(f"{folder} is no folder; name a new one with --out")
    present = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_symlink() or not path.is_dir()
    }
    if not present and not any(folder.iterdir()):
        return
    own: set[str] = set()
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if manifest["format"] == documents.FORMAT:
            own = {MANIFEST, *map(str, manifest["files"])}
    except (OSError, ValueError, KeyError, TypeError):
        own = set()
    foreign = sorted(present - own)
    if foreign or not own:
        what = f"holds '{foreign[0][:80]}'" if foreign else "holds folders"
        raise InputError(
            f"{folder} {what}, which is no part of an atlas written before; nothing was changed. "
            "Name a new or empty folder with --out"
        )


@contextmanager
def _ended_by_signal() -> Iterator[None]:
    """SIGTERM ends the program as Ctrl-C does, so that what stands aside is taken away."""

    def end(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    try:
        before = signal.signal(signal.SIGTERM, end)
    except ValueError:  # not the main thread, which alone hears of signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _made_aside(folder: Path) -> Path:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(mkdtemp(dir=folder.parent, prefix=f".{folder.name[:40]}."))
        made.chmod(0o777 & ~_umask())
    except OSError as problem:
        raise InputError(f"cannot write {folder}: {problem.strerror or problem}") from problem
    return made


def _put_in_place(aside: Path, folder: Path) -> None:
    if not folder.exists():
        aside.rename(folder)
        return
    require_ours(folder)
    old = Path(mkdtemp(dir=folder.parent, prefix=f".{folder.name[:40]}.old."))
    # A rename takes the place of an empty folder in one step.
    folder.rename(old)
    try:
        aside.rename(folder)
    finally:
        # Whatever ends this, one of the two is there, and nothing beside it.
        if folder.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.rename(folder)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
