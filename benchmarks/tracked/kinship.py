"""Evidence of kinship of all pairs, and the verdict on one, of 120 made-up models."""

from __future__ import annotations

import time
from contextlib import ExitStack

import cladist
from cladist.kinship.inference.calibration import pair_evidence


class Kinship:
    """40 answers a model, all of it on one thread."""

    timer = time.process_time
    version = "1"
    number, repeat = 1, 5

    def setup(self) -> None:
        self.held = ExitStack()
        lab = self.held.enter_context(cladist.toy_registry())
        (assay,) = lab.assays()
        self.answers = list(lab.responses(assay.protocol))
        self.test = cladist.KinshipTest().fit(lab, labels=cladist.toy_families())

    def teardown(self) -> None:
        self.held.close()

    def time_evidence_of_all_pairs(self) -> None:
        pair_evidence(self.answers)

    def time_one_verdict(self) -> None:
        self.test.test("m00-chat", ["m00-base", "m07-base"])
