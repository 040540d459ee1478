"""A run that is killed loses nothing it had stored, and the next one ends where it would have."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from cladist.extraction.run import extract
from cladist.registry import Registry
from tests.conftest import ScriptedModel, scripted, small_assay

COUNT = 60
WORKER = """
import sys, time
sys.path.insert(0, {root!r})
from cladist.extraction.run import extract
from cladist.registry import Registry
from tests.conftest import ScriptedModel, scripted, small_assay

class Slow(ScriptedModel):
    def answer(self, requests):
        for pair in super().answer(requests):
            time.sleep(0.01)
            yield pair

assay = small_assay({count})
model = Slow("a", scripted("a", assay).answers)
with Registry.open({folder!r}) as registry:
    extract(model, assay, registry)
"""


def test_a_killed_run_is_resumed_to_the_same_bytes(tmp_path: Path) -> None:
    assay = small_assay(COUNT)
    folder = tmp_path / "killed"
    root = str(Path(__file__).resolve().parents[2])
    code = WORKER.format(root=root, folder=str(folder), count=COUNT)
    worker = subprocess.Popen([sys.executable, "-c", code])
    Registry.open(folder).close()
    with Registry.open(folder) as registry:
        stored: set[tuple[int, int]] = set()
        deadline = time.monotonic() + 60
        while len(stored) < 12 and time.monotonic() < deadline:
            time.sleep(0.02)
            if registry.models() and registry.protocols():
                stored = registry.settled(1, registry.model("a"))
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
        stored = registry.settled(1, registry.model("a"))
        assert 12 <= len(stored) < COUNT
    with Registry.open(folder) as registry:
        assert registry.settled(1, registry.model("a")) == stored
        model: ScriptedModel = scripted("a", assay)
        resumed = extract(model, assay, registry)
        assert resumed.known == len(stored)
        assert len(model.asked) == COUNT - len(stored)
    with Registry.open(tmp_path / "undisturbed") as registry:
        whole = extract(scripted("a", assay), assay, registry)
    assert resumed.dna is not None and whole.dna is not None
    assert resumed.dna.digest == whole.dna.digest
