"""No file whatsoever makes a reader do anything but read it or say what is wrong with it."""

from __future__ import annotations

import json
import zipfile
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hostile_layouts import LAYOUTS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cladist.errors import InputError
from cladist.formats.responses.recorded import read_recorded

KINDS = ["parquet", "csv", "tsv", "jsonl", "rows", "llm-dna", "lm-eval", "inspect", "eval"]
UNNAMED = {"lm-eval", *LAYOUTS} - {"turns", "text", "messages", "batch", "batch result", "helm"}
FEW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
COLUMNS = {"model": ["a", "a", "b"], "prompt_id": ["1", "2", "1"], "response": ["x", "", "日本"]}


@lru_cache
def valid(kind: str) -> bytes:
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)]
    sample = {
        "id": 1, "epoch": 1, "input": "q",
        "output": {"choices": [{"message": {"content": "x"}, "stop_reason": "stop"}]},
    }  # fmt: skip
    log = {"eval": {"model": "m", "task": "t"}, "status": "success"}
    if kind in ("csv", "tsv"):
        separator = "," if kind == "csv" else "\t"
        lines = [separator.join(r) for r in [list(COLUMNS), *(list(r.values()) for r in rows)]]
        return "\n".join(lines).encode()
    buffer = BytesIO()
    if kind == "parquet":
        pq.write_table(pa.table(COLUMNS), buffer)
        return buffer.getvalue()
    if kind == "eval":
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("header.json", json.dumps(log))
            archive.writestr("samples/1_epoch_1.json", json.dumps(sample))
        return buffer.getvalue()
    doc = {"doc_id": 1, "arguments": {"gen_args_0": {"arg_0": "q"}}, "resps": [["x"]]}
    if kind in LAYOUTS:
        return json.dumps(LAYOUTS[kind]).encode()
    documents = {
        "jsonl": rows, "rows": rows, "lm-eval": [doc], "inspect": {**log, "samples": [sample]},
        "llm-dna": {"model": "m", "items": [{"prompt": "q", "response": "x"}]},
    }  # fmt: skip
    if kind in ("jsonl", "lm-eval"):
        return "\n".join(map(json.dumps, documents[kind])).encode()
    return json.dumps(documents[kind]).encode()


def survives(raw: bytes, name: str = "samples_x.bin", model: str | None = None) -> None:
    """Read `raw`: a sound table or an `InputError`."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "org__name" / name  # lm-eval names its folders so
        path.parent.mkdir()
        path.write_bytes(raw)
        try:
            table = read_recorded(path, model=model)
        except InputError as error:
            assert str(path) in str(error)
            return
        rows = list(table.rows())
        assert len(rows) == len(table) > 0
        for model in table.models:
            table.response_set(model)
            for _, probe, sample, response in rows:
                assert probe in table.probes
                assert sample >= 0
                assert isinstance(response.text, str)


@pytest.mark.parametrize("kind", [*KINDS, *LAYOUTS])
def test_the_valid_files_are_valid(kind, tmp_path):
    (tmp_path / "f").write_bytes(valid(kind))
    assert len(read_recorded(tmp_path / "f", model="m" if kind in UNNAMED else None)) > 0


@given(st.binary(max_size=400))
@FEW
def test_any_bytes(raw):
    survives(raw)


@pytest.mark.parametrize("kind", [*KINDS, *LAYOUTS])
@given(data=st.data())
@FEW
def test_mutated_files(kind, data):
    raw = bytearray(valid(kind))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw)))
        length = data.draw(st.integers(0, 8))
        raw[at : at + length] = data.draw(st.binary(max_size=12))
    if data.draw(st.booleans()):
        del raw[data.draw(st.integers(0, len(raw))) :]
    survives(bytes(raw), model="m" if kind in UNNAMED else None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(
    ["model", "prompt_id", "prompt", "response", "sample", "state", "items", "doc_id", "resps",
     "arguments", "eval", "samples", "status", "id", "epoch", "input", "output", "choices", "error",
     "generator", "instruction", "filter", "attachments", "message", "content", "stop_reason",
     "turns", "question_id", "model_id", "messages", "role", "custom_id", "body", "task_id",
     "solution", "request_states", "instance_id", "predicted_text", "answer", "0", "prediction"]
)  # fmt: skip
SHAPES = st.recursive(
    JSON,
    lambda inner: st.dictionaries(KEYS, inner, max_size=6) | st.lists(inner, max_size=3),
    max_leaves=20,
)


@given(st.lists(st.dictionaries(KEYS, SHAPES, max_size=8), min_size=1, max_size=4), st.booleans())
@settings(FEW, max_examples=100)
def test_json_of_any_shape(values, lines):
    parts = [json.dumps(v) for v in values]
    survives(("\n".join(parts) if lines else f"[{','.join(parts)}]").encode())
    survives(parts[0].encode())


@pytest.mark.parametrize("kind", ["llm-dna", "lm-eval", "inspect", *LAYOUTS])
@given(value=SHAPES, where=st.integers(0, 12))
@FEW
def test_layouts_with_one_part_replaced(kind, value, where):
    """The value at the n-th place of a valid document, wherever that is, becomes another."""
    counter = iter(range(10_000))

    def swap(node):
        if next(counter) == where:
            return value
        if isinstance(node, dict):
            return {k: swap(v) for k, v in node.items()}
        return [swap(v) for v in node] if isinstance(node, list) else node

    changed = json.dumps(swap(json.loads(valid(kind)))).encode()
    survives(changed, model="m" if kind in UNNAMED else None)
