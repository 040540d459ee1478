"""A real Ray cluster of several nodes on this machine, one of which is killed in mid-run."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from faulty_server import behaving, faulty

from cladist.core.origins import Origin
from cladist.core.responses import Response, State
from cladist.errors import InputError, ModelError, UsageError
from cladist.extraction.many import Failure, extract_many
from cladist.extraction.ray import Needs, as_data, ask_in_batches, extract_on_ray, from_data, needs
from cladist.extraction.shards import Shard, Store, packed, unpacked
from cladist.extraction.verify import verify
from cladist.models.base import Identity
from cladist.models.served import Remembered
from cladist.registry import Registry
from tests.conftest import small_assay

pytestmark = pytest.mark.long

ONE = Shard(
    Identity("日本", "x:y", "fp", {"a": "b"}),
    "raw",
    ((0, 0, Response.of("hi", tokens=3)), (2, 1, Response.error("lost\ud800"))),
)


def test_shards_survive_the_way_there_and_back():
    back = unpacked(packed(ONE), "shard")
    assert back.identity == ONE.identity
    assert back.slots[0] == ONE.slots[0]
    assert back.slots[1][2].state is State.ERROR
    assert packed(ONE) == packed(ONE)


def test_shards_keep_who_answered_and_those_of_earlier_versions_are_read():
    told = Response("hi", State.OK, 3, "", Origin("m", "fp", "one"), "hm")
    shard = Shard(ONE.identity, "chat", ((0, 0, told),), {"temperature": "no"})
    assert unpacked(packed(shard), "shard") == shard
    table = pq.read_table(io.BytesIO(packed(ONE)))
    for gone in (["distribution"], table.column_names[6:]):
        old = io.BytesIO()
        pq.write_table(table.drop_columns(gone), old)
        assert unpacked(old.getvalue(), "shard").slots == unpacked(packed(ONE), "shard").slots


def test_shards_keep_distributions():
    whole = Response("x", State.OK, distribution=b"\x00\xff")
    shard = Shard(ONE.identity, "raw", ((0, 0, whole),))
    assert unpacked(packed(shard), "shard") == shard


def test_what_shards_say_of_an_endpoint_is_remembered(tmp_path):
    pytest.importorskip("fsspec")
    store = Store(str(tmp_path), small_assay(4).protocol)
    assert store.remembered("m", "fp").answers == 0
    told = Response("hi", State.OK, origin=Origin("m-1"))
    store.write("m", 0, Shard(ONE.identity, "raw", ((0, 0, told),), {"seed": "no"}))
    known = store.remembered("m", "fp")
    assert (known.origin, known.answers, known.refused) == (Origin("m-1"), 1, {"seed": "no"})
    other = Response("hi", State.OK, origin=Origin("m-2"))
    store.write("m", 1, Shard(ONE.identity, "raw", ((1, 0, other),)))
    with pytest.raises(ModelError, match="several models"):
        store.remembered("m", "fp")


def test_a_node_goes_on_as_earlier_runs_did(tmp_path):
    pytest.importorskip("fsspec")
    assay = small_assay(6)
    with behaving("thinking limits") as (server, url):
        uri = f"openai:m@{url}?concurrency=1"
        told = ask_in_batches(uri, as_data(assay), str(tmp_path), 3, {})
        assert (told["asked"], told["failed"], told["problem"]) == (6, 0, "")
        store = Store(str(tmp_path), assay.protocol)
        (first, *_) = store.names(uri)
        shard = store.read(first)
        assert set(shard.refused) == {"temperature"}
        store.remove([first])
        sent = len(server.bodies)
        before = {shard.identity.fingerprint: Remembered(Origin("gone"), 1, shard.refused)}
        moved = ask_in_batches(uri, as_data(assay), str(tmp_path), 3, {}, before)
        assert "temperature" not in server.bodies[sent]
    assert "now answers as 'm'" in moved["problem"]


def test_half_a_shard_is_none_and_a_forged_one_is_refused(tmp_path):
    pytest.importorskip("fsspec")
    store = Store(str(tmp_path), small_assay(4).protocol)
    assert store.names("m") == []
    store.write("m", 0, ONE)
    (name,) = store.names("m")
    assert store.read(name) == unpacked(packed(ONE), "")
    assert store.settled("m", "fp") == {(0, 0)}
    assert store.settled("m", "other") == set()
    raw = packed(ONE)
    for cut in range(0, len(raw), 50):
        Path(name).write_bytes(raw[:cut])
        assert store.read(name) is None
    nameless = io.BytesIO()
    pq.write_table(pq.read_table(io.BytesIO(raw)).replace_schema_metadata(None), nameless)
    for bad in (b"", b"PAR1", raw[:-9], nameless.getvalue()):
        with pytest.raises(InputError):
            unpacked(bad, "shard")
    store.remove([name])
    assert store.names("m") == []
    with pytest.raises(UsageError, match="cannot be used"):
        Store("nosuch://bucket/x", small_assay(4).protocol)


@pytest.mark.parametrize(
    ("uri", "gpus", "expected"),
    [
        ("openai:m@http://127.0.0.1:1/v1", True, Needs(0.1, 0)),
        ("gguf:a.gguf?threads=4", True, Needs(4, 0)),
        ("gguf:a.gguf?gpu_layers=99", True, Needs(1, 1)),
        ("hf:org/name", True, Needs(1, 1)),
        ("hf:org/name", False, Needs(1, 0)),
        ("hf:org/name?device=cpu", True, Needs(1, 0)),
        ("vllm:org/name?gpus=4", True, Needs(1, 4)),
        ("builtin:tiny-stage", False, Needs(1, 0)),
    ],
)
def test_needs(uri, gpus, expected):
    assert needs(uri, cluster_has_gpus=gpus) == expected


def test_an_assay_of_another_version_is_refused():
    assay = small_assay(4)
    assert from_data(as_data(assay)).digest == assay.digest
    with pytest.raises(UsageError, match="another version"):
        from_data({**as_data(assay), "digest": "0" * 64})


def test_a_task_that_is_begun_again_finds_its_shards(tmp_path):
    pytest.importorskip("fsspec")
    pytest.importorskip("openai")
    assay = small_assay(20)
    with faulty(0.0, 0) as (server, url):
        uri = f"openai:m@{url}"
        for expected in (20, 0):
            told = ask_in_batches(uri, as_data(assay), str(tmp_path), 6, {})
            assert (told["asked"], told["problem"]) == (expected, "")
        fingerprint = told["fingerprint"]
        other = ask_in_batches(
            uri, as_data(assay), str(tmp_path / "new"), 6, {fingerprint: [(0, 0), (1, 0)]}
        )
    assert other["asked"] == 18
    assert sum(server.calls.values()) == 38
    lost = ask_in_batches("openai:m@http://127.0.0.1:9/v1", as_data(assay), str(tmp_path), 6, {})
    assert "does not work" in lost["problem"]


@pytest.mark.cluster
@pytest.mark.filterwarnings("ignore")
def test_a_node_is_killed_in_mid_run_and_nothing_is_lost(tmp_path, monkeypatch):
    ray = pytest.importorskip("ray", reason="needs ray: pip install 'cladist[cluster]'")
    pytest.importorskip("openai")
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    # Threads of a loaded machine are slow to start; a node that is killed should be missed soon.
    small = {"object_store_memory": 80 << 20, "include_dashboard": False}
    system = {"health_check_period_ms": 500, "health_check_failure_threshold": 4}
    assay, batch, models = small_assay(24), 4, 4
    cluster = Cluster()
    try:
        try:
            cluster.add_node(num_cpus=0, _system_config=system, **small)
            nodes = [cluster.add_node(num_cpus=1, **small) for _ in range(2)]
        except Exception as problem:
            if "timed out" not in str(problem):
                raise
            pytest.skip(f"this machine is too busy to start Ray's nodes in time: {problem}")
        with faulty(0.0, 0) as (server, url):
            server.delay = 0.15
            uris = [f"openai:m{i}@{url}?served=m&concurrency=1#m{i}" for i in range(models)]
            killed = []

            def watch(what: str, done: int, total: int) -> None:
                if done >= 12 and not killed:
                    killed.append(done)
                    cluster.remove_node(nodes[0], allow_graceful=False)
                    nodes.append(cluster.add_node(num_cpus=1, **small))

            results = extract_on_ray(
                uris, assay, tmp_path / "lab", address=cluster.address, batch=batch, progress=watch
            )
        assert not [r for r in results if isinstance(r, Failure)]
        wanted = models * len(assay.protocol.probes)
        assert killed
        assert killed[0] < wanted
        # Models on the lost node may each have been in the middle of a batch, and no more.
        assert wanted <= sum(server.calls.values()) <= wanted + models * batch
        assert list((tmp_path / "lab" / "shards").rglob("*.parquet")) == []
        with Registry.open(tmp_path / "lab") as registry:
            assert len(registry.models()) == models
            assert verify(registry, sample=None).same == models
        with faulty(0.0, 0) as (_, again):
            alone = extract_many(
                [f"openai:m{i}@{again}?served=m#m{i}" for i in range(models)], assay,
                tmp_path / "alone",
            )  # fmt: skip
        assert [r.dna.digest for r in results] == [r.dna.digest for r in alone]
    finally:
        ray.shutdown()
        cluster.shutdown()
