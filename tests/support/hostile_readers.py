"""Every reader of the project as a function of bytes, with valid examples of what it reads."""

from __future__ import annotations

import io
import json
import os
import struct
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hostile import Reader, swap_json, swap_toml
from hostile_layouts import (
    AUSPICE,
    LAYOUT_WORDS,
    LAYOUTS,
    PHYLOXML,
    PLACEHOLDER_WORDS,
    PLACEHOLDERS,
    SCORES,
    XML_WORDS,
)
from hostile_words import (
    ADAPTER,
    CARD,
    CHAT,
    CSV_WORDS,
    DECLARED,
    FACTS,
    JSON_WORDS,
    NAMES,
    NEWICK,
    NEXUS,
    RAW,
    RECIPE,
    STAGES,
    TOML,
    TOML_WORDS,
    TREE_WORDS,
    URI_WORDS,
    URIS,
    YAML_WORDS,
)

from cladist import catalog
from cladist.attestation.checking import check_statement
from cladist.attestation.envelope import read_envelope
from cladist.attestation.pack import ENVELOPE, SIGNER
from cladist.attestation.stated import read_payload
from cladist.core.name_index import NameIndex
from cladist.core.names import parse_name, variant
from cladist.core.responses import Response
from cladist.errors import InputError
from cladist.extraction.shards import Shard, packed, unpacked
from cladist.formats.adapter import read_adapter
from cladist.formats.cards import read_card
from cladist.formats.columns import read_column
from cladist.formats.declared_table import read_declared_table
from cladist.formats.facts_table import check_facts
from cladist.formats.labels import read_labels
from cladist.formats.matrix import read_matrix
from cladist.formats.mergekit import read_recipe
from cladist.formats.responses.placeholders import failure_of
from cladist.formats.responses.recorded import read_recorded
from cladist.formats.score_tables import read_records, read_scores
from cladist.formats.trees.auspice_reading import read_auspice
from cladist.formats.trees.newick import read_newick_all
from cladist.formats.trees.nexus import read_nexus
from cladist.formats.trees.phylip import read_phylip
from cladist.formats.trees.phyloxml_reading import read_phyloxml
from cladist.models._gguf_header import read_header
from cladist.models.base import Identity, Request, parse_uri

COLUMNS = {"model": ["a", "a", "b"], "prompt_id": ["1", "2", "1"], "response": ["x", "", "日本"]}


@cache
def _scratch() -> Path:
    """A file in memory for readers that take a path; one a process."""
    memory = Path("/dev/shm")
    folder = tempfile.mkdtemp(prefix="hostile-", dir=memory if memory.is_dir() else None)
    named = Path(folder) / "org__name"  # as lm-eval names its folders
    named.mkdir()
    return named / f"samples_{os.getpid()}.bin"


def of_file(read: Callable[[Path], object]) -> Callable[[bytes], object]:
    """A reader of bytes from a reader of a path."""

    def run(raw: bytes) -> object:
        path = _scratch()
        path.write_bytes(raw)
        return read(path)

    return run


def of_text(read: Callable[[str], object]) -> Callable[[bytes], object]:
    """A reader of bytes from a reader of text."""
    return lambda raw: read(raw.decode("utf-8", "replace"))


def _recorded(path: Path, model: str | None = None) -> None:
    table = read_recorded(path, model=model)
    rows = list(table.rows())
    assert len(rows) == len(table) > 0
    for _, probe, sample, response in rows:
        assert probe in table.probes
        assert sample >= 0
        assert isinstance(response.text, str)


def _probes(path: Path) -> None:
    catalog.probe_set.__wrapped__(str(path))  # not what the cache has under this path


def _answer(raw: bytes) -> None:
    from cladist.models._answers import Reply, ServerAnswers
    from cladist.models._faults import Told, judged
    from cladist.models._settings import Settings

    for interface in ("raw", "chat"):
        request = Request("q", 8, interface=interface)  # type: ignore[arg-type]
        for kind in ("application/json", "text/plain; charset=utf-16"):
            read = ServerAnswers().read(Reply(raw, kind), request, str.strip)
            if isinstance(read, Told):
                judged(read)
                settings = Settings("off")
                settings.adapt(read, settings.body(request, "m"), read.words)


def _retry_after(text: str) -> None:
    from cladist.models._endpoint import retry_after

    found = retry_after({"retry-after": text, "retry-after-ms": text[::-1]})
    assert found is None or found >= 0


def _uri(text: str) -> None:
    from cladist.models._address import split_target

    uri = parse_uri(text)
    if uri.scheme == "openai":
        split_target(uri)


@cache
def _archive() -> bytes:
    """The archive of a small registry, as a zip file."""
    from cladist.registry import Registry
    from cladist.registry.archive import write_archive

    assay = catalog.parse_assay(TOML.decode(), "assay.toml")
    with tempfile.TemporaryDirectory() as made:
        with Registry.open(Path(made) / "lab") as registry:
            model = registry.add_model("m", "x:m", "m")
            protocol = registry.add_protocol(assay.protocol)
            registry.add_assay(assay)
            registry.write_responses(protocol, model, [(0, 0, Response.of("日本"))])
        write_archive(Path(made) / "lab", Path(made) / "a.zip")
        return (Path(made) / "a.zip").read_bytes()


def _shard() -> bytes:
    slots = ((0, 0, Response.of("日本", tokens=3)), (2, 1, Response.error("lost")))
    return packed(Shard(Identity("m", "x:m", "m", {"a": "b"}), "raw", slots))


def _check_archive(path: Path) -> None:
    """As an import does, in memory, and with hashes that fit whatever was changed."""
    import sqlite3
    from contextlib import closing

    from cladist.registry import archive as module

    with closing(module.Archive(path)) as archive:
        for file in archive.manifest.files:
            with suppress(InputError):
                archive.content(file)
        archive.content = lambda file: archive._read(file.name, file.bytes)  # type: ignore[method-assign]
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
            module.fill(archive, db)
            module.require_sound(db, str(path))


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _rows() -> list[dict[str, str]]:
    return [dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)]


def _parquet(columns: dict[str, list[object]] | None = None, **options: object) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns or COLUMNS), out, **options)
    return out.getvalue()


def _inspect_log() -> dict[str, object]:
    sample = {
        "id": 1,
        "epoch": 1,
        "input": "q",
        "output": {"choices": [{"message": {"content": "x"}, "stop_reason": "stop"}]},
    }
    head = {"eval": {"model": "m", "task": "t"}, "status": "success"}
    return {**head, "samples": [sample]}


def _eval_archive() -> bytes:
    log = _inspect_log()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "header.json", json.dumps({k: v for k, v in log.items() if k != "samples"})
        )
        archive.writestr("samples/1_epoch_1.json", json.dumps(log["samples"][0]))  # type: ignore[index]
    return out.getvalue()


def _matrix() -> bytes:
    out = io.BytesIO()
    np.savez(out, ids=np.array(["a", "b"]), matrix=np.array([[0.0, 1.0], [1.0, 0.0]]))
    return out.getvalue()


def gguf(pairs: Sequence[tuple[str, int, bytes]], tensors: Sequence[tuple[int, ...]] = ()) -> bytes:
    """A GGUF header of (key, type, bytes of the value), and tensors of the given shapes."""

    def text(word: str) -> bytes:
        return struct.pack("<Q", len(word)) + word.encode()

    raw = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(pairs))
    for key, kind, value in pairs:
        raw += text(key) + struct.pack("<I", kind) + value
    for number, shape in enumerate(tensors):
        raw += text(f"t{number}") + struct.pack("<I", len(shape))
        raw += b"".join(struct.pack("<Q", n) for n in shape) + struct.pack("<IQ", 0, 0)
    return raw


def _gguf() -> bytes:
    def text(word: str) -> bytes:
        return struct.pack("<Q", len(word)) + word.encode()

    return gguf(
        [
            ("general.architecture", 8, text("llama")),
            ("llama.context_length", 4, struct.pack("<I", 128)),
            ("general.file_type", 4, struct.pack("<I", 3)),
            ("x.ratio", 6, struct.pack("<f", 0.5)),
            ("x.flag", 7, b"\x01"),
            ("tokenizer.ggml.tokens", 9, struct.pack("<IQ", 8, 2) + text("a") + text("bc")),
            ("x.nested", 9, struct.pack("<IQ", 9, 1) + struct.pack("<IQ", 4, 2) + b"\0" * 8),
        ],
        [(2, 3), (4,)],
    )


def _name(text: str) -> None:
    """Any text is a name; what is read of it holds together."""
    made = parse_name(text)
    assert variant(made).name or not made.tail
    NameIndex({text: (), "acme/bird": ()}).match([text, made.text, "bird"], [(text, "bird")])


@cache
def _statement() -> bytes:
    """A signed pack, as a zip file."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from cladist.attestation.cases import files_case
    from cladist.attestation.writing import write_statement

    key = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
    with tempfile.TemporaryDirectory() as made:
        path = Path(made) / "v.zip"
        write_statement(path, files_case({"log.jsonl": b"{}"}), [key], "2026-01-31T12:00:00Z")
        return path.read_bytes()


def _envelope() -> bytes:
    with zipfile.ZipFile(io.BytesIO(_statement())) as opened:
        return opened.read("statement.dsse.json")


def _stated(raw: bytes) -> None:
    read_payload(read_envelope(raw, "e").payload, "e")


def _toml(name: str) -> bytes:
    folder = Path(catalog.__file__).parent / "data" / "assays"
    return (folder / f"{name}.toml").read_bytes()


@cache
def readers() -> dict[str, Reader]:
    """Every reader of the project, by name."""
    recorded = of_file(_recorded)
    lm_eval = {"doc_id": 1, "arguments": {"gen_args_0": {"arg_0": "q"}}, "resps": [["x"]]}
    lines = b"\n".join(map(_json, _rows()))
    csv_text = b"\n".join(
        ",".join(r).encode() for r in [list(COLUMNS), *(r.values() for r in _rows())]
    )
    labels = b'model,family,group,date\na,x,g,2024-01-02\n"b,c",y,,2023\n'
    return {
        "jsonl": Reader(recorded, (lines, _json(lm_eval)), JSON_WORDS, swap_json),
        "layouts": Reader(
            of_file(lambda p: _recorded(p, model="m")),
            tuple(map(_json, LAYOUTS.values())),
            (*JSON_WORDS, *LAYOUT_WORDS),
            swap_json,
        ),
        "statement": Reader(
            of_file(check_statement), (_statement(),), (ENVELOPE.encode(), SIGNER.encode())
        ),
        "envelope": Reader(_stated, (_envelope(),), JSON_WORDS, swap_json),
        "placeholder": Reader(of_text(failure_of), PLACEHOLDERS, PLACEHOLDER_WORDS),
        "json": Reader(
            recorded,
            (
                _json(_rows()),
                _json({"model": "m", "items": [{"prompt": "q", "response": "x"}]}),
                _json(_inspect_log()),
                _json([{"instruction": "q", "output": "x", "generator": "m"}]),
            ),
            JSON_WORDS,
            swap_json,
        ),
        "csv": Reader(
            recorded,
            (csv_text, csv_text.replace(b",", b"\t"), csv_text.replace(b",", b";")),
            CSV_WORDS,
        ),
        "parquet": Reader(
            recorded,
            (
                _parquet(),
                _parquet(compression="zstd"),
                _parquet(use_dictionary=False),
                _parquet({**COLUMNS, "sample": [0, 0, 0], "state": ["ok", "empty", "ok"]}),
            ),
            (b"PAR1",),
        ),
        "inspect archive": Reader(
            recorded, (_eval_archive(),), (b"PK\x03\x04", b"../", b"PK\x05\x06")
        ),
        "archive": Reader(of_file(_check_archive), (_archive(),), (b"PAR1", b"PK\x03\x04", b"../")),
        "shard": Reader(lambda raw: unpacked(raw, "shard"), (_shard(),), (b"PAR1", b"fingerprint")),
        "assay": Reader(
            of_text(lambda t: catalog.parse_assay(t, "assay.toml").digest),
            (*(_toml(n) for n in catalog.assay_names()), TOML),
            TOML_WORDS,
            swap_toml,
        ),
        "probes": Reader(
            of_file(_probes),
            (
                _json(
                    {
                        "format": 1,
                        "name": "n",
                        "license": "CC0",
                        "description": "",
                        "probes": [
                            {"id": "1", "text": "t", "language": "en", "kind": "k"},
                            {"text": "u"},
                        ],
                    }
                ),
            ),
            JSON_WORDS,
            swap_json,
        ),
        "newick": Reader(of_text(read_newick_all), NEWICK, TREE_WORDS),
        "nexus": Reader(of_text(read_nexus), (NEXUS,), TREE_WORDS),
        "phyloxml": Reader(of_text(read_phyloxml), (PHYLOXML,), XML_WORDS),
        "auspice": Reader(of_text(read_auspice), (_json(AUSPICE),), JSON_WORDS, swap_json),
        "phylip": Reader(
            of_text(read_phylip),
            (b"3\na 0 1 2\nb 1 0 3\nc 2 3 0\n", b"2\nx 0\ny 0.5 0\n"),
            (b"nan", b"inf", b"-1", b"1e999", b"\n", b" ", b"9" * 30, b"\t"),
        ),
        "matrix": Reader(
            of_file(read_matrix), (_matrix(),), (b"PK\x03\x04", b"\x93NUMPY", b"'|O'", b"'<f8'")
        ),
        "labels": Reader(of_file(read_labels), (labels,), CSV_WORDS),
        "column": Reader(of_file(lambda p: read_column(p, "family")), (labels,), CSV_WORDS),
        "gguf": Reader(
            of_file(read_header), (_gguf(), gguf([])), (b"GGUF", b"\x09\0\0\0", b"\x08\0\0\0")
        ),
        "model card": Reader(of_text(lambda t: read_card(t, "m", "card")), (CARD,), YAML_WORDS),
        "merge recipe": Reader(
            of_text(lambda t: read_recipe(t, "m", "recipe")), (RECIPE,), YAML_WORDS
        ),
        "adapter": Reader(
            of_text(lambda t: read_adapter(t, "m", "adapter")), (ADAPTER,), JSON_WORDS, swap_json
        ),
        "merge in stages": Reader(
            of_text(lambda t: read_recipe(t, "m", "recipe")), (STAGES,), YAML_WORDS
        ),
        "declared table": Reader(of_file(read_declared_table), (DECLARED,), CSV_WORDS),
        "lineage facts": Reader(of_file(check_facts), (FACTS,), CSV_WORDS),
        "names": Reader(of_text(_name), NAMES, URI_WORDS),
        "scores": Reader(of_file(read_scores), (b"model,x,y\na,1,2\nb,0.5,\n", SCORES), CSV_WORDS),
        "records": Reader(
            of_file(read_records), (b"Model;Question;Score\na;q;0,5\nb;q;right\n",), CSV_WORDS
        ),
        "uri": Reader(of_text(_uri), URIS, URI_WORDS),
        "endpoint answer": Reader(_answer, (_json(CHAT), _json(RAW)), JSON_WORDS, swap_json),
        "retry-after": Reader(
            of_text(_retry_after),
            (b"120", b"Wed, 21 Oct 2015 07:28:00 GMT", b"0.5"),
            (b"nan", b"inf", b"-1", b"1e999", b"GMT", b"+9999", b"\n"),
        ),
    }
