"""A search gives what comparing with everybody gives, whatever happens to its cache."""

from __future__ import annotations

import multiprocessing
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cladist.core.distances import dna_distances
from cladist.core.dna import DNA
from cladist.errors import AssayError, InputError, NotComparableError, UsageError
from cladist.registry import Registry, StoredDNA
from cladist.registry.search import Search
from cladist.registry.search_codes import encode, intervals, scan, survivors
from tests.conftest import small_assay

ASSAY = small_assay(2)
L = ASSAY.method.projection.dimension


def dna(name: str, vector: np.ndarray) -> DNA:
    return DNA(name, ASSAY.digest, vector.astype(np.float32), None, 2, 2)


def fill(store: Registry, vectors: np.ndarray, first: int = 0, version: str = "v1") -> None:
    made = []
    for k, vector in enumerate(vectors, first):
        store.add_model(f"m{k:04d}", "u", f"f{k}", sync=False)
        made.append(StoredDNA(dna(f"m{k:04d}", vector), (version,)))
    store.write_dnas(store.add_assay(ASSAY), made)


def families(n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    founders = rng.normal(size=(max(n // 5, 1), L)) + 2
    return founders[rng.integers(len(founders), size=n)] + 0.3 * rng.normal(size=(n, L))


def expected(store: Registry, name: str, count: int, metric: str) -> list[tuple[str, float]]:
    found = store.dnas(ASSAY)
    if metric == "centred-cosine":
        mean = np.mean([d.vector.astype(np.float64) for d in found], axis=0)
        x = np.array([d.vector - mean for d in found])
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        names = [d.model for d in found]
        far = 1 - x @ x[names.index(name)]
        order = [k for k in np.argsort(far, kind="stable") if names[k] != name]
        return [(names[k], float(far[k])) for k in order[:count]]
    return dna_distances(found, metric).nearest(name, count)


def agree(store: Registry, search: Search, name: str, metric: str, count: int = 7) -> None:
    found = search.nearest(name, count, metric)
    wanted = expected(store, name, count, metric)
    assert found.exact
    assert [n.model for n in found.neighbours] == [m for m, _ in wanted]
    np.testing.assert_allclose(
        [n.distance for n in found.neighbours], [d for _, d in wanted], rtol=1e-9, atol=1e-9
    )


METRICS = ("euclidean", "cosine", "centred-cosine")


@pytest.mark.parametrize("codes", [1 << 24, 2_000])
@pytest.mark.parametrize("metric", METRICS)
def test_it_finds_what_comparing_with_everybody_finds(
    registry: Registry, metric: str, codes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cladist.registry.search_codes._CHUNK", codes)
    fill(registry, families(600))
    search = Search.open(registry, ASSAY)
    for name in ("m0000", "m0123", "m0599"):
        agree(registry, search, name, metric)
    found = search.nearest("m0007", 5, metric)
    assert found.compared == 599
    # The bounds rule out nearly all: that is what makes it fast.
    assert found.measured < 60
    vector = search.vector("m0007")
    first = search.nearest(vector, 1, metric).neighbours[0]
    assert (first.model, round(first.distance, 6)) == ("m0007", 0.0)
    assert search.nearest(vector, 5, metric, without=["m0007"]) == found


@settings(max_examples=60, deadline=None)
@given(
    arrays(
        np.float32,
        st.tuples(st.integers(1, 20), st.integers(1, 19)),
        elements=st.floats(-1e6, 1e6, width=32) | st.floats(-(2.0**-100), 2.0**-100, width=32),
    ),
    st.sampled_from(METRICS),
    st.integers(0, 5),
)
def test_bounds_hold_for_any_numbers(x: np.ndarray, metric: str, seed: int) -> None:
    wide = x.astype(np.float64)
    rng = np.random.default_rng(seed)
    centre = wide.mean(axis=0) * rng.normal()
    query = wide[0] + rng.normal(size=x.shape[1]) * rng.choice([0, 1e-3, 1e4])
    mean = wide.mean(axis=0) if metric == "centred-cosine" else None
    columns = encode(x, centre)
    plain = "euclidean" if metric == "euclidean" else "cosine"
    with np.errstate(all="ignore"):
        found = intervals(columns, query, centre, plain, mean)
        shift = 0 if mean is None else mean
        a, q = wide - shift, query - shift
        if metric == "euclidean":
            true = ((a - q) ** 2).sum(axis=1)
            floor = 1e-6 * float(np.abs(true).max(initial=0)) + 1e-60
        else:
            true = -(a @ q) / (np.linalg.norm(a, axis=1) * np.linalg.norm(q))
            floor = 1e-6
    # What has no direction is ruled out; what is next to none may be anywhere.
    kept = np.isfinite(true) & np.isfinite(found.upper)
    assert (found.lower[kept] <= true[kept] + floor).all()
    assert (found.upper[kept] >= true[kept] - floor).all()


def test_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cladist.registry.search_codes._CHUNK", 1 << 18)
    x = np.random.default_rng(0).normal(size=(70_000, 16)).astype(np.float32)
    columns = {"model": np.arange(len(x)), **encode(x, np.zeros(16))}
    query = np.random.default_rng(1).normal(size=16)
    codes = np.asarray(columns["codes"], np.int8)
    np.testing.assert_allclose(
        scan(codes, np.ones(len(x), np.float32), query), codes @ query, rtol=1e-4, atol=1e-2
    )
    passed = np.array([3, 40_000, 69_999])
    for metric in ("euclidean", "cosine"):
        one, three = (
            survivors(columns, query, np.zeros(16), metric, None, 5, passed, t) for t in (1, 3)
        )
        np.testing.assert_array_equal(one[0], three[0])
        assert one[1:] == three[1:] == (69_997, 0)
        assert 5 <= len(one[0]) < 100
        assert not np.isin(one[0], passed).any()


def test_copies_are_at_zero_in_order_of_arrival(registry: Registry) -> None:
    x = families(40)
    x[[3, 9, 20]] = x[5]
    fill(registry, x)
    for metric in METRICS:
        found = Search.open(registry, ASSAY).nearest("m0005", 3, metric).neighbours
        assert [(n.model, n.distance) for n in found] == [
            ("m0003", 0.0),
            ("m0009", 0.0),
            ("m0020", 0.0),
        ]


def test_the_cache_follows_the_registry(registry: Registry) -> None:
    x = families(60)
    fill(registry, x[:50])
    search = Search.open(registry, ASSAY)
    build = search.rows.head.build
    fill(registry, x[50:], 50)
    search.refresh()
    assert (len(search), search.rows.head.build) == (60, build)
    agree(registry, search, "m0001", "cosine")
    # The same DNA once more is no news.
    fill(registry, x[4:5], 4)
    search.refresh()
    assert (len(search), search.rows.head.rows, search.rows.head.build) == (60, 60, build)
    # Another DNA of the same model takes its place.
    fill(registry, x[9:10] + 0.01, 4)
    search.refresh()
    assert search.nearest("m0009", 1).neighbours[0].model == "m0004"
    for metric in METRICS:
        agree(registry, search, "m0009", metric)
    with registry.transaction():
        registry._db.execute("DELETE FROM dna WHERE model_id = 5")
    search.refresh()
    assert len(search) == 59
    assert search.nearest("m0009", 1).neighbours[0].model != "m0004"
    agree(registry, Search.open(registry, ASSAY), "m0009", "euclidean")


def test_many_rows_keep_replaced_ones_until_they_weigh(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cladist.registry.search_cache._SMALL", 10)
    x = families(200)
    fill(registry, x)
    search = Search.open(registry, ASSAY)
    build = search.rows.head.build
    fill(registry, x[7:8] + 0.001, 100)
    search.refresh()
    assert (search.rows.head.rows, len(search), search.rows.head.build) == (201, 200, build)
    for metric in ("euclidean", "cosine"):
        agree(registry, search, "m0007", metric)
        agree(registry, Search.open(registry, ASSAY), "m0100", metric)
    np.testing.assert_allclose(
        search.rows.mean, np.mean([d.vector for d in registry.dnas(ASSAY)], axis=0), atol=1e-4
    )
    fill(registry, x[:10] + 0.001, 0)
    search.refresh()
    assert (search.rows.head.rows, search.rows.head.dead) == (200, ())
    agree(registry, search, "m0007", "centred-cosine")


def the_folder(store: Registry) -> Path:
    (folder,) = (store.folder / "search").iterdir()
    return folder


@pytest.mark.parametrize("column", ["codes", "scale", "error", "norm", "model"])
def test_a_damaged_cache_is_never_used(registry: Registry, column: str) -> None:
    fill(registry, families(80))
    build = Search.open(registry, ASSAY).rows.head.build
    path = the_folder(registry) / f"{column}.bin"
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 4
    path.write_bytes(raw)
    again = Search.open(registry, ASSAY)
    assert again.rows.head.build != build
    agree(registry, again, "m0011", "cosine")
    path.write_bytes(path.read_bytes()[:-1])
    assert Search.open(registry, ASSAY).rows.head.build != again.rows.head.build


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"format": 1}', "\x00", None])
def test_a_damaged_head_is_never_used(registry: Registry, text: str | None) -> None:
    fill(registry, families(30))
    Search.open(registry, ASSAY)
    head = the_folder(registry) / "head.json"
    whole = head.read_text()
    head.write_text(whole.replace('"rows":30', '"rows":29') if text is None else text)
    assert len(Search.open(registry, ASSAY)) == 30


def test_rows_of_a_killed_append_do_not_count(registry: Registry) -> None:
    x = families(50)
    fill(registry, x[:40])
    Search.open(registry, ASSAY)
    folder = the_folder(registry)
    for path in folder.glob("*.bin"):
        with path.open("ab") as file:
            file.write(b"\x07" * 50)
    search = Search.open(registry, ASSAY)
    assert len(search) == 40
    fill(registry, x[40:], 40)
    search.refresh()
    agree(registry, Search.open(registry, ASSAY), "m0045", "euclidean")


def test_the_cache_of_another_history_is_not_used(tmp_path: Path) -> None:
    x = families(40)
    with Registry.open(tmp_path / "a") as store:
        fill(store, x[:30])
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    with Registry.open(tmp_path / "a") as one, Registry.open(tmp_path / "b") as two:
        fill(one, x[30:35], 30)
        fill(two, x[35:], 30)
        Search.open(one, ASSAY)
        shutil.copytree(tmp_path / "a" / "search", tmp_path / "b" / "search")
        agree(two, Search.open(two, ASSAY), "m0031", "euclidean")
    # An older copy of the registry put back under a newer cache.
    with Registry.open(tmp_path / "c") as store:
        fill(store, x[:20])
    shutil.copytree(tmp_path / "c", tmp_path / "d")
    with Registry.open(tmp_path / "c") as store:
        fill(store, x[20:], 20)
        Search.open(store, ASSAY)
    shutil.copytree(tmp_path / "c" / "search", tmp_path / "d" / "search")
    with Registry.open(tmp_path / "d") as store:
        assert len(Search.open(store, ASSAY)) == 20


def test_without_a_place_to_write_it_searches_in_memory(registry: Registry) -> None:
    x = families(50)
    fill(registry, x[:40])
    (registry.folder / "search").write_text("in the way")
    search = Search.open(registry, ASSAY)
    assert search.rows.folder is None
    agree(registry, search, "m0001", "centred-cosine")
    fill(registry, x[40:], 40)
    search.refresh()
    agree(registry, search, "m0045", "euclidean")


def _add(folder: str, first: int) -> None:
    with Registry.open(folder) as store:
        for k in range(first, first + 10):
            fill(store, families(60, 3)[k : k + 1], k)
            Search.open(store, ASSAY)


def test_processes_that_add_at_once_lose_nothing(tmp_path: Path) -> None:
    with Registry.open(tmp_path) as store:
        fill(store, families(60, 3)[:20])
        Search.open(store, ASSAY)
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_add, args=(str(tmp_path), k)) for k in (20, 30)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
        assert w.exitcode == 0
    with Registry.open(tmp_path) as store:
        search = Search.open(store, ASSAY)
        assert sorted(search.rows.columns["model"].tolist()) == list(range(1, 41))
        agree(store, search, "m0033", "euclidean")


def test_what_has_no_direction_is_nobodys_neighbour(registry: Registry) -> None:
    x = families(30)
    x[[4, 8]] = 0
    fill(registry, x)
    search = Search.open(registry, ASSAY)
    found = search.nearest("m0001", 30, "cosine")
    assert (found.compared, found.left_out, len(found.neighbours)) == (27, 2, 27)
    assert {"m0004", "m0008"} < {n.model for n in search.nearest("m0001", 30).neighbours}
    with pytest.raises(InputError, match="no direction"):
        search.nearest("m0004", 3, "cosine")


def test_what_cannot_be_searched_is_refused(registry: Registry) -> None:
    fill(registry, families(10))
    search = Search.open(registry, ASSAY)
    with pytest.raises(AssayError, match="no metric 'nei'"):
        search.nearest("m0001", 3, "nei")
    with pytest.raises(UsageError, match="at least 1"):
        search.nearest("m0001", 0)
    with pytest.raises(InputError, match="16 finite numbers"):
        search.nearest([1.0, 2.0])
    with pytest.raises(UsageError, match="did you mean"):
        search.nearest("m00001")
    assert search.nearest("m0001", 50).compared == 9
    fill(registry, families(2), 20, version="v2")
    with pytest.raises(NotComparableError, match="encoded by v1, that of 'm0020' by v2"):
        Search.open(registry, ASSAY)
    fill(registry, families(22)[:20], 0, version="v2")
    assert len(Search.open(registry, ASSAY)) == 22


def test_huge_and_tiny_numbers_are_measured_not_lost(registry: Registry) -> None:
    x = families(30)
    x[3] = 1e25
    x[4] = 1.1e25
    x[5] = 1e-30
    x[6] = 1.1e-30
    fill(registry, x)
    with np.errstate(over="ignore"):
        search = Search.open(registry, ASSAY)
        assert search.nearest("m0003", 1).neighbours[0].model == "m0004"
        assert search.nearest("m0005", 1).neighbours[0].model == "m0006"


def test_an_approximate_search_says_so_and_follows(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("faiss")
    from cladist.registry import search_approximate
    from cladist.registry.search_approximate import ApproximateSearch

    x = families(1200)
    fill(registry, x[:1100])
    search = Search.open(registry, ASSAY)
    with pytest.raises(UsageError, match=r"is for 10,000 and more"):
        ApproximateSearch.open(search)
    monkeypatch.setattr(search_approximate, "MINIMUM", 1000)
    for metric in METRICS:
        rough = ApproximateSearch.open(search, metric)
        hits = 0
        for k in range(0, 1000, 50):
            found = rough.nearest(f"m{k:04d}", 5)
            assert not found.exact
            exact = {n.model: n.distance for n in search.nearest(f"m{k:04d}", 5, metric).neighbours}
            hits += sum(exact.get(n.model) == n.distance for n in found.neighbours)
        assert hits >= 95, metric
    # Kept, and used for what came later; a changed file is made anew.
    path = the_folder(registry) / "approximate-cosine.faiss"
    before = path.stat().st_mtime_ns
    fill(registry, x[1100:1150], 1100)
    search.refresh()
    rough = ApproximateSearch.open(search)
    assert path.stat().st_mtime_ns == before
    assert rough.nearest(search.vector("m1120"), 1).neighbours[0].model == "m1120"
    path.write_bytes(path.read_bytes()[:-100])
    ApproximateSearch.open(search)
    assert path.stat().st_mtime_ns != before
