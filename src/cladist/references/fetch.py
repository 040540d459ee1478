"""A collection's files over the network, at the pinned commit.

The system's git does it, for four reasons. It calls the named host and no other. Every object it
takes in is checked against its hash, from the pinned commit down to each file. It fetches what is
asked for and not the history: one commit without its files first, then the files of one folder in
batches, each of which stays when a later one fails. And it keeps everything in one packed,
compressed place, of which files are read without being written out. A tarball over HTTPS would
bring the whole repository, comes from a second host, and cannot be resumed.

Nobody's configuration takes part: no credentials are asked for or used, no hooks, no helpers.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from cladist.core.progress import Progress, silent
from cladist.errors import InputError
from cladist.references.catalogue import Collection
from cladist.references.files import MOST_BYTES
from cladist.references.home import data_folder, require_space
from cladist.references.layouts import layout

__all__ = ["BATCH", "GitFiles", "fetch", "forget_download"]

BATCH = 100
"""Files fetched at a time: what an interrupt loses at most."""

STALL = 60
"""Seconds with hardly any byte after which a transfer counts as dead."""

LONGEST = 1800
"""Seconds for one batch."""


def fetch(collection: Collection, *, progress: Progress = silent, stall: int = STALL) -> GitFiles:
    """Fetch what a collection's layout reads; goes on where an earlier call was stopped.

    Raises `InputError` where git is missing, the host cannot be reached or breaks off, the commit
    or folder is not there, the folder has another hash than the catalogue says, or the disk has
    no room. What arrived is kept for the next call.
    """
    if shutil.which("git") is None:
        raise InputError(
            "fetching a collection needs git, which is not installed; install it, or give a clone "
            "that is already here with --from DIR"
        )
    store = data_folder() / "downloads" / f"{collection.name}-{collection.commit[:12]}.git"
    require_space(store, collection.size // 2, f"fetching '{collection.name}'")
    repository = _Repository(store, collection, stall)
    if not (store / "HEAD").is_file():
        repository.git("init", "--quiet", "--bare", ".")
    if not repository.has(collection.commit):
        progress("asking for the commit", 0, 1)
        repository.transfer("--depth=1", "--filter=blob:none", wanted=[collection.commit])
        progress("asking for the commit", 1, 1)
    files = repository.files()
    wanted = layout(collection.layout).wanted
    needed = list(dict.fromkeys(h for path, h in files.items() if wanted(path)))
    present = repository.present(needed)
    lacking = [h for h in needed if h not in present]
    done = len(needed) - len(lacking)
    for start in range(0, len(lacking), BATCH):
        progress("fetching files", done + start, len(needed))
        repository.transfer("--depth=1", wanted=lacking[start : start + BATCH])
    progress("fetching files", len(needed), len(needed))
    return GitFiles(store, {p: h for p, h in files.items() if wanted(p)})


def forget_download(collection: Collection) -> None:
    """Remove what was fetched of a collection, once its reference is installed."""
    store = data_folder() / "downloads" / f"{collection.name}-{collection.commit[:12]}.git"
    shutil.rmtree(store, ignore_errors=True)


class _Repository:
    """A bare repository that holds one commit and some of its files."""

    def __init__(self, store: Path, collection: Collection, stall: int) -> None:
        self.store = store
        self.collection = collection
        self.stall = stall

    def git(self, *arguments: str, given: str = "", limit: int = 300) -> str:
        """Run git here; `InputError` with its last words where it fails."""
        # Only a transfer calls anybody: git would fetch what it misses by itself, one by one.
        calling = "always" if arguments[0] == "fetch" else "never"
        settings = (
            "-c", "protocol.allow=never", "-c", f"protocol.https.allow={calling}",
            "-c", f"protocol.http.allow={calling if self._plain() else 'never'}",
            "-c", "http.followRedirects=false", "-c", "credential.helper=",
            "-c", f"http.lowSpeedTime={self.stall}", "-c", "http.lowSpeedLimit=100",
            "-c", "fetch.fsckObjects=true", "-c", "gc.auto=0", "-c", "maintenance.auto=false",
            "-c", "core.hooksPath=/dev/null",
        )  # fmt: skip
        try:
            done = subprocess.run(
                ["git", "--git-dir", str(self.store), *settings, *arguments],
                input=given, capture_output=True, text=True, errors="replace", check=False,
                timeout=limit, env=_environment(), cwd=self.store,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise InputError(
                f"{self.collection.address}: nothing came of 'git {arguments[0]}' in {limit} s; "
                "what arrived is kept, run the same command to go on"
            ) from None
        if done.returncode:
            raise InputError(self._explained(done.stderr))
        return done.stdout

    def transfer(self, *options: str, wanted: Sequence[str]) -> None:
        """Fetch objects by their hashes, twice where the first time breaks off."""
        arguments = (
            "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance",
            "--recurse-submodules=no", *options, "--stdin", "--", self.collection.address,
        )  # fmt: skip
        given = "".join(f"{w}\n" for w in wanted)
        try:
            self.git(*arguments, given=given, limit=LONGEST)
        except InputError:
            time.sleep(1)
            self.git(*arguments, given=given, limit=LONGEST)

    def has(self, commit: str) -> bool:
        """Whether the commit and all its folders are here."""
        try:
            self.git("rev-list", "--objects", "--missing=error", "--filter=blob:none", commit, "-1")
        except InputError:
            return False
        return True

    def files(self) -> dict[str, str]:
        """Hash by path of all files in the collection's folder, whose own hash is checked."""
        known = self.collection
        place = f"{known.commit}:{known.folder}"
        try:
            found = self.git("rev-parse", "--verify", "--quiet", place).strip()
        except InputError:
            raise InputError(
                f"{known.address} has no folder '{known.folder}' at commit {known.commit[:12]}; "
                "the catalogue does not fit that repository"
            ) from None
        if found != known.tree:
            raise InputError(
                f"{known.address}: folder '{known.folder}' has hash {found[:12]}, the catalogue "
                f"says {known.tree[:12]}: it is not what was catalogued, and is not used"
            )
        listed = self.git("ls-tree", "-r", "-z", found)
        files: dict[str, str] = {}
        for row in filter(None, listed.split("\0")):
            head, _, path = row.partition("\t")
            mode, kind, told = head.split()
            if kind == "blob" and mode != "120000":
                files[path] = told
        return files

    def present(self, hashes: Sequence[str]) -> set[str]:
        """Those of `hashes`, of the collection's files, that are here; nothing is fetched."""
        told = self.git("rev-list", "--objects", "--missing=print", self.collection.tree)
        return set(hashes) - {line[1:] for line in told.splitlines() if line.startswith("?")}

    def _plain(self) -> bool:
        return self.collection.address.startswith("http://")  # the catalogue lets loopback alone

    def _explained(self, told: str) -> str:
        """What git said, in words for people; its own last words behind."""
        where, lines = self.collection.address, [x for x in told.splitlines() if x.strip()]
        last = lines[-1].strip()[:300] if lines else "git failed without a word"
        kept = "what arrived is kept, run the same command to go on"
        known = {
            "Could not resolve host": "there is no network, or the host is unknown",
            "Failed to connect": "the host does not answer",
            "Couldn't connect": "the host does not answer",
            "not found": "there is no such repository, or no such commit in it",
            "not our ref": "it no longer has this commit",
            "could not read Username": "it asks for a password; public collections need none",
            "No space left": "the disk is full; free some space",
            "too slow": "hardly anything arrives",
            "hash mismatch": "what arrived was changed on the way",
            "pack has bad object": "what arrived was changed on the way",
            "early EOF": "the transfer was cut off",
            "RPC failed": "the transfer was cut off",
        }
        why = next((words for mark, words in known.items() if mark in told), "git could not fetch")
        return f"{where}: {why} ({last}); {kept}, or give a clone with --from DIR"


def _environment() -> dict[str, str]:
    """The environment without anybody's settings of git; proxies and certificates stay."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    return {
        **kept,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "SSH_ASKPASS": "",
        "GIT_NO_LAZY_FETCH": "1",
        "LC_ALL": "C",
    }


class GitFiles:
    """Files of a fetched collection, read from where git keeps them."""

    def __init__(self, store: Path, files: dict[str, str]) -> None:
        self._files = files
        self._process = subprocess.Popen(
            ["git", "--git-dir", str(store), "cat-file", "--batch"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=_environment(),
        )  # fmt: skip

    def paths(self) -> Sequence[str]:
        """All paths in order."""
        return sorted(self._files)

    def read(self, path: str) -> bytes:
        """What a file holds; `InputError` where it is too large or did not arrive."""
        source, answers = self._pipes()
        source.write(self._files[path].encode() + b"\n")
        source.flush()
        head = answers.readline().split()
        if head[1:2] != [b"blob"]:
            raise InputError(f"{path}: not among what was fetched; run the same command again")
        size = int(head[2])
        raw = answers.read(size + 1)[:-1]
        if size > MOST_BYTES:
            raise InputError(f"{path}: over {MOST_BYTES >> 20} MiB")
        return raw

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._process.stdin is None or self._process.stdout is None or self._process.poll():
            raise InputError("git ended before all files were read; run the same command again")
        return self._process.stdin, self._process.stdout

    def close(self) -> None:
        """End git; safe to call twice."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait(timeout=10)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
