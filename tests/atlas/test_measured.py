"""What an atlas says of kinship, held against the test of one pair and against the truth."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cladist.atlas import documents, kin
from cladist.atlas.build import Wishes, build
from cladist.atlas.documents import model
from cladist.atlas.families import known_families
from cladist.atlas.forest import cluster_names
from cladist.atlas.kin import AnswerKin, VectorKin
from cladist.atlas.lineage import read_declared
from cladist.atlas.server.sampled import sampled_pair
from cladist.compare import distances, resolve_assay
from cladist.descent import parents_of
from cladist.errors import InputError
from cladist.formats.labels import DeclaredModel
from cladist.kinship.inference.calibration import calibrate
from cladist.kinship.inference.pair_test import judge_candidates, judge_kinship
from cladist.phylogeny.parents import CONFIDENT
from cladist.registry import ModelRecord, Registry
from cladist.registry.kept import Kept
from tests.atlas.conftest import COUNT, Lab
from tests.support.synthetic import make_registry


def family_of(lab: Lab, i: int) -> str:
    return lab.models[i].family


def measured(lab: Lab) -> AnswerKin:
    assert isinstance(lab.atlas.kin, AnswerKin)
    return lab.atlas.kin


def test_evidence_by_probe_is_what_the_test_of_the_pair_looks_at(lab: Lab) -> None:
    kin = measured(lab)
    i, j = 12, int(kin.near[12, 0])
    told = next(e for e in model(lab.atlas, i, {})["evidence"] if e["other"] == j)
    excess, probes = kin.tests.made.probe_excess(i, j), kin.tests.made.probes_of(i, j)
    exact = {
        int(p): round(float(v), 3) for p, v in zip(probes, excess.astype(np.float32), strict=True)
    }
    assert told["for"] and all(exact[w["probe"]] == w["weight"] for w in told["for"])
    assert told["for"][0]["weight"] == max(exact.values())


def test_a_folder_tells_the_same_whoever_reads_all_answers_at_once(lab: Lab) -> None:
    kin = measured(lab)
    bulk = kin.in_bulk()
    assert bulk.tests.made.index is not None
    bulk.tests.made._excess.clear()
    for i in range(0, COUNT, 5):
        one, many = (model(replace(lab.atlas, kin=k), i, {}) for k in (kin, bulk))
        assert one == many


def test_p_values_of_a_row_are_those_of_the_calibration(lab: Lab) -> None:
    made = measured(lab).tests.made
    fitted = calibrate(made.pairs, measured(lab).labels)
    for i in (0, 13, 40):
        exact = fitted.p(made.pairs, np.full(len(made.pairs), i), np.arange(len(made.pairs)))
        exact[i] = 1.0
        np.testing.assert_allclose(made.p_values(i), exact)


def test_verdicts_are_right_and_those_of_the_test_of_a_pair(lab: Lab) -> None:
    told = Counter(
        (family_of(lab, i) == family_of(lab, r.index), r.verdict)
        for i in range(COUNT)
        for r in lab.atlas.kin.relatives(i)
    )
    assert told[True, "related"] > 0.5 * sum(v for (true, _), v in told.items() if true)
    assert told[False, "related"] <= 0.01 * sum(told.values())
    assert told[True, "unrelated"] == 0
    kin = measured(lab)
    pairs, responses = kin.pairs, kin.responses
    prompts = [p.text for p in lab.atlas.source.assay.protocol.probes.probes]
    for i, j in ((20, 21), (30, 55), (12, 40)):
        mine, weights = kin.pair(i, j)
        exact = judge_kinship(
            responses, pairs, pairs.models[i], pairs.models[j], labels=kin.labels, prompts=prompts
        )
        assert np.isfinite(weights).all()
        assert (mine.verdict, mine.reason, mine.note) == (exact.verdict, exact.code, exact.reason)
        assert mine.p == exact.p
    near = kin.relatives(20)
    names = [pairs.models[r.index] for r in near]
    listed = judge_candidates(kin.tests.made, pairs.models[20], names)
    assert [(r.verdict, r.reason, r.p) for r in near] == [(r.verdict, r.code, r.p) for r in listed]


def test_declared_parents_stand_as_they_should(lab: Lab) -> None:
    assert lab.atlas.lineage is not None
    told = Counter(
        (family_of(lab, e["child"]) == family_of(lab, e["parent"]), e["verdict"])
        for e in lab.atlas.lineage["edges"]
    )
    assert told[True, "supported"] > 0.7 * sum(v for (true, _), v in told.items() if true)
    assert told[True, "contradicted"] == told[False, "supported"] == 0
    assert sum(v for (true, _), v in told.items() if not true) >= 1


def test_distances_are_those_of_the_command(lab: Lab) -> None:
    with Registry.open(lab.folder, create=False) as store:
        wanted = distances(store, resolve_assay(store))
    rows = [wanted.ids.index(m.name) for m in lab.models]
    np.testing.assert_allclose(measured(lab).distance, wanted.matrix[np.ix_(rows, rows)], atol=1e-5)


def test_no_parent_is_told_of_whom_the_two_are_not_decided_to_be_related(lab: Lab) -> None:
    held, likely = lab.atlas.kin, lab.atlas.parents
    assert isinstance(held, AnswerKin) and likely is not None
    told = [model(lab.atlas, i, {})["parents"] for i in range(COUNT)]
    named = [(i, p["index"]) for i, found in enumerate(told) for p in found]
    assert named and all(held.tests.alone(i, j, 0.0).verdict == "related" for i, j in named)
    sure = [i for i, d in enumerate(likely) if d.parent and d.confidence >= CONFIDENT]
    assert len({i for i, _ in named}) < len(sure)


def test_likely_parents_are_those_of_the_command(lab: Lab) -> None:
    with Registry.open(lab.folder, create=False) as store:
        assay = resolve_assay(store)
        # The table of metadata holds no name with a NUL.
        dates = {m.name: m.metadata["released"] for m in lab.models if "\0" not in m.name}
        wanted = {p.model: p for p in parents_of(store, assay, dates=dates)}
    assert lab.atlas.parents is not None
    for i, found in enumerate(lab.atlas.parents):
        parent = wanted[lab.models[i].name].parent
        if not wanted[lab.models[i].name].told:
            assert found.confidence < 0.5 + 0.1
            continue
        assert (found.parent is None) == (parent is None)
        if found.parent is not None:
            assert lab.models[int(found.parent[1:])].name == parent
            assert found.confidence == pytest.approx(wanted[lab.models[i].name].confidence, abs=0.1)


def test_foundations_are_named_by_labels(lab: Lab) -> None:
    assert lab.atlas.families is not None
    told = [lab.atlas.families.of(i) for i in range(COUNT)]
    right = [found.families[0] == m.family for (found, _), m in zip(told, lab.models)]
    large = Counter(m.family for m in lab.models)
    assert np.mean([r for r, m in zip(right, lab.models) if large[m.family] >= 4]) > 0.9
    for i, (found, kept) in enumerate(told):
        said = documents.model(lab.atlas, i, {})["set"]
        assert said["best"] == kept.best == found.families[0]
        assert len(said["families"]) + said["more"] == len(kept.families)
        assert said["none"] == kept.none and said["coverage"] == 0.9


def test_families_come_from_labels_then_metadata_then_facts(lab: Lab) -> None:
    source = lab.atlas.source
    one = source.names[0]
    rows = [{"Foundation": "f"} if k == 0 else {} for k in range(COUNT)]
    by_labels = known_families(source, {one: DeclaredModel("oak", "trees")}, rows)
    assert (by_labels.families[0], by_labels.makers[0], by_labels.origin) == (
        "oak", "trees", "labels",
    )  # fmt: skip
    assert [c.key for c in by_labels.columns] == ["family", "group"]
    assert set(by_labels.families[1:]) == {None}
    assert known_families(source, {}, rows).families[0] == "f"
    assert known_families(source, {}, rows).origin == "metadata"
    nothing = known_families(source, {one: DeclaredModel("")}, [{}] * COUNT)
    assert nothing.origin == "none" and nothing.columns == ()


def test_pairs_asked_together_share_the_rate(lab: Lab) -> None:
    made = measured(lab)
    near = made.relatives(20)[0].index
    alone, _ = made.pair(20, near)
    pairs = [(20, near), *((20, j) for j in range(21, 25) if j != near)]
    together = made.together(pairs)
    assert [r.index for r in together] == [j for _, j in pairs]
    assert alone.p is not None and together[0].p is not None and together[0].p >= alone.p
    assert together[0].distance == alone.distance


def test_few_models_are_not_tested(tmp_path: Path) -> None:
    make_registry(tmp_path, 6, probes=12)
    with Registry.open(tmp_path) as store:
        made = build(store, resolve_assay(store), Wishes(replicates=5))
        assert [m.key for m in made.maps] == ["pcoa"]
        assert made.forest is not None and made.forest.replicates == 5
    assert {r.verdict for i in range(6) for r in made.kin.relatives(i)} == {"not tested"}
    assert "6 models to calibrate on" in made.kin.relatives(0)[0].note
    assert any("t-SNE needs at least" in remark or "t-SNE" in remark for remark in made.remarks)
    assert made.families is None and "declared" in made.families_note
    head = documents.head(made, models=True, answers=True)
    assert head["tree"]["support"] == "felsenstein" and head["declared"] is None


def test_one_and_two_models(tmp_path: Path) -> None:
    for count in (1, 2):
        make_registry(tmp_path / str(count), 2, probes=12)
        with Registry.open(tmp_path / str(count)) as store:
            if count == 1:
                store._db.execute("DELETE FROM blocks WHERE model_id = 2")
                store._db.execute("DELETE FROM dna WHERE model_id = 2")
            made = build(store, resolve_assay(store))
        assert made.forest is None
        assert len(made.kin.relatives(0)) == count - 1
        document = documents.head(made, models=True, answers=True)
        assert len(document["models"]["name"]) == count
        documents.model(made, 0, {"ok": 12})


def test_large_registries_rest_on_dna(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kin, "MOST_TESTED", 50)
    with Registry.open(lab.folder, create=False) as store:
        made = build(store, resolve_assay(store), Wishes(maps=("pcoa",)))
        assert isinstance(made.kin, VectorKin)
        nearest = made.kin.relatives(20)
        assert {r.verdict for r in nearest} == {"not tested"}
        assert "up to 50 models" in nearest[0].note
        # Distances are those of the command.
        from cladist.compare import distances

        matrix = distances(store, made.source.assay, None, "cosine")
        wanted = matrix.nearest(lab.models[20].name, 10)
        np.testing.assert_allclose([r.distance for r in nearest], [d for _, d in wanted], atol=1e-5)
        np.testing.assert_allclose(
            made.kin.distances(20), matrix.matrix[matrix.index(lab.models[20].name)], atol=1e-5
        )
        # A pair that somebody asks about is tested all the same.
        found, weights = sampled_pair(store, made.source, 20, nearest[0].index, 0.1, alpha=0.05)
    assert found.verdict in ("related", "inconclusive") and "at random" in found.note
    assert np.isfinite(weights).any()
    # Groups hold together kin and no strangers.
    groups: dict[int, set[str]] = {}
    for k, group in enumerate(made.kin.family.tolist()):
        groups.setdefault(group, set()).add(family_of(lab, k))
    assert max(len(g) for g in groups.values()) == 1
    assert len(groups) < COUNT


def test_names_of_groups() -> None:
    family = np.array([5, 2, 5, 2, 5, 9])
    central = np.array([0.0, 1, 3, 2, 1, 0])
    named = cluster_names(family, list("abcdef"), central)
    c, d = "like c: 3 models", "like d: 2 models"
    assert named == [c, d, c, d, c, "alone"]
    assert cluster_names(family, list("abcdef"), None)[0] == "like a: 3 models"
    told = [True, False, False, False, False, True]
    assert cluster_names(family, list("abcdef"), central, told)[0] == "like a: 3 models"


def test_lineage_files(tmp_path: Path, lab: Lab) -> None:
    path = tmp_path / "lineage.csv"

    def write(*rows: list[str]) -> Path:
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
        return path

    head = ["model", "parent", "relation"]
    known = [ModelRecord(1, "org_a", "recorded:x", ""), ModelRecord(2, "b", "hf:orgb/b", "")]
    found = read_declared(
        write(head, ["org/a", "orgb/b@main", "merge"], ["org/a", "c", "x"]), known
    )
    told = [(k.child, k.parent, k.relation) for k in found.links]
    assert told == [("org_a", "b", "merge"), ("org_a", "c", "other")]
    for rows, message in (
        ([["model", "mother"], ["a", "b"]], "columns model and parent"),
        ([head, ["a", "", ""]], "no parent"),
        ([head, ["nobody", "b", ""]], "nothing of the 2 models"),
    ):
        with pytest.raises(InputError, match=message):
            read_declared(write(*rows), known)
    with pytest.raises(InputError, match="no such file"):
        read_declared(tmp_path / "missing.csv", known)
    own = lab.models[20].name
    with Registry.open(lab.folder, create=False) as store:
        assay = resolve_assay(store)
        with pytest.raises(InputError, match="nothing of the"):
            build(store, assay, Wishes(maps=(), declared=write(head, ["nobody", "b", ""])))
        # A model that is its own parent is said, and takes nothing else down.
        rows = [own, own, ""], [lab.models[21].name, own, "finetune"]
        said = build(store, assay, Wishes(maps=(), declared=write(head, *rows)))
        assert said.lineage is not None and len(said.lineage["edges"]) == 1
        assert any("line 2" in r and "own parent" in r for r in said.remarks)
        with pytest.raises(InputError, match="descend from each other or from themselves"):
            build(store, assay, Wishes(maps=(), declared=write(head, [own, own, ""])))
        outside = build(
            store, assay, Wishes(maps=(), declared=write(head, [lab.models[20].name, "gone", "x"]))
        )
    assert outside.lineage is not None
    assert outside.lineage["edges"][0]["verdict"] == "not measured"


def test_results_are_kept_between_runs(tmp_path: Path, lab: Lab) -> None:
    kept = Kept(tmp_path / "kept")
    wishes = Wishes(maps=("pcoa",))
    with Registry.open(lab.folder, create=False) as store:
        assay = resolve_assay(store)
        first = build(store, assay, wishes, kept=kept)
        filed = sorted(p.name for p in (tmp_path / "kept").iterdir())
        second = build(store, assay, wishes, kept=kept)
    # Panel and its calibration; the map, the tree, the likely parents.
    assert len(filed) == 5 == len(list((tmp_path / "kept").iterdir()))
    for made in (first, second):
        assert documents.written(documents.head(made, models=True, answers=True)) == (
            documents.written(documents.head(first, models=True, answers=True))
        )
    for file in (tmp_path / "kept").glob("*/*"):
        file.write_bytes(b"broken")
    with Registry.open(lab.folder, create=False) as store:
        again = build(store, assay, wishes, kept=kept)
    np.testing.assert_array_equal(again.maps[0].xy, first.maps[0].xy)
