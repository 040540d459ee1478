"""An atlas has the numbers of the commands, also where some models have answers and no DNA."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from cladist.atlas.build import Atlas, Wishes, build
from cladist.atlas.kin import AnswerKin
from cladist.compare import distances, resolve_assay
from cladist.core.responses import Response
from cladist.formats.labels import read_labels
from cladist.registry import Registry
from cladist.workflows.kinship import question
from tests.support.synthetic import make_models, make_registry

COUNT, FAMILIES, SPARSE = 60, 40, 4


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry of which four models have a few answers, too few for a DNA."""
    folder = tmp_path_factory.mktemp("panel") / "lab"
    make_registry(folder, COUNT, hostile=False, families=FAMILIES)
    models = make_models(COUNT, hostile=False, families=FAMILIES)
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["model", "family"], *([m.name, m.family] for m in models)])
    with Registry.open(folder, create=False) as store:
        protocol = resolve_assay(store).protocol
        number = store.add_protocol(protocol)
        for k in range(SPARSE):
            said = models[k].answers
            record = store.add_model(f"sparse-{k}", f"recorded:sparse-{k}", f"recorded:sparse-{k}")
            slots = [(p, 0, Response.of(text)) for p, text in enumerate(said[:6])]
            store.write_responses(number, record, slots)
    return folder


@pytest.fixture(scope="module")
def atlas(lab: Path) -> Atlas:
    wishes = Wishes(maps=("pcoa",), labels=lab / "labels.csv")
    with Registry.open(lab, create=False) as store:
        return build(store, resolve_assay(store), wishes)


def test_distances_and_verdicts_are_those_of_the_commands(lab: Path, atlas: Atlas) -> None:
    assert isinstance(atlas.kin, AnswerKin) and len(atlas.source) == COUNT
    with Registry.open(lab, create=False) as store:
        assay = resolve_assay(store)
        asked = question(store, assay, read_labels(lab / "labels.csv"))
        assert len(asked.pairs) == COUNT + SPARSE
        np.testing.assert_array_equal(atlas.kin.distance, distances(store, assay).matrix)
        policy = atlas.kin.tests.policy
        names = atlas.source.names
        for i, j in ((5, 9), (20, 21), (30, 33), (40, 48)):
            rows = asked.pairs.index(names[i]), asked.pairs.index(names[j])
            told = asked.made.decide(*rows, policy)
            found, weights = atlas.kin.pair(i, j)
            assert (found.verdict, found.p, found.note) == (told.verdict, told.p, told.sentence)
            np.testing.assert_allclose(
                weights[asked.made.probes_of(*rows)], asked.made.probe_excess(*rows), rtol=1e-6
            )


def test_families_are_calibrated_on_everybody(atlas: Atlas) -> None:
    assert isinstance(atlas.kin, AnswerKin) and atlas.families is not None
    assert len(atlas.kin.tests.made.pairs) == COUNT + SPARSE
    found, kept = atlas.families.of(COUNT - 1)
    assert found.model == atlas.source.names[COUNT - 1] and kept.probability > 0
