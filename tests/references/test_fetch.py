from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from git_server import GitServer, commit_all, serving
from made_collections import collection, dna_web, families

from cladist.errors import InputError
from cladist.references import fetch as module
from cladist.references.catalogue import Collection
from cladist.references.fetch import fetch

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture
def served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[GitServer, Collection]]:
    """A collection of 16 models behind a server, fetched five files at a time."""
    monkeypatch.setattr(module, "BATCH", 5)
    monkeypatch.setattr(module.time, "sleep", lambda _: None)
    repository = tmp_path / "repository"
    said, prompts, _ = families()
    dna_web(repository / "out" / "rand", said, prompts)
    (repository / "other.bin").write_bytes(b"not wanted")
    commit = commit_all(repository)
    with serving(repository) as server:
        yield (
            server,
            collection(folder=repository / "out" / "rand", address=server.address, commit=commit),
        )


def test_answers_alone_are_fetched_and_read(served: tuple[GitServer, Collection]) -> None:
    server, wanted = served
    with fetch(wanted) as files:
        paths = files.paths()
        assert len(paths) == 16 and all(p.endswith("/responses.json") for p in paths)
        held = files.read("org_f0-m0/responses.json")
    assert held == (server.repository / "out/rand/org_f0-m0/responses.json").read_bytes()
    assert server.packs == 1 + 4
    with fetch(wanted) as again:
        assert len(again.paths()) == 16
    assert server.packs == 5  # nothing was fetched twice


@pytest.mark.parametrize("fault", ["cut", "flip", "stall"])
def test_one_fault_is_mended_and_more_are_said(
    served: tuple[GitServer, Collection], fault: str
) -> None:
    server, wanted = served
    server.faults = ["", fault]
    with fetch(wanted, stall=1) as files:
        assert len(files.paths()) == 16
    server.faults, server.packs = ["", "", fault, fault], 0
    other = replace(wanted, name="other")
    with pytest.raises(InputError, match=r"what arrived is kept.*--from DIR") as told:
        fetch(other, stall=1)
    words = {"cut": "cut off", "flip": "changed on the way", "stall": "hardly anything|cut off"}
    assert told.match(words[fault])
    before = server.packs
    with fetch(other, stall=1) as files:
        assert len(files.paths()) == 16
    assert server.packs - before == 3  # the first five files were kept


def test_another_commit_or_content_is_refused(served: tuple[GitServer, Collection]) -> None:
    _, wanted = served
    with pytest.raises(InputError, match="no longer has this commit"):
        fetch(replace(wanted, commit="1" * 40))
    with pytest.raises(InputError, match="not what was catalogued"):
        fetch(replace(wanted, tree="1" * 40))
    with pytest.raises(InputError, match="has no folder 'nope'"):
        fetch(replace(wanted, folder="nope"))


def test_a_repository_that_is_gone(served: tuple[GitServer, Collection]) -> None:
    server, wanted = served
    server.missing = True
    with pytest.raises(InputError, match="no such repository"):
        fetch(wanted)


def test_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.time, "sleep", lambda _: None)
    with pytest.raises(InputError, match="does not answer"):
        fetch(collection(address="http://127.0.0.1:9/x"))


def test_no_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.shutil, "which", lambda _: None)
    with pytest.raises(InputError, match=r"needs git.*--from DIR"):
        fetch(collection())


def test_no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="are free"):
        fetch(replace(collection(), size=1 << 60))


def test_settings_of_the_user_take_no_part(
    served: tuple[GitServer, Collection], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hostile").write_text('[url "https://elsewhere.invalid/"]\n insteadOf = http://\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "hostile"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    with fetch(served[1]) as files:
        assert len(files.paths()) == 16
