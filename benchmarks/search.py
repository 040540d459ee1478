"""A registry of a million models, built and searched: time, memory, and what bounds them.

    python benchmarks/search.py --models 1000000 --dimension 128
    python benchmarks/search.py --models 1000000 --dimension 1024 --skip-flat

Models descend from 1,000 founders in a random tree: each new one takes the vector of a model
chosen at random and redraws a share of it. They have names and DNA, and no answers. The folder is
removed afterwards unless --keep is given. Every measurement runs in a process of its own; wall
time and CPU seconds are medians over the queries.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from measure import table
from numpy.typing import NDArray

from cladist.core.assay import Assay, Decoding, EncoderSpec, Method, Projection, Protocol
from cladist.core.dna import DNA
from cladist.core.probes import Probe, ProbeSet
from cladist.errors import MissingExtraError
from cladist.registry import Registry, StoredDNA

FOUNDERS = 1000
BATCH = 8192
QUERIES = 40
CHECKED = 3  # of them, held against double precision over everything
Row = tuple[object, ...]


def assay_of(dimension: int) -> Assay:
    probes = ProbeSet("synthetic", tuple(Probe(f"{k:03d}", f"probe {k}") for k in range(100)))
    method = Method("synthetic", (EncoderSpec("prefixes"),), Projection(dimension), "cosine")
    return Assay("synthetic", Protocol("synthetic", probes, Decoding()), method)


def descend(path: Path, count: int, dimension: int, seed: int) -> NDArray[np.float32]:
    """Vectors of a random tree, (count, dimension), in a file; a parent comes before its child."""
    x = np.lib.format.open_memmap(path, "w+", np.float32, (count, dimension))
    rng = np.random.default_rng(seed)
    done = min(FOUNDERS, count)
    x[:done] = rng.standard_normal((done, dimension), dtype=np.float32)
    while done < count:
        size = min(done, BATCH, count - done)
        parent = rng.integers(done, size=size)
        share = rng.uniform(0.02, 0.6, size=(size, 1)).astype(np.float32)
        fresh = rng.standard_normal((size, dimension), dtype=np.float32)
        x[done : done + size] = np.sqrt(1 - share) * x[parent] + np.sqrt(share) * fresh
        done += size
    return x


def stored(assay: Assay, number: int, vector: NDArray[np.float32]) -> StoredDNA:
    return StoredDNA(DNA(name(number), assay.digest, vector, None, 100, 100), ("synthetic",))


def name(number: int) -> str:
    return f"maker{number % 977}/model-{number:07d}"


def build(folder: Path, count: int, dimension: int, seed: int) -> dict[str, Any]:
    start = time.perf_counter()
    x = descend(folder / "vectors.npy", count, dimension, seed)
    drawn, cpu = time.perf_counter(), time.process_time()
    assay = assay_of(dimension)
    with Registry.open(folder / "registry") as store:
        number = store.add_assay(assay)
        for begin in range(0, count, BATCH):
            rows = range(begin, min(begin + BATCH, count))
            with store.transaction(sync=False):
                # add_model commits one by one, which is what extraction wants and this does not.
                store._db.executemany(
                    "INSERT INTO model (name, uri, fingerprint, metadata) VALUES (?, ?, ?, '{}')",
                    [(name(k), f"synthetic:{k}", f"synthetic:{k}") for k in rows],
                )
            store.write_dnas(number, [stored(assay, k, x[k]) for k in rows])
            progress("building", rows[-1] + 1, count)
    size = (folder / "registry" / "registry.sqlite").stat().st_size
    return {
        "drawn": drawn - start,
        "wall": time.perf_counter() - drawn,
        "cpu": time.process_time() - cpu,
        "megabytes": size / 1e6,
    }


def prepare(folder: Path, dimension: int) -> dict[str, Any]:
    from cladist.registry.search import Search

    with Registry.open(folder / "registry", create=False) as store:
        start, cpu = time.perf_counter(), time.process_time()
        Search.open(store, assay_of(dimension), progress)
        spent = {"wall": time.perf_counter() - start, "cpu": time.process_time() - cpu}
    files = list((folder / "registry" / "search").rglob("*.bin"))
    return {**spent, "megabytes": sum(f.stat().st_size for f in files) / 1e6, "peak": peak()}


def openings(folder: Path, dimension: int) -> dict[str, Any]:
    from cladist.registry.search import Search

    spent = []
    for _ in range(5):
        start, cpu = time.perf_counter(), time.process_time()
        with Registry.open(folder / "registry", create=False) as store:
            Search.open(store, assay_of(dimension))
        spent.append((time.perf_counter() - start, time.process_time() - cpu))
    return {**median(spent), "peak": peak()}


def queries(folder: Path, dimension: int, metric: str, kind: str, threads: int) -> dict[str, Any]:
    from cladist.registry.search import Search

    x = np.load(folder / "vectors.npy", mmap_mode="r")
    rng = np.random.default_rng(7)
    with Registry.open(folder / "registry", create=False) as store:
        search = Search.open(store, assay_of(dimension))
        picked = rng.integers(len(x), size=QUERIES)
        asked: list[Any] = [name(int(k)) for k in picked]
        if kind == "stranger":
            asked = list(rng.standard_normal((QUERIES, dimension)))
        search.nearest(asked[0], 10, metric)
        spent, measured, found = [], [], []
        for query in asked:
            start, cpu = time.perf_counter(), time.process_time()
            answer = search.nearest(query, 10, metric, threads=threads)
            spent.append((time.perf_counter() - start, time.process_time() - cpu))
            measured.append(answer.measured)
            found.append(answer.neighbours)
        high = peak()
        right = 0
        for k, query, neighbours in list(zip(picked, asked, found, strict=True))[:CHECKED]:
            own = int(k) if isinstance(query, str) else -1
            wanted = brute(x, x[own] if own >= 0 else query, metric, own)
            right += [n.model for n in neighbours] == [name(w) for w in wanted]
    return {**median(spent), "measured": statistics.median(measured), "peak": high, "right": right}


def brute(x: NDArray[np.float32], query: Any, metric: str, own: int) -> list[int]:
    """The ten nearest by double precision over everything."""
    q = np.asarray(query, np.float64)
    mean = np.zeros(x.shape[1])
    if metric == "centred-cosine":
        for begin in range(0, len(x), 50_000):
            mean += x[begin : begin + 50_000].sum(axis=0, dtype=np.float64)
        mean /= len(x)
    far = np.empty(len(x))
    for begin in range(0, len(x), 50_000):
        wide = x[begin : begin + 50_000].astype(np.float64) - mean
        if metric == "euclidean":
            far[begin : begin + 50_000] = ((wide - q) ** 2).sum(axis=1)
        else:
            size = np.sqrt((wide * wide).sum(axis=1))
            far[begin : begin + 50_000] = -(wide @ (q - mean)) / size
    if own >= 0:
        far[own] = np.inf
    return np.argsort(far, kind="stable")[:10].tolist()


def additions(folder: Path, dimension: int) -> dict[str, Any]:
    """A model with a DNA recorded, on the disk, and found by a search that was open."""
    from cladist.registry.search import Search

    x = np.load(folder / "vectors.npy", mmap_mode="r")
    assay = assay_of(dimension)
    with Registry.open(folder / "registry", create=False) as store:
        number = store.add_assay(assay)
        search = Search.open(store, assay)
        spent, whole = [], []
        for k in range(20):
            new = len(x) + k
            vector = x[k * 31] + np.float32(0.01)
            start, cpu = time.perf_counter(), time.process_time()
            store.add_model(name(new), f"synthetic:{new}", f"synthetic:{new}")
            store.write_dnas(number, [stored(assay, new, vector)])
            middle = time.perf_counter() - start
            search.refresh()
            spent.append((time.perf_counter() - start, time.process_time() - cpu))
            whole.append((middle, 0.0))
            nearest = search.nearest(vector, 1).neighbours[0].model
            assert nearest == name(new), nearest
    return {**median(spent), "stored": median(whole)["wall"], "peak": peak()}


def blas(folder: Path, dimension: int) -> dict[str, Any]:
    """The bound: one product of the matrix in memory with a vector, and the ten smallest."""
    x = np.load(folder / "vectors.npy")
    rng = np.random.default_rng(7)
    square = np.einsum("ij,ij->i", x, x)
    spent = []
    for k in rng.integers(len(x), size=QUERIES):
        start, cpu = time.perf_counter(), time.process_time()
        far = square - 2 * (x @ x[k])
        np.argpartition(far, 11)[:11]
        spent.append((time.perf_counter() - start, time.process_time() - cpu))
    return {**median(spent), "peak": peak()}


def approximate(folder: Path, dimension: int) -> dict[str, Any]:
    from cladist.registry.search import Search
    from cladist.registry.search_approximate import ApproximateSearch

    with Registry.open(folder / "registry", create=False) as store:
        search = Search.open(store, assay_of(dimension))
        start, cpu = time.perf_counter(), time.process_time()
        rough = ApproximateSearch.open(search, "cosine")
        made = {"made wall": time.perf_counter() - start, "made cpu": time.process_time() - cpu}
        start = time.perf_counter()
        rough = ApproximateSearch.open(search, "cosine")
        made["open"] = time.perf_counter() - start
        rng = np.random.default_rng(7)
        x = np.load(folder / "vectors.npy", mmap_mode="r")
        out: dict[str, Any] = {**made, "megabytes": rough.size / 1e6}
        for kind in ("member", "stranger"):
            asked: list[Any] = [name(int(k)) for k in rng.integers(len(x), size=QUERIES)]
            if kind == "stranger":
                asked = list(rng.standard_normal((QUERIES, dimension)))
            rough.nearest(asked[0], 10)
            spent, hits = [], 0
            for query in asked:
                start, cpu = time.perf_counter(), time.process_time()
                found = rough.nearest(query, 10)
                spent.append((time.perf_counter() - start, time.process_time() - cpu))
                true = {n.model for n in search.nearest(query, 10, "cosine").neighbours}
                hits += len(true & {n.model for n in found.neighbours})
            out[kind] = {**median(spent), "recall": hits / (10 * QUERIES)}
    return {**out, "peak": peak()}


def flat(folder: Path, dimension: int) -> dict[str, Any]:
    import faiss

    x = np.load(folder / "vectors.npy")
    index = faiss.IndexFlatL2(dimension)
    index.add(x)
    rng = np.random.default_rng(7)
    spent = []
    for k in rng.integers(len(x), size=QUERIES):
        start, cpu = time.perf_counter(), time.process_time()
        index.search(x[k : k + 1], 11)
        spent.append((time.perf_counter() - start, time.process_time() - cpu))
    return {**median(spent), "peak": peak()}


def median(spent: list[tuple[float, float]]) -> dict[str, float]:
    walls, cpus = zip(*spent, strict=True)
    return {
        "wall": statistics.median(walls),
        "best": min(walls),
        "cpu": statistics.median(cpus),
    }


def peak() -> float:
    """Largest memory of this process so far, MB; mapped files count."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def progress(what: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{what} {done:,} of {total:,} ")


def _child(pipe: Any, work: Callable[..., dict[str, Any]], values: tuple[Any, ...]) -> None:
    gc.disable()
    pipe.send(work(*values))


def alone(work: Callable[..., dict[str, Any]], *values: Any) -> dict[str, Any]:
    """What `work` returns in a process of its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=_child, args=(theirs, work, values))
    child.start()
    theirs.close()
    try:
        found: dict[str, Any] = ours.recv()
    except EOFError:
        sys.exit(f"{work.__name__} failed")
    child.join()
    return found


def ms(seconds: float) -> float:
    return 1000 * seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int, default=1_000_000)
    parser.add_argument("--dimension", type=int, default=128)
    parser.add_argument("--folder", type=Path, help="where to build; a temporary one otherwise")
    parser.add_argument("--keep", action="store_true", help="leave the registry there")
    parser.add_argument("--skip-flat", action="store_true", help="without faiss's flat index")
    parser.add_argument("--skip-faiss", action="store_true", help="without faiss at all")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(dir=args.folder))
    try:
        measure(folder, args)
    finally:
        if args.keep:
            print(f"kept in {folder}")
        else:
            shutil.rmtree(folder)


def measure(folder: Path, args: argparse.Namespace) -> None:
    n, size = args.models, args.dimension
    made = alone(build, folder, n, size, 1)
    cache = alone(prepare, folder, size)
    opened = alone(openings, folder, size)
    print(f"\n{n:,} models, {size} numbers each\n")
    print(
        table(
            ["step", "wall s", "CPU s", "on disk MB", "peak MB"],
            [
                ("building the registry", made["wall"], made["cpu"], made["megabytes"], ""),
                ("preparing the search", *(cache[k] for k in ("wall", "cpu", "megabytes", "peak"))),
                ("opening both", opened["wall"], opened["cpu"], "", opened["peak"]),
            ],
        )
    )
    rows: list[Row] = []
    for metric in ("euclidean", "cosine", "centred-cosine"):
        for kind in ("member", "stranger"):
            q = alone(queries, folder, size, metric, kind, 0)
            label = f"exact, {metric}, {kind}"
            right = f"{q['right']}/{CHECKED} queries"
            rows.append((label, *times(q), q["measured"], right, q["peak"]))
    q = alone(queries, folder, size, "cosine", "member", 1)
    one = "exact, cosine, member, one thread"
    rows.append((one, *times(q), q["measured"], f"{q['right']}/{CHECKED} queries", q["peak"]))
    bound = alone(blas, folder, size)
    rows.append(("numpy BLAS, float32 in memory", *times(bound), "", "", bound["peak"]))
    if not (args.skip_flat or args.skip_faiss):
        q = alone(flat, folder, size)
        rows.append(("faiss flat, float32 in memory", *times(q), "", "", q["peak"]))
    if not args.skip_faiss:
        try:
            q = alone(approximate, folder, size)
        except MissingExtraError as problem:
            sys.exit(str(problem))
        for kind in ("member", "stranger"):
            label = f"approximate, cosine, {kind}"
            recall = f"recall {q[kind]['recall']:.3f}"
            rows.append((label, *times(q[kind]), "", recall, q["peak"]))
    added = alone(additions, folder, size)
    rows.append(("adding a model to both", *times(added), "", "20/20 found", added["peak"]))
    print()
    header = ["10 nearest", "median wall ms", "best wall ms", "CPU ms", "measured", "right", "peak"]
    print(table([*header[:-1], "peak MB"], rows))
    if not args.skip_faiss:
        print(
            f"\nThe approximate index: {q['made wall']:.0f} s to make ({q['made cpu']:.0f} CPU s), "
            f"{q['megabytes']:.0f} MB, opened in {q['open']:.2f} s."
        )


def times(found: dict[str, Any]) -> tuple[float, float, float]:
    return ms(found["wall"]), ms(found["best"]), ms(found["cpu"])


if __name__ == "__main__":
    main()
