"""Ctrl-C in the midst of a command says what is kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.synthetic import make_registry

SLOW = """
import signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # programs in the background ignore it
import cladist.fitting
def slow(*_, **__):
    print("working", flush=True)
    time.sleep(60)
cladist.fitting.fit_panel = slow
from cladist.cli.main import main
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT is sent otherwise there")
def test_what_is_kept_is_told(tmp_path: Path) -> None:
    make_registry(tmp_path / "lab", 6)
    command = [sys.executable, "-c", SLOW, "tree", "-r", str(tmp_path / "lab")]
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    started = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    assert started.stdout is not None and started.stdout.readline() == "working\n"
    time.sleep(0.2)
    started.send_signal(signal.SIGINT)
    _, told = started.communicate(timeout=60)
    assert started.returncode == 130
    assert "stopped; answers that were given" in told and "Traceback" not in told
