"""A panel is immutable: new models change nothing, members get their own place again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cladist.core.responses import ResponseSet
from cladist.errors import InputError, NotComparableError
from cladist.kinship.evidence.corpus import read_corpus
from cladist.kinship.evidence.similarity import kinship_similarity
from cladist.kinship.panel.saved import (
    MemberLabel,
    Panel,
    build_panel,
    index_panel,
    load_panel,
    nearest_members,
    save_panel,
    score_against,
)

LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyz"))
SPELLINGS = np.random.default_rng(0).choice(LETTERS, (300, 9))
WORDS = ["".join(w[: 3 + k % 7]) for k, w in enumerate(SPELLINGS)]


def model(name: str, founder: int, seed: int, probes: int = 12) -> ResponseSet:
    said, own = np.random.default_rng(founder), np.random.default_rng(1000 + seed)
    texts = []
    for _ in range(probes):
        text = [str(w) for w in said.choice(WORDS, 25)]
        cut = int(own.integers(5, 26))
        texts.append(" ".join(text[:cut] + [str(w) for w in own.choice(WORDS, 25 - cut)]))
    return ResponseSet.of_texts(name, texts)


MEMBERS = [model(f"f{f}-{m}", f, 10 * f + m) for f in range(8) for m in range(3)]
PANEL = build_panel(MEMBERS, "p" * 64)


def test_a_member_placed_again_gets_its_own_row() -> None:
    own = kinship_similarity(PANEL.responses).combined
    again, _ = score_against(PANEL, [PANEL.responses[4], PANEL.responses[9]])
    for row, k in zip(again, (4, 9), strict=True):
        others = np.arange(len(MEMBERS)) != k
        np.testing.assert_allclose(row[others], own[k][others], atol=1e-4)
        assert row[k] > row[others].max()


def test_kin_of_the_panel_is_found() -> None:
    rows, among = score_against(PANEL, [model("new", 3, 99), model("other", 5, 98)])
    assert PANEL.models[int(rows[0].argmax())].startswith("f3")
    assert PANEL.models[int(rows[1].argmax())].startswith("f5")
    assert among.shape == (2, 2)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=4, unique=True))
def test_a_row_does_not_depend_on_other_new_models(seeds: list[int]) -> None:
    alone, _ = score_against(PANEL, [model("a", 2, 77)])
    crowd, _ = score_against(
        PANEL, [model("a", 2, 77), *(model(f"n{s}", s, 200 + s) for s in seeds)]
    )
    np.testing.assert_allclose(crowd[0], alone[0], atol=1e-4)


def test_scoring_leaves_the_artefact_alone(tmp_path: Path) -> None:
    save_panel(PANEL, tmp_path / "a.parquet")
    loaded = load_panel(tmp_path / "a.parquet")
    score_against(loaded, [model("new", 3, 99)])
    save_panel(loaded, tmp_path / "b.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    assert loaded == PANEL


def test_order_of_members_does_not_matter() -> None:
    assert build_panel(MEMBERS[::-1], "p" * 64).digest == PANEL.digest
    assert build_panel(MEMBERS, "q" * 64).digest != PANEL.digest


def test_missing_answers_and_surrogates_survive(tmp_path: Path) -> None:
    odd = ResponseSet.of_texts("odd", ["\ud800 half", None, "", *["x y z"] * 9])
    panel = build_panel([*MEMBERS[:2], odd], "p")
    save_panel(panel, tmp_path / "p.parquet")
    assert load_panel(tmp_path / "p.parquet") == panel
    assert read_corpus(panel.responses).present[2, :3].tolist() == [True, False, False]


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    save_panel(PANEL, path)
    table = pq.read_table(path)
    pq.write_table(table.slice(12), path)
    with pytest.raises(InputError, match="was changed"):
        load_panel(path)
    pq.write_table(table.replace_schema_metadata({}), path)
    with pytest.raises(InputError, match="no panel"):
        load_panel(path)
    path.write_bytes(b"PAR1 nonsense")
    with pytest.raises(InputError, match="no panel"):
        load_panel(path)
    with pytest.raises(InputError, match="no such panel"):
        load_panel(tmp_path / "absent")


@pytest.mark.parametrize("column", ["model", "probe", "answer"])
def test_damaged_text_is_told_as_a_change(tmp_path: Path, column: str) -> None:
    path = tmp_path / "p.parquet"
    save_panel(PANEL, path)
    table = pq.read_table(path)
    broken = pa.array([b"\xff\x80"] * len(table), pa.binary())
    kind = table.schema.field(column).type
    damaged = pa.Array.from_buffers(kind, len(broken), broken.buffers())
    at = table.column_names.index(column)
    pq.write_table(table.set_column(at, column, damaged), path)
    with pytest.raises(InputError, match="was changed"):
        load_panel(path)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(NotComparableError, match="rests on protocol"):
        score_against(PANEL, [MEMBERS[0]], "other")
    stranger = ResponseSet.of_texts("s", ["a b c"], ["elsewhere"])
    with pytest.raises(NotComparableError, match="shares no probe"):
        score_against(PANEL, [stranger])
    with pytest.raises(NotComparableError, match="other probes"):
        build_panel([*MEMBERS, stranger], "p")
    with pytest.raises(InputError, match="at least three"):
        build_panel(MEMBERS[:2], "p")


def test_the_nearest_members_of_a_large_panel() -> None:
    index = index_panel(PANEL)
    new = model("new", 3, 99)
    by_alleles = nearest_members(PANEL, index, new, 3, candidates=0)
    assert {m.model[:2] for m in by_alleles} == {"f3"}
    assert all(m.evidence is None for m in by_alleles)
    found = nearest_members(PANEL, index, new, 3, "p" * 64, candidates=6, reference=10)
    assert {m.model for m in found} == {m.model for m in by_alleles}
    # Evidence of a candidate does not depend on the other candidates.
    more = nearest_members(PANEL, index, new, 6, candidates=6, reference=10)
    assert [m.evidence for m in more[:3]] == pytest.approx([m.evidence for m in found])
    own = nearest_members(PANEL, index, PANEL.responses[4], 2, candidates=0)
    assert PANEL.models[4] not in {m.model for m in own}


def test_an_index_serves_its_own_panel_alone() -> None:
    other = build_panel(MEMBERS[1:], "p" * 64)
    with pytest.raises(InputError, match="another panel"):
        nearest_members(PANEL, index_panel(other), MEMBERS[0])
    with pytest.raises(NotComparableError, match="rests on protocol"):
        nearest_members(PANEL, index_panel(PANEL), MEMBERS[0], 3, "other")
    with pytest.raises(InputError, match="leaves no background"):
        nearest_members(PANEL, index_panel(PANEL), MEMBERS[0], 3, candidates=23)


def test_what_is_declared_travels_with_a_panel(tmp_path: Path) -> None:
    told = [MemberLabel(m.model, m.model[:2], "maker", "2024-05", "mit") for m in MEMBERS]
    absent = MemberLabel("absent", "x")
    panel = build_panel(MEMBERS, "p" * 64, [absent, *told], source="here", licence="MIT")
    assert panel.digest != PANEL.digest
    assert [m.model for m in panel.labels] == sorted(m.model for m in MEMBERS)
    path = tmp_path / "panel.parquet"
    panel.save(path)
    again = Panel.load(path)
    assert (again.labels, again.source, again.licence) == (panel.labels, "here", "MIT")
    table = pq.read_table(path)
    about = table.schema.metadata[b"about"].replace(b"maker", b"other")
    pq.write_table(table.replace_schema_metadata({**table.schema.metadata, b"about": about}), path)
    with pytest.raises(InputError, match="was changed since it was built"):
        Panel.load(path)


def test_without_declarations_a_panel_keeps_its_earlier_identity(
    tmp_path: Path,
) -> None:
    path = tmp_path / "panel.parquet"
    PANEL.save(path)
    head = pq.read_schema(path).metadata
    assert head[b"format"] == b"1"
    assert b"about" not in head
