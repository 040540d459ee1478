"""Ten tasks of a newcomer, each in under ten lines of the public library.

The functions named `task_...` are what a newcomer writes. They may use what `cladist` offers by
name, and nothing else of it; a test reads their source and counts.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cladist
from cladist.workflows.toy import toy_table

MOST_LINES = 9


def task_load_a_table(table: Path, folder: Path) -> Any:
    with cladist.open_registry(folder) as lab:
        done = cladist.import_responses(table, lab)
        return done, [m.name for m in lab.models()]


def task_test_a_pair(lab: Any) -> Any:
    test = cladist.KinshipTest(alpha=0.01).fit(lab, labels=cladist.toy_families())
    return test.test("m00-chat", ["m00-base", "m07-base"])


def task_get_a_data_frame(lab: Any) -> Any:
    found = cladist.neighbors(lab, "m00-chat", 3)
    return found.to_frame(), cladist.distances(lab).to_frame()


def task_plot_a_tree(lab: Any, axes: Any) -> Any:
    family = cladist.tree(lab)[["m00-base", "m00-chat", "m01-base", "m01-chat"]]
    return family.plot(ax=axes, groups=cladist.toy_families())


def task_place_a_model(lab: Any) -> Any:
    family = cladist.tree(lab)[["m00-base", "m01-base", "m02-base", "m03-base"]]
    return cladist.place(lab, "m01-chat", family, replicates=5)


def task_ask_an_endpoint(url: str, assay: str, folder: Path) -> Any:
    with cladist.open_registry(folder) as lab:
        return cladist.extract(f"openai:m@{url}?interface=chat#mine", lab, assay)


def task_build_a_panel(lab: Any, file: Path) -> Any:
    cladist.build_panel(lab).save(file)
    panel = cladist.Panel.load(file)
    return panel, cladist.nearest_in_panel(lab, "m00-chat", panel, 2)


def task_read_a_report(lab: Any, page: Path) -> Any:
    made = cladist.report(lab, "m00-chat", labels=cladist.toy_families())
    made.save(page)
    return made.to_frame()


class Lengths:
    version = "1"

    def encode(self, texts: Any) -> Any:
        rows = [[len(t), t.count("a"), t.count("o"), t.count("i")] for t in texts]
        return cladist.DenseFeatures(np.array(rows, np.float32))


def task_add_an_encoder(table: Path, folder: Path) -> Any:
    cladist.register_encoder("lengths", Lengths)
    base = cladist.assay("cladist")
    method = cladist.Method("lengths", (cladist.EncoderSpec("lengths"),), metric="euclidean")
    assay = cladist.Assay("mine", base.protocol, method)
    with cladist.open_registry(folder) as lab:
        done = cladist.import_responses(table, lab, assay)
        return done, cladist.distances(lab)


def task_add_a_layout(answers: Path) -> Any:
    def read(raw: bytes, path: str) -> cladist.Answers:
        told = json.loads(raw)
        return cladist.Answers(told["name"], path, told["said"], told["asked"])

    cladist.register_layout("ours", lambda path: path.endswith(".json"), read)
    return cladist.add_reference("mine", answers, "ours", labels=cladist.toy_families())


TASKS = [name for name in sorted(globals()) if name.startswith("task_")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tasks")


@pytest.fixture(scope="module")
def table(folder: Path) -> Path:
    file = folder / "answers.csv"
    file.write_text(toy_table())
    return file


@pytest.fixture(scope="module")
def lab(folder: Path) -> Iterator[Any]:
    with cladist.toy_registry(folder / "lab") as made:
        yield made


def test_there_are_ten_of_under_ten_lines_by_public_names_alone() -> None:
    found = {
        node.name: node
        for node in ast.parse(Path(__file__).read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("task_")
    }
    assert sorted(found) == TASKS and len(TASKS) == 10
    for name, node in found.items():
        lines = (node.end_lineno or 0) - node.lineno
        assert lines <= MOST_LINES, (name, lines)
        for part in ast.walk(node):
            assert not isinstance(part, ast.Import | ast.ImportFrom), name
            if (
                isinstance(part, ast.Attribute)
                and isinstance(part.value, ast.Name)
                and part.value.id == "cladist"
            ):
                assert part.attr in cladist.__all__, (name, part.attr)


def test_load_a_table(table: Path, tmp_path: Path) -> None:
    done, names = task_load_a_table(table, tmp_path)
    assert done.models == 120 and len(done.made) == 120 and names[:2] == ["m00-base", "m00-chat"]


def test_test_a_pair(lab: Any) -> None:
    found = task_test_a_pair(lab)
    assert found[0].verdict == "related"
    assert found[1].verdict in ("unrelated", "inconclusive")
    assert "m00-chat and m00-base: related" in repr(found[0])
    assert "<table>" in found._repr_html_() and found.to_dict()["tests"][0]["verdict"] == "related"


def test_get_a_data_frame(lab: Any) -> None:
    near, far = task_get_a_data_frame(lab)
    assert set(near["model"][:2]) == {"m00-base", "m00-code"} and "verdict" in near
    assert far.shape == (120, 120) and far.loc["m00-base", "m00-base"] == 0


def test_plot_a_tree(lab: Any) -> None:
    from matplotlib.figure import Figure

    axes = task_plot_a_tree(lab, Figure().add_subplot())
    assert {t.get_text() for t in axes.texts} >= {"m00-base", "m00-chat", "m01-base", "m01-chat"}


def test_place_a_model(lab: Any) -> None:
    found = task_place_a_model(lab)
    assert found.to_dict()["below"] == ["m01-base"]
    assert "m01-chat" in found.tree.leaves()


def test_ask_an_endpoint(tmp_path: Path) -> None:
    pytest.importorskip("openai")
    from faulty_server import Reply, behaving

    from tests.provenance.test_deployments import ASSAY

    (tmp_path / "assay.toml").write_text(ASSAY)
    with behaving(lambda call: Reply(call.good())) as (_, url):
        done = task_ask_an_endpoint(url, str(tmp_path / "assay.toml"), tmp_path / "lab")
    assert done.asked == 12 and not done.refusal


def test_build_a_panel(lab: Any, tmp_path: Path) -> None:
    panel, near = task_build_a_panel(lab, tmp_path / "panel.parquet")
    assert len(panel) == 120 and len(panel.to_frame()) == 120
    assert {m.model for m in near} == {"m00-base", "m00-code"}


def test_read_a_report(lab: Any, tmp_path: Path) -> None:
    claims = task_read_a_report(lab, tmp_path / "report.html")
    assert {"topic", "statement", "strength"} <= set(claims.columns)
    assert (tmp_path / "report.html").read_text().startswith("<!")


def test_add_an_encoder(table: Path, tmp_path: Path) -> None:
    done, far = task_add_an_encoder(table, tmp_path)
    assert done.assay.method.encoders[0].name == "lengths"
    assert len(far) == 120 and far.matrix.max() > 0


def test_add_a_layout(lab: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (answers := tmp_path / "answers").mkdir()
    (assay,) = lab.assays()
    prompts = [p.text for p in assay.protocol.probes.probes]
    for k, said in enumerate(lab.responses(assay.protocol)):
        if k < 48:
            asked = dict(zip(map(str, range(40)), prompts, strict=True))
            told = {"name": said.model, "said": dict(zip(asked, said.texts(), strict=True))}
            (answers / f"{k}.json").write_text(json.dumps({**told, "asked": asked}))
    made = task_add_a_layout(answers)
    assert (made.facts.models, made.facts.prompts, made.facts.labelled) == (48, 40, 48)
    assert [r.name for r in cladist.Reference.all()] == ["mine"]
    assert "48 models" in repr(made)
