"""DNA of recorded answers, and a tree of many models."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

import cladist
from cladist.workflows.toy import toy_table

TIMEOUT = 600


class FromTable:
    """Read a table of 120 models, store 4,800 answers, make 120 DNAs."""

    timer = time.process_time
    version = "1"
    number, repeat, timeout = 1, 5, TIMEOUT

    def setup(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.table = Path(self.folder.name) / "answers.csv"
        self.table.write_text(toy_table())
        self.count = 0
        self.time_import()  # what is imported or drawn once is not measured

    def teardown(self) -> None:
        self.folder.cleanup()

    def time_import(self) -> None:
        self.count += 1
        with cladist.open_registry(Path(self.folder.name) / f"lab{self.count}") as lab:
            cladist.import_responses(self.table, lab)


class Trees:
    """Neighbour joining of random points."""

    timer = time.process_time
    version = "1"
    number, repeat, timeout = 1, 5, TIMEOUT
    params = (100, 400)
    param_names = ("models",)

    def setup(self, models: int) -> None:
        points = np.random.default_rng(0).normal(size=(models, 8))
        far = np.sqrt(((points[:, None] - points[None]) ** 2).sum(2))
        far = (far + far.T) / 2
        np.fill_diagonal(far, 0)
        self.far = cladist.DistanceMatrix(tuple(f"m{k}" for k in range(models)), far)
        cladist.tree(self.far[:10], root="none")

    def time_neighbor_joining(self, models: int) -> None:
        cladist.tree(self.far, root="none")
