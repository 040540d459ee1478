"""The atlas measured: relatives under load, time and size of bundles, quality of maps.

    python benchmarks/atlas.py relatives --models 100000 --dimension 128 --clients 16
    python benchmarks/atlas.py bundle --models 1000 --probes 100
    python benchmarks/atlas.py maps --models 10000

`relatives` starts the real server on the loopback address and asks it over HTTP from as many
connections as told, each asking anew as soon as it is answered. The DNAs are
made up as a tree of models; how they came about does not matter to the search.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tarfile
import time
from concurrent.futures import ProcessPoolExecutor
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cladist.apply.maps import KINDS, make_map
from cladist.apply.neighbours import Vectors, nearest
from cladist.atlas.build import Atlas, Wishes, build
from cladist.atlas.bundle import write_bundle
from cladist.atlas.columns import Column
from cladist.atlas.kin import RELATIVES, VectorKin
from cladist.atlas.server.app import application
from cladist.atlas.server.run import listen
from cladist.atlas.server.service import AtlasService
from cladist.atlas.source import AtlasSource, read_source
from cladist.compare import resolve_assay
from cladist.core.dna import DNA
from cladist.registry import ModelRecord, Registry
from tests.support.synthetic import make_registry, synthetic_assay

ASKED = 1_000  # models that are asked about


def made_source(count: int, dimension: int) -> AtlasSource:
    """Models whose DNAs drift from their parents'."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(count, dimension)).astype(np.float32)
    founders = max(count // 50, 1)
    for i in range(founders, count):
        x[i] = x[int(i * draw.random() ** 2)] + 0.4 * x[i]
    assay = synthetic_assay(8, dimension)
    records = tuple(ModelRecord(i, f"model-{i}", f"made:{i}", f"made:{i}") for i in range(count))
    dnas = tuple(DNA(f"model-{i}", assay.digest, x[i], None, 8, 8) for i in range(count))
    return AtlasSource(assay, records, dnas, (("made",),) * count)


def relatives(count: int, dimension: int, clients: int, requests: int) -> dict[str, object]:
    """Latency of the nearest ten, and of the nearest fifty, which the table does not hold."""
    import uvicorn

    source = made_source(count, dimension)
    # The table of neighbours holds a row a model; rows of models that nobody asks about are left
    # empty here, which changes nothing for those that are asked about.
    asked = np.linspace(0, count - 1, min(ASKED, count)).astype(np.int64)
    cpu = time.process_time()
    rows, gap = nearest(Vectors(source.directions), RELATIVES, asked=asked)
    each = (time.process_time() - cpu) / len(asked)
    near, distance = np.zeros((count, RELATIVES), np.int64), np.zeros((count, RELATIVES))
    near[asked], distance[asked] = rows, gap**2 / 2
    kin = VectorKin(source.directions, near, distance, np.arange(count), "not tested here")
    atlas = Atlas(
        source, "benchmark", kin, ({},) * count,
        (Column("family", "Measured group", "category", ("alone",) * count),),
        (), None, None, None, None, "", (),
    )  # fmt: skip
    bound = listen(0)
    port = bound.getsockname()[1]
    served = application(AtlasService(atlas, Path("none")), port=port)
    server = uvicorn.Server(
        uvicorn.Config(served, log_level="error", access_log=False, lifespan="off", ws="none")
    )
    Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True).start()
    while not server.started:
        time.sleep(0.01)
    out: dict[str, object] = {"models": count, "dimension": dimension, "clients": clients,
                              "table_cpu_s": round(each * count, 1)}  # fmt: skip
    for name, limit in (("nearest_10", 10), ("nearest_50", 50)):
        cpu = time.process_time()
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            times = pool.submit(_clients, port, asked.tolist(), limit, clients, requests).result()
        spent = (time.process_time() - cpu) / len(times)
        out[name] = {
            f"p{q}_ms": round(float(np.percentile(times, q)) * 1e3, 1) for q in (50, 95, 99)
        } | {"requests": len(times), "server_cpu_ms_each": round(spent * 1e3, 2)}
    server.should_exit = True
    return out


def _clients(port: int, asked: list[int], limit: int, clients: int, requests: int) -> list[float]:
    return asyncio.run(_load(port, asked, limit, clients, requests))


async def _load(
    port: int, asked: list[int], limit: int, clients: int, requests: int
) -> list[float]:
    times: list[float] = []

    async def client(number: int) -> None:
        draw = np.random.default_rng(number)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(requests):
            path = f"/api/v1/models/{asked[int(draw.integers(len(asked)))]}/relatives?limit={limit}"
            began = time.perf_counter()
            writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            size = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            body = await reader.readexactly(size)
            times.append(time.perf_counter() - began)
            assert head.startswith(b"HTTP/1.1 200")
            assert len(json.loads(body)["relatives"]) == limit
        writer.close()

    await asyncio.gather(*(client(k) for k in range(clients)))
    return times


def bundle(count: int, probes: int) -> dict[str, object]:
    """CPU to make a bundle of made models, and its size as files and as tar.gz."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        make_registry(folder / "lab", count, probes=probes, dimension=256)
        wishes = Wishes(metadata=folder / "lab/models.csv", declared=folder / "lab/lineage.csv")
        with Registry.open(folder / "lab") as store:
            cpu = time.process_time()
            atlas = build(store, resolve_assay(store), wishes)
            found = write_bundle(atlas, store, folder / "out")
            cpu = time.process_time() - cpu
        packed = BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as tar:
            tar.add(folder / "out", "atlas")
    return {
        "models": count, "probes": probes, "cpu_s": round(cpu, 1), "files": found.files,
        "bytes": found.size, "tar_gz_bytes": len(packed.getvalue()),
        "maps": {m.key: m.note for m in atlas.maps},
    }  # fmt: skip


def maps(count: int) -> dict[str, object]:
    """CPU and quality of every kind of map."""
    with TemporaryDirectory() as name:
        make_registry(Path(name), count)
        with Registry.open(name) as store:
            source = read_source(store, resolve_assay(store))
    out: dict[str, object] = {"models": count}
    for kind in KINDS:
        cpu = time.process_time()
        drawn = make_map(kind, Vectors(source.directions))
        out[kind] = {"cpu_s": round(time.process_time() - cpu, 1), "note": drawn.note}
    return out


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["relatives", "bundle", "maps"])
    parser.add_argument("--models", type=int, default=1_000)
    parser.add_argument("--probes", type=int, default=100)
    parser.add_argument("--dimension", type=int, default=128)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--requests", type=int, default=60)
    told = parser.parse_args()
    if told.what == "relatives":
        result = relatives(told.models, told.dimension, told.clients, told.requests)
    elif told.what == "bundle":
        result = bundle(told.models, told.probes)
    else:
        result = maps(told.models)
    print(json.dumps(result, indent=2))
