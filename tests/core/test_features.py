import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cladist.core.features import DenseFeatures, SparseFeatures
from cladist.errors import InputError

ROWS = st.lists(st.dictionaries(st.integers(0, 6), st.floats(-4, 4, width=32), max_size=5))


def build(rows):
    indptr = np.cumsum([0, *(len(r) for r in rows)]).astype(np.int64)
    keys = np.array([k for r in rows for k in r], dtype=np.uint64)
    return SparseFeatures(indptr, keys, np.array([v for r in rows for v in r.values()], np.float32))


def as_rows(features):
    return [
        dict(zip(features.keys[a:b].tolist(), features.values[a:b].tolist(), strict=True))
        for a, b in zip(features.indptr[:-1], features.indptr[1:], strict=True)
    ]


@given(ROWS, st.randoms(use_true_random=False))
def test_means_by_group(rows, random):
    count = 4
    group = np.array([random.randrange(count) for _ in rows], dtype=np.int64)
    found = as_rows(build(rows).mean_by(group, count))
    assert len(found) == count
    for g in range(count):
        members = [r for r, owner in zip(rows, group, strict=True) if owner == g]
        keys = {k for r in members for k in r}
        assert found[g].keys() == keys
        for k in keys:
            expected = sum(r.get(k, 0.0) for r in members) / len(members)
            assert found[g][k] == pytest.approx(expected, abs=1e-5)


@given(ROWS)
def test_one_row_a_group_only_moves_rows(rows):
    group = 2 * np.arange(len(rows), dtype=np.int64)
    found = as_rows(build(rows).mean_by(group, 2 * len(rows) + 1))
    assert found[::2] == [*rows, {}]
    assert not any(found[1::2])


@pytest.mark.parametrize("group", [[0, 2, 3], [3, 0, 2], [1, 1, 3], [3, 3, 3]])
def test_dense_means_by_group(group):
    values = np.arange(6, dtype=np.float32).reshape(3, 2)
    found = DenseFeatures(values).mean_by(np.array(group, np.int64), 4).values
    for g in range(4):
        members = values[[i for i, owner in enumerate(group) if owner == g]]
        expected = members.mean(axis=0) if len(members) else np.zeros(2)
        np.testing.assert_allclose(found[g], expected)


def test_no_rows_at_all():
    none = np.zeros(0, np.int64)
    assert DenseFeatures(np.zeros((0, 3), np.float32)).mean_by(none, 2).values.shape == (2, 3)
    assert as_rows(build([]).mean_by(none, 2)) == [{}, {}]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_are_refused(bad):
    with pytest.raises(InputError, match="first: row 1"):
        DenseFeatures(np.array([[0, 1], [bad, 1]], np.float32))
    with pytest.raises(InputError, match="NaN or infinity"):
        build([{1: bad}])


def test_parts_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="two axes"):
        DenseFeatures(np.zeros(3, np.float32))
    with pytest.raises(InputError, match="do not fit"):
        SparseFeatures(np.array([0, 2]), np.zeros(1, np.uint64), np.zeros(1, np.float32))
