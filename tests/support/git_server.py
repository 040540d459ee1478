"""A git repository served over HTTP on this machine, with faults."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from loopback import LoopbackServer, running


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, without anybody's settings."""
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("GIT_")},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@t", "GIT_AUTHOR_DATE": "2026-01-01T00:00Z",
        "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@t",
        "GIT_COMMITTER_DATE": "2026-01-01T00:00Z",
    }  # fmt: skip
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def commit_all(folder: Path) -> str:
    """Make a repository of a folder as it is; returns the commit."""
    if not (folder / ".git").exists():
        git(folder, "init", "-q", "-b", "main")
        git(folder, "config", "core.autocrlf", "false")
        git(folder, "config", "uploadpack.allowFilter", "true")
        git(folder, "config", "uploadpack.allowAnySHA1InWant", "true")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "state")
    return git(folder, "rev-parse", "HEAD")


@dataclass
class GitServer:
    """What the server does wrong, and what it was asked.

    faults  one a request for a pack, '' for none: 'cut' breaks off half way, 'flip' changes a
            byte, 'stall' sends nothing more; used up in order
    """

    address: str
    repository: Path
    faults: list[str] = field(default_factory=list)
    missing: bool = False
    packs: int = 0
    asked: list[str] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serving(repository: Path) -> Iterator[GitServer]:
    """Serve a repository over git's smart protocol on a free port of the loopback."""
    state: GitServer

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

        def _answer(self, body: bytes) -> None:
            state.asked.append(self.path)
            if state.missing:
                self.send_error(404)
                return
            path, _, query = self.path.partition("?")
            head, out = _backend(self, path, query, body)
            fault = ""
            if b"PACK" in out:
                state.packs += 1
                fault = state.faults.pop(0) if state.faults else ""
            self.send_response(200)
            for line in head.splitlines():
                name, _, value = line.partition(":")
                if name.lower() != "status":
                    self.send_header(name, value.strip())
            self.send_header("Content-Length", str(len(out)))
            self.end_headers()
            if fault == "flip":
                middle = out.index(b"PACK") + 40
                out = out[:middle] + bytes([out[middle] ^ 0x55]) + out[middle + 1 :]
            if fault in ("cut", "stall"):
                out = out[: out.index(b"PACK") + 30]
            self.wfile.write(out)
            self.wfile.flush()
            if fault == "stall":
                state.done.wait(30)
            self.close_connection = bool(fault) or self.close_connection

    def _backend(
        handler: BaseHTTPRequestHandler, path: str, query: str, body: bytes
    ) -> tuple[str, bytes]:
        done = subprocess.run(
            ["git", "http-backend"],
            input=body,
            capture_output=True,
            env={
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(state.repository),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_CONFIG_GLOBAL": os.devnull,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "REQUEST_METHOD": handler.command,
                "CONTENT_TYPE": handler.headers.get("Content-Type", ""),
                "HTTP_CONTENT_ENCODING": handler.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": handler.headers.get("Git-Protocol", ""),
            },
        )
        head, _, out = done.stdout.partition(b"\r\n\r\n")
        return head.decode(), out

    server = LoopbackServer(Handler)
    state = GitServer(f"http://127.0.0.1:{server.server_port}/.git", repository)
    with running(server):
        try:
            yield state
        finally:
            state.done.set()
