"""Evidence of kinship of all pairs, and the verdict on one, of 120 made-up models."""

from __future__ import annotations

import time
from contextlib import ExitStack

import cladist
from cladist.kinship.inference.pairs import pair_evidence

TIMEOUT = 600


class Evidence:
    """40 answers of 120 models, on one thread."""

    timer = time.process_time
    version = "1"
    number, repeat, timeout = 1, 5, TIMEOUT

    def setup(self) -> None:
        with cladist.toy_registry() as lab:
            (assay,) = lab.assays()
            self.answers = list(lab.responses(assay.protocol))
        pair_evidence(self.answers[:12])  # what is imported or drawn once is not measured

    def time_all_pairs(self) -> None:
        pair_evidence(self.answers)


class Verdict:
    """One pair of them, once the panel is fitted."""

    timer = time.process_time
    version = "1"
    number, repeat, timeout = 1, 5, TIMEOUT

    def setup(self) -> None:
        self.held = ExitStack()
        lab = self.held.enter_context(cladist.toy_registry())
        self.test = cladist.KinshipTest().fit(lab, labels=cladist.toy_families())
        self.time_one_pair()

    def teardown(self) -> None:
        self.held.close()

    def time_one_pair(self) -> None:
        self.test.test("m00-chat", ["m00-base", "m07-base"])
