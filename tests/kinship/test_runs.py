import numpy as np

from cladist.kinship.config import RATES
from cladist.kinship.evidence.makeup import make_up
from cladist.kinship.evidence.runs import distinct, distinct_of_each, groups, run_lengths


def test_runs_end_where_their_part_ends() -> None:
    values = np.array([3, 3, 3, 5, 5, 2], np.uint64)
    ends = np.array([2, 2, 6])
    first, number = groups(values, ends)
    assert first.tolist() == [0, 2, 3, 5]
    assert number.tolist() == [0, 0, 1, 2, 2, 3]
    assert run_lengths(values, ends).tolist() == [2, 1, 2, 1]
    assert run_lengths(values).tolist() == [3, 2, 1]


def test_parts_are_made_distinct_each_by_itself() -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(0, 9, 50)
    ends = np.array([0, 20, 20, 35, 50])
    parts = np.split(values.copy(), ends[:-1])
    found, stops = distinct_of_each(values, ends)
    for have, part in zip(np.split(found, stops[:-1]), parts, strict=True):
        assert have.tolist() == sorted(set(part.tolist())) == distinct(part).tolist()
    none, stops = distinct_of_each(np.zeros(0, np.uint64), np.zeros(3, np.int64))
    assert len(none) == 0
    assert stops.tolist() == [0, 0, 0]


def test_make_up_counts_characters_and_pairs_within_a_text() -> None:
    texts = ["", "abab", "", "b", "ba" * 40] + ["abc"] * 300
    counts = make_up(texts, singles=True)
    assert counts.shape == (305, 2 * RATES.buckets)
    single, pair = counts[:, : RATES.buckets], counts[:, RATES.buckets :]
    assert single.sum(1)[:5].tolist() == [0, 4, 0, 1, 80]
    assert pair.sum(1)[:5].tolist() == [0, 3, 0, 0, 79]
    assert sorted(pair[1][pair[1] > 0].tolist()) == [1, 2]
    for at in (1, 4, 304):
        np.testing.assert_array_equal(counts[at], make_up([texts[at]], singles=True)[0])
    np.testing.assert_array_equal(make_up(texts), pair)
    assert make_up([]).shape == (0, RATES.buckets)
