"""Work that is killed at a random moment, and what must be true afterwards.

A scenario prepares a folder, does its work in a child process that is killed with SIGKILL after a
drawn time, and is then judged: whatever there is opens and is sound, what was finished is kept,
nothing is doubled, and doing the same again ends in the same bytes as if nothing had happened.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from old_registries import write_version

from cladist.core.responses import Response
from cladist.errors import CladistError
from cladist.extraction.archived import import_archive
from cladist.extraction.recorded import import_responses
from cladist.extraction.run import extract
from cladist.models.base import AskedInterface, Identity, Request
from cladist.registry import Registry, schema
from cladist.registry.archive import verify_archive, write_archive
from cladist.registry.backup import backup
from cladist.registry.check import check
from tests.conftest import small_assay

PROBES = 60


class Logged:
    """A model that notes every question in a file before it answers, slowly."""

    interfaces: frozenset[AskedInterface] = frozenset({"raw"})

    def __init__(self, log: Path, pause: float = 0.002) -> None:
        self.log = log
        self.pause = pause
        self.identity = Identity("a", "logged:a", "logged:a")

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        with self.log.open("ab", buffering=0) as file:
            for number, request in enumerate(requests):
                file.write(f"{request.prompt}\n".encode())
                time.sleep(self.pause)
                yield (
                    number,
                    Response.of(f"said to {request.prompt} " * 5, tokens=len(request.prompt)),
                )

    def close(self) -> None:
        pass


def asked(log: Path) -> list[str]:
    """The questions in a log."""
    return log.read_text().splitlines() if log.exists() else []


def in_child(work: Callable[[], object], kill_after: float | None = None) -> bool:
    """Do something in a process of its own; True when it ended before it was killed."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except CladistError as problem:
            os.write(2, f"{problem}\n".encode() if os.environ.get("CRASHES_TELL") else b"")
            os._exit(3)
        except BaseException:  # noqa: BLE001 - the parent is told by the status
            traceback.print_exc()
            os._exit(4)
        os._exit(0)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    ended = os.WIFEXITED(status)
    if ended and os.WEXITSTATUS(status) == 4:
        raise AssertionError("the work failed with an error that is not cladist's own")
    return ended and os.WEXITSTATUS(status) == 0


def content(folder: Path, scratch: Path) -> str:
    """A hash of everything in a registry: that of its archive."""
    target = scratch / f"content-{time.monotonic_ns()}"
    try:
        return write_archive(folder, target).digest
    finally:
        shutil.rmtree(target, ignore_errors=True)


def require_sound(folder: Path) -> None:
    """The registry opens, and nothing in it is wrong."""
    with Registry.open(folder, create=False) as registry:
        findings = check(registry._db).findings
    assert not findings, findings


@dataclass
class Scenario:
    """A kind of work. `folder` is new for every trial; `given` is made once and only read."""

    given: Path

    name = ""

    def prepare(self, folder: Path) -> None:
        """What is there before the work begins."""

    def work(self, folder: Path) -> None:
        """The work; doing it again goes on or begins anew."""
        raise NotImplementedError

    def survived(self, folder: Path) -> None:
        """What must be true after a kill, before the work is done again."""

    def result(self, folder: Path) -> str:
        """A hash of what the work made."""
        return content(folder / "lab", folder)


class Extraction(Scenario):
    """Asking a model; afterwards it is asked only for what is missing."""

    name = "extraction"

    def work(self, folder: Path) -> None:
        with Registry.open(folder / "lab") as registry:
            extract(Logged(folder / "log"), small_assay(PROBES), registry)

    def survived(self, folder: Path) -> None:
        before = asked(folder / "log")
        if not (folder / "lab" / "registry.sqlite").exists():
            return
        require_sound(folder / "lab")
        with Registry.open(folder / "lab") as registry:
            protocol = registry.add_protocol(small_assay(PROBES).protocol)
            models = registry.models()
            kept = registry.settled(protocol, models[0]) if models else set()
        # One question may have been under way, and not a single answer is lost.
        new = len(kept) - self.kept(folder)
        assert len(before) - 1 <= new <= len(before), (len(before), new)
        (folder / "log").write_text("")
        (folder / "kept").write_text(str(len(kept)))

    def result(self, folder: Path) -> str:
        log = asked(folder / "log")
        assert len(log) == len(set(log)) == PROBES - self.kept(folder), len(log)
        return super().result(folder)

    def kept(self, folder: Path) -> int:
        """Answers that were there after the last kill."""
        return int((folder / "kept").read_text()) if (folder / "kept").exists() else 0


def recorded_file(path: Path, models: int = 30) -> Path:
    """Answers of many models to the same prompts."""
    names = [f"m{i:03}" for i in range(models) for _ in range(20)]
    prompts = [str(p) for _ in range(models) for p in range(20)]
    texts = [f"{n} answers {p} thus" * 3 for n, p in zip(names, prompts, strict=True)]
    pq.write_table(pa.table({"model": names, "prompt_id": prompts, "response": texts}), path)
    return path


class Import(Scenario):
    """Importing recorded answers, and making DNA."""

    name = "import"

    def work(self, folder: Path) -> None:
        with Registry.open(folder / "lab") as registry:
            import_responses(registry, [self.given / "answers.parquet"], small_assay(4).method)

    def survived(self, folder: Path) -> None:
        if (folder / "lab" / "registry.sqlite").exists():
            require_sound(folder / "lab")


class Migration(Scenario):
    """Bringing a registry of the first version up to date."""

    name = "migration"

    def prepare(self, folder: Path) -> None:
        (folder / "lab").mkdir()
        shutil.copy(self.given / "old.sqlite", folder / "lab" / "registry.sqlite")

    def work(self, folder: Path) -> None:
        Registry.open(folder / "lab").close()

    def survived(self, folder: Path) -> None:
        with closing(sqlite3.connect(folder / "lab" / "registry.sqlite")) as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            assert 1 <= version <= schema.VERSION
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


class Export(Scenario):
    """Writing an archive: afterwards there is all of it under its name, or nothing."""

    name = "export"
    target = "a.zip"

    def work(self, folder: Path) -> None:
        if not (folder / self.target).exists():
            write_archive(self.given / "lab", folder / self.target)

    def survived(self, folder: Path) -> None:
        if (folder / self.target).exists():
            verify_archive(folder / self.target)

    def result(self, folder: Path) -> str:
        return verify_archive(folder / self.target).digest


class ExportFolder(Export):
    """The same as a folder."""

    name = "export to a folder"
    target = "a"


class ArchiveImport(Scenario):
    """Bringing an archive in: into a new registry."""

    name = "import of an archive"

    def work(self, folder: Path) -> None:
        import_archive(self.given / "a.zip", folder / "lab")

    def survived(self, folder: Path) -> None:
        if (folder / "lab" / "registry.sqlite").exists():
            require_sound(folder / "lab")


class ArchiveMerge(ArchiveImport):
    """Bringing an archive in: into a registry that has a part of it."""

    name = "merge of an archive"

    def prepare(self, folder: Path) -> None:
        shutil.copytree(self.given / "part", folder / "lab")


class Backup(Scenario):
    """Copying a registry."""

    name = "backup"

    def work(self, folder: Path) -> None:
        if not (folder / "lab" / "registry.sqlite").exists():
            backup(self.given / "lab", folder / "lab")

    def survived(self, folder: Path) -> None:
        if (folder / "lab" / "registry.sqlite").exists():
            require_sound(folder / "lab")


SCENARIOS: tuple[type[Scenario], ...] = (
    Extraction, Import, Migration, Export, ExportFolder, ArchiveImport, ArchiveMerge, Backup,
)  # fmt: skip


def make_given(folder: Path, models: int = 30) -> Path:
    """What all scenarios start from; made in a child, so that no thread of it is forked."""

    def make() -> None:
        folder.mkdir(parents=True, exist_ok=True)
        method = small_assay(4).method
        file = recorded_file(folder / "answers.parquet", models)
        with Registry.open(folder / "lab") as registry:
            import_responses(registry, [file], method)
        write_archive(folder / "lab", folder / "a.zip")
        table = pq.read_table(file)
        pq.write_table(table.slice(0, len(table) // 2), folder / "half.parquet")
        with Registry.open(folder / "part") as registry:
            import_responses(registry, [folder / "half.parquet"], method)
        write_version(1, folder / "lab" / "registry.sqlite", folder / "old.sqlite")

    assert in_child(make)
    return folder


def undisturbed(scenario: Scenario, folder: Path) -> tuple[str, float]:
    """What the work makes, and how long it takes."""
    folder.mkdir()
    scenario.prepare(folder)
    start = time.monotonic()
    assert in_child(lambda: scenario.work(folder))
    seconds = time.monotonic() - start
    return judged(scenario, folder), seconds


def judged(scenario: Scenario, folder: Path) -> str:
    """The result, computed in a child, so that this process stays without threads."""
    told = folder / "told"
    assert in_child(lambda: told.write_text(scenario.result(folder)))
    return told.read_text()


def trial(
    scenario: Scenario, folder: Path, dice: random.Random, expected: str, seconds: float
) -> Counter[str]:
    """Kill the work up to three times, finish it, and compare."""
    seen: Counter[str] = Counter()
    folder.mkdir()
    scenario.prepare(folder)
    for _ in range(dice.choice((1, 1, 2, 3))):
        seen["kills"] += 1
        if in_child(lambda: scenario.work(folder), dice.uniform(0, 1.05 * seconds)):
            seen["kills"] -= 1
            seen["ended before the kill"] += 1
            break
        scenario_survived(scenario, folder)
    else:
        assert in_child(lambda: scenario.work(folder))
    assert judged(scenario, folder) == expected, f"{scenario.name}: another result"
    seen["trials"] += 1
    return seen


def scenario_survived(scenario: Scenario, folder: Path) -> None:
    """Judge what a kill has left, in a child."""
    assert in_child(lambda: scenario.survived(folder)), f"{scenario.name}: damaged by a kill"
