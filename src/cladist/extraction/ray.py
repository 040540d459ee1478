"""Extraction on a Ray cluster: models wherever there is room, answers through shards on a store.

The driver gives every model to a task, merges shards into the registry as they appear, and makes
DNA while other models are still being asked. A task that is lost with its node is given to another
one by Ray; it finds the shards of the first and repeats at most the batch that was being asked.
A driver that is lost is started again, finds the shards, and goes on.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from cladist.catalog import parse_method
from cladist.core.assay import Assay, Decoding, Protocol
from cladist.core.probes import ProbeSet
from cladist.core.progress import Progress, silent
from cladist.core.responses import Response
from cladist.errors import CladistError, MissingExtraError, ModelError, UsageError
from cladist.extraction.asking import choose_interface, remembered, requests_for
from cladist.extraction.comparable import about_origins, about_refused, about_roundings
from cladist.extraction.derive import derive
from cladist.extraction.many import Failure
from cladist.extraction.missing import reasons
from cladist.extraction.opening import open_any
from cladist.extraction.run import Extraction
from cladist.extraction.shards import Shard, Store
from cladist.models.base import Model, parse_uri
from cladist.models.served import Remembered, Served
from cladist.registry import ModelRecord, Registry
from cladist.registry.asked import refuse_settings, refused_settings

BATCH = 64
"""Requests between two shards; what a lost node costs at most, for each of its models."""
_TRIES = 20
"""Nodes that a model may lose before it is given up."""
_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Needs:
    """What a model takes of a node."""

    cpus: float
    gpus: float

    def fits(self, node: Mapping[str, float]) -> bool:
        """Whether a node with these resources has as much."""
        return node.get("CPU", 0) >= self.cpus and node.get("GPU", 0) >= self.gpus


def needs(uri: str, *, cluster_has_gpus: bool) -> Needs:
    """What the model that a URI names takes: threads of a core each, and GPUs.

    Endpoints take a tenth of a core: they wait. vLLM takes GPUs, llama.cpp one when layers go
    there, transformers one when the cluster has any and the URI does not name the CPU.
    """
    parsed = parse_uri(uri)
    threads = parsed.option("threads", "1")
    cpus = float(threads) if threads.isdecimal() else 1.0
    if parsed.scheme == "openai":
        return Needs(0.1, 0.0)
    if parsed.scheme == "vllm":
        gpus = parsed.option("gpus", "1")
        return Needs(1.0, float(gpus) if gpus.isdecimal() else 1.0)
    if parsed.scheme == "hf":
        device = parsed.option("device", "cuda" if cluster_has_gpus else "cpu")
        return Needs(cpus, 0.0 if device.startswith("cpu") else 1.0)
    return Needs(cpus, 1.0 if parsed.option("gpu_layers", "0") != "0" else 0.0)


def extract_on_ray(
    uris: Sequence[str],
    assay: Assay,
    folder: Path,
    *,
    address: str = "local",
    store: str = "",
    batch: int = BATCH,
    allow_sparse: bool = False,
    progress: Progress = silent,
) -> list[Extraction | Failure]:
    """Extract the DNA of every model on a Ray cluster, results in the given order.

    `address` is that of the cluster's head; 'local' starts one on this machine's loopback.
    `store` is a place that all nodes and this process can write to: a folder, or a URL that
    fsspec knows; without one, a folder in the registry's. Every node needs the same version of
    cladist, and the keys of endpoints in its own environment: none is sent.

    Raises `UsageError` for a store or cluster that cannot be reached, `MissingExtraError`
    without Ray. Models fail one by one, as a `Failure`.
    """
    if len(set(uris)) < len(uris):
        raise UsageError("a model is named twice; name each one once")
    ray = _started(address)
    try:
        place = store or str((folder / "shards").absolute())
        shards = Store(place, assay.protocol)
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        has_gpus = any(node.get("GPU", 0) for node in nodes)
        with Registry.open(folder) as registry:
            run = _Run(registry, assay, shards, allow_sparse, progress)
            ask = ray.remote(ask_in_batches)
            waiting: dict[Any, str] = {}
            for uri in uris:
                run.take_in(uri)
                need = needs(uri, cluster_has_gpus=has_gpus)
                if not any(need.fits(node) for node in nodes):
                    run.refuse(uri, f"no node has {need.cpus:g} cores and {need.gpus:g} GPUs")
                    continue
                options: dict[str, Any] = {
                    "num_cpus": need.cpus,
                    "num_gpus": need.gpus,
                    "max_retries": _TRIES,
                    # Models fill memory: side by side on one node only where there is no other.
                    "scheduling_strategy": "SPREAD",
                }
                task = ask.options(**options).remote(
                    uri, as_data(assay), place, batch, run.known(uri), run.before(uri)
                )
                waiting[task] = uri
            for uri, told in _finished(ray, waiting, run):
                run.finish(uri, told)
            run.sweep()
            return [run.results[uri] for uri in uris]
    finally:
        ray.shutdown()


def _started(address: str) -> Any:
    # Ray would send statistics of use to its makers otherwise.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if address == "local":
        # Where Ray has no clusters (it says: on Windows and macOS), it listens on the loopback
        # alone. Given that address by the argument for it, it takes the machine's all the same.
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    try:
        # By name: parts of it have types, and those that are called here have none.
        ray: Any = import_module("ray")
    except ImportError as problem:
        raise MissingExtraError("extraction on a cluster", "cluster") from problem
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if address == "local":
        options |= {"include_dashboard": False}
    try:
        ray.init(address=address, **options)
    except (ConnectionError, RuntimeError, ValueError) as problem:
        raise UsageError(f"no Ray cluster at '{address}': {problem!s:.200}") from problem
    if address == "local" and {n["NodeManagerAddress"] for n in ray.nodes()} != {"127.0.0.1"}:
        ray.shutdown()
        raise UsageError(
            "this version of Ray would listen to other machines; start a cluster by 'ray start' "
            "where that is meant, and give its address"
        )
    return ray


def _finished(ray: Any, waiting: dict[Any, str], run: _Run) -> Iterator[tuple[str, _Told]]:
    """Models as their tasks end; shards of all others are merged meanwhile."""
    while waiting:
        done, _ = ray.wait(list(waiting), timeout=_LOOK_SECONDS)
        for uri in waiting.values():
            run.take_in(uri)
        for task in done:
            uri = waiting.pop(task)
            try:
                told = _Told(**ray.get(task))
            except ray.exceptions.RayError as problem:
                said = str(problem).strip().splitlines()[-1:] or [type(problem).__name__]
                told = _Told(problem=f"its task was lost: {said[0]:.200}")
            yield uri, told


@dataclass(frozen=True)
class _Told:
    """What a task says when it ends."""

    asked: int = 0
    known: int = 0
    failed: int = 0
    tokens: int = 0
    seconds: float = 0.0
    fingerprint: str = ""
    problem: str = ""


@dataclass
class _Run:
    """The driver's side: shards into the registry, DNA of models that are done."""

    registry: Registry
    assay: Assay
    store: Store
    allow_sparse: bool
    progress: Progress
    results: dict[str, Extraction | Failure] = field(default_factory=dict)
    _merged: dict[str, list[str]] = field(default_factory=dict)
    _records: dict[str, ModelRecord] = field(default_factory=dict)
    _done: dict[str, int] = field(default_factory=dict)
    _refused: dict[str, CladistError] = field(default_factory=dict)

    def known(self, uri: str) -> dict[str, list[tuple[int, int]]]:
        """By fingerprint, what models of this URI have answered already."""
        plain = uri.partition("#")[0]
        protocol = self.registry.add_protocol(self.assay.protocol)
        return {
            m.fingerprint: sorted(self.registry.settled(protocol, m))
            for m in self.registry.models()
            if m.uri == plain
        }

    def before(self, uri: str) -> dict[str, Remembered]:
        """By fingerprint, who answered for models of this URI so far, and what was refused."""
        plain, protocol = uri.partition("#")[0], self.assay.protocol
        found = {}
        for model in self.registry.models():
            if model.uri == plain:
                (answers,) = self.registry.responses(protocol, [model.name])
                refused = refused_settings(self.registry, protocol, model)
                found[model.fingerprint] = remembered(model.name, answers.origins(), refused)
        return found

    def take_in(self, uri: str) -> None:
        """Merge the shards of a model that were not there before; twice changes nothing."""
        merged = self._merged.setdefault(uri, [])
        if uri in self._refused:
            return
        for name in self.store.names(uri):
            if name in merged:
                continue
            try:
                shard = self.store.read(name)
                if shard is not None:
                    self._merge(uri, shard)
                    merged.append(name)
            except CladistError as problem:
                self._refused[uri] = problem
                return
        total = len(self.assay.protocol.probes) * self.assay.protocol.decoding.samples
        self.progress("asking on the cluster", sum(self._done.values()), total * len(self._merged))

    def _merge(self, uri: str, shard: Shard) -> None:
        identity = shard.identity
        record = self.registry.add_model(
            identity.name, identity.uri, identity.fingerprint, dict(identity.metadata)
        )
        protocol = self.registry.add_protocol(self.assay.protocol)
        if self.registry.set_interface(protocol, record, shard.interface) != shard.interface:
            raise ModelError(
                f"'{record.name}' answered this assay through another interface before; give it "
                "another name"
            )
        probes = len(self.assay.protocol.probes)
        slots = [slot for slot in shard.slots if slot[0] < probes]
        refuse_settings(self.registry, protocol, record, shard.refused)
        self.registry.write_responses(protocol, record, slots)
        self._records[uri] = record
        self._done[uri] = len(self.registry.settled(protocol, record))

    def refuse(self, uri: str, reason: str) -> None:
        """A model that cannot be asked at all."""
        self.results[uri] = Failure(uri, ModelError(f"'{uri}': {reason}"))

    def finish(self, uri: str, told: _Told) -> None:
        """The DNA of a model whose task has ended; its shards are not needed any more."""
        self.take_in(uri)
        problem = self._refused.get(uri) or (ModelError(told.problem) if told.problem else None)
        record = self._records.get(uri) or next(
            (m for m in self.registry.models() if m.fingerprint == told.fingerprint), None
        )
        if problem is None and record is None:
            problem = ModelError(f"'{uri}': no answer came back")
        if problem is not None or record is None:
            self.results[uri] = Failure(uri, problem or ModelError("lost"))
            return
        dnas, refused = derive(
            self.registry, self.assay, [record.name], allow_sparse=self.allow_sparse
        )
        protocol = self.registry.add_protocol(self.assay.protocol)
        (answers,) = self.registry.responses(self.assay.protocol, [record.name])
        settings = refused_settings(self.registry, self.assay.protocol, record)
        said = about_refused(settings, self.assay.protocol.decoding)
        self.results[uri] = Extraction(
            record, self.registry.interface(protocol, record), told.asked, told.known, told.failed,
            told.tokens, told.seconds, dnas[0] if dnas else None,
            refused[0].reason if refused else "",
            remarks=(*said, *about_origins(answers.origins()), *about_roundings(answers)),
            reasons=reasons(answers),
        )  # fmt: skip
        # In the registry, and on the disk: every merge above waited for it.
        self.store.remove(self._merged[uri])

    def sweep(self) -> None:
        """Take in what a node that was given up for lost wrote after its model was done.

        Its batch was asked again elsewhere; an answer that is there already stays as it is.
        """
        for uri, result in self.results.items():
            if isinstance(result, Extraction):
                self.take_in(uri)
                there = set(self._merged[uri])
                self.store.remove([name for name in self.store.names(uri) if name in there])


def ask_in_batches(
    uri: str,
    assay_data: Mapping[str, Any],
    address: str,
    batch: int,
    known: Mapping[str, Sequence[tuple[int, int]]],
    before: Mapping[str, Remembered] | None = None,
) -> dict[str, Any]:
    """On a node: open a model, ask what nobody has asked, write a shard a batch."""
    try:
        assay = from_data(assay_data)
        store = Store(address, assay.protocol)
        model = open_any(uri)
        try:
            if isinstance(model, Served):
                fingerprint = model.identity.fingerprint
                model.remember(
                    (before or {}).get(fingerprint) or store.remembered(uri, fingerprint)
                )
            return asdict(_ask(model, assay, store, uri, batch, known))
        finally:
            model.close()
    except CladistError as problem:
        return asdict(_Told(problem=str(problem)))


def _ask(
    model: Model,
    assay: Assay,
    store: Store,
    uri: str,
    batch: int,
    known: Mapping[str, Sequence[tuple[int, int]]],
) -> _Told:
    start = time.monotonic()
    identity = model.identity
    chosen = choose_interface(model, assay)
    settled = {(int(p), int(s)) for p, s in known.get(identity.fingerprint, ())}
    settled |= store.settled(uri, identity.fingerprint)
    wanted = [
        (p, s)
        for s in range(assay.protocol.decoding.samples)
        for p in range(len(assay.protocol.probes))
    ]
    todo = [slot for slot in wanted if slot not in settled]
    failed = tokens = 0
    first = len(store.names(uri))
    for number, low in enumerate(range(0, len(todo), batch), first):
        part = todo[low : low + batch]
        answers = dict.fromkeys(range(len(part)), Response.error("the backend gave no answer"))
        for index, response in model.answer(requests_for(assay, chosen, part)):
            answers[index] = response
        slots = tuple((*part[i], r) for i, r in sorted(answers.items()))
        refused = model.refused_settings if isinstance(model, Served) else {}
        store.write(uri, number, Shard(identity, chosen, slots, refused))
        failed += sum(not r.final for r in answers.values())
        tokens += sum(r.tokens or 0 for r in answers.values())
    seconds = time.monotonic() - start
    return _Told(len(todo), len(settled), failed, tokens, seconds, identity.fingerprint)


def as_data(assay: Assay) -> dict[str, Any]:
    """An assay as plain data, for a process that may run another version."""
    return {
        "name": assay.name,
        "protocol": assay.protocol.name,
        "probes": assay.protocol.probes.as_data(),
        "decoding": assay.protocol.decoding.as_data(),
        "method": assay.method.as_data(),
        "digest": assay.digest,
    }


def from_data(data: Mapping[str, Any]) -> Assay:
    """The assay; `UsageError` where this version makes another one of the same data."""
    probes = ProbeSet.from_data(data["probes"], "probes")
    protocol = Protocol(str(data["protocol"]), probes, Decoding(**data["decoding"]))
    name = str(data["name"])
    assay = Assay(name, protocol, parse_method(name, data["method"], "assay"))
    if assay.digest != data["digest"]:
        raise UsageError("this node has another version of cladist; install the same everywhere")
    return assay
