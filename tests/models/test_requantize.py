"""Rewriting GGUF files: what is kept, how near the weights stay, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pytest

from cladist.errors import InputError, UsageError
from cladist.models.requantize import Kind, requantize

gguf = pytest.importorskip("gguf")
SHIPPED = Path(__file__).parents[2] / "src" / "cladist" / "data" / "models"

EMBEDDING = "token_embd.weight"
MATRIX = "blk.0.ffn_up.weight"
NARROW = "blk.0.narrow.weight"
VECTOR = "blk.0.attn_norm.weight"
EXPERTS = "blk.0.ffn_up_exps.weight"


@pytest.fixture
def weights() -> dict[str, npt.NDArray[np.float32]]:
    draw = np.random.default_rng(7)
    shapes: dict[str, tuple[int, ...]] = {
        EMBEDDING: (6, 64),
        MATRIX: (8, 64),
        NARROW: (8, 20),
        VECTOR: (64,),
        EXPERTS: (3, 4, 32),
    }
    return {n: draw.normal(size=s).astype(np.float32) for n, s in shapes.items()}


@pytest.fixture
def source(tmp_path: Path, weights: dict[str, npt.NDArray[np.float32]]) -> Path:
    path = tmp_path / "source.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("wéird name")
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_context_length(128)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_token_list(["a", "Ġb", "ĉ"])
    writer.add_token_types([3, 1, 1])
    writer.add_add_bos_token(False)
    for name, weight in weights.items():
        writer.add_tensor(name, weight)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def tensors(path: Path) -> dict[str, Any]:
    return {t.name: t for t in gguf.GGUFReader(path).tensors}


def values(tensor: Any) -> npt.NDArray[np.float32]:
    shape = tuple(int(n) for n in reversed(tensor.shape))
    flat: npt.NDArray[np.float32] = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
    return flat.reshape(shape)


def metadata(path: Path) -> dict[str, Any]:
    fields = gguf.GGUFReader(path).fields
    own = ("GGUF.", "general.file_type", "general.quantization_version")
    return {k: (f.types, f.contents()) for k, f in fields.items() if not k.startswith(own)}


# Worst error of a weight as a share of its block's largest magnitude: half a step of a code with
# 255 levels, half a step of 15 steps from minimum to maximum, and for the codes of 16 and 32
# levels, which have one level fewer on one side, the whole step that clipping can cost there.
WORST = {"Q8_0": 0.5 / 127, "Q4_0": 1 / 8, "Q5_0": 1 / 16, "Q4_1": 1 / 15}
# Scale and minimum of a block are themselves rounded to half precision.
HALF = 2.0**-11


@pytest.mark.parametrize("kind", get_args(Kind))
def test_all_is_kept_but_precision(
    kind: Kind, source: Path, tmp_path: Path, weights: dict[str, npt.NDArray[np.float32]]
) -> None:
    target = tmp_path / "target.gguf"
    requantize(source, target, kind)
    assert metadata(target) == metadata(source)
    fields = gguf.GGUFReader(target).fields
    assert fields["general.file_type"].contents() == gguf.LlamaFileType[f"MOSTLY_{kind}"]
    found = tensors(target)
    assert list(found) == list(weights)
    assert {n: t.tensor_type.name for n, t in found.items()} == {
        EMBEDDING: "F16" if kind == "F16" else "Q8_0",
        MATRIX: kind,
        NARROW: "F16",
        VECTOR: "F32",
        EXPERTS: kind,
    }
    np.testing.assert_array_equal(values(found[VECTOR]), weights[VECTOR])
    np.testing.assert_array_equal(
        values(found[NARROW]), weights[NARROW].astype(np.float16).astype(np.float32)
    )
    for name in (MATRIX, EXPERTS):
        blocks = weights[name].reshape(-1, 32)
        error = np.abs(values(found[name]).reshape(-1, 32) - blocks).max(axis=1)
        worst = HALF if kind == "F16" else WORST[kind] + 3 * HALF
        assert (error <= worst * np.abs(blocks).max(axis=1)).all()
        assert error.max() > 0


def test_quantised_sources_are_dequantised_first(source: Path, tmp_path: Path) -> None:
    eight, half, again = (tmp_path / f"{n}.gguf" for n in ("eight", "half", "again"))
    requantize(source, eight, "Q8_0")
    requantize(eight, half, "F16")
    wanted = values(tensors(eight)[MATRIX]).astype(np.float16)
    np.testing.assert_array_equal(tensors(half)[MATRIX].data, wanted)
    requantize(eight, again, "Q8_0")
    assert again.read_bytes() == eight.read_bytes()


def test_progress_counts_every_tensor(source: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    requantize(source, tmp_path / "t.gguf", "Q4_0", lambda done, of: seen.append((done, of)))
    assert seen == [(n, 5) for n in range(1, 6)]


def test_an_interrupted_copy_leaves_the_old_target_and_no_litter(
    source: Path, tmp_path: Path
) -> None:
    target = tmp_path / "target.gguf"
    target.write_bytes(b"older")

    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        requantize(source, target, "Q8_0", stop)
    assert target.read_bytes() == b"older"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["source.gguf", "target.gguf"]


def test_a_missing_source(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        requantize(tmp_path / "none.gguf", tmp_path / "t.gguf", "Q8_0")


@pytest.mark.parametrize("length", [0, 3, 100, 900])
def test_an_unreadable_source(length: int, source: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(source.read_bytes()[:length])
    with pytest.raises(InputError, match=r"broken\.gguf"):
        requantize(broken, tmp_path / "t.gguf", "Q8_0")
    assert not (tmp_path / "t.gguf").exists()


def test_a_type_nobody_can_dequantise(tmp_path: Path) -> None:
    path = tmp_path / "odd.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    raw = np.zeros((2, 256), dtype=np.int32)
    writer.add_tensor("blk.0.table.weight", raw)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(InputError, match=r"blk\.0\.table\.weight is I32"):
        requantize(path, tmp_path / "t.gguf", "Q8_0")
    assert [p.name for p in tmp_path.iterdir()] == ["odd.gguf"]


def test_source_and_target_must_differ(source: Path) -> None:
    with pytest.raises(UsageError, match="same file"):
        requantize(source, source, "Q8_0")


def test_an_unknown_precision(source: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Q9_9"):
        requantize(source, tmp_path / "t.gguf", "Q9_9")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["Q8_0", "Q4_0"])
def test_a_shipped_model_still_speaks(kind: Kind, tmp_path: Path) -> None:
    engine = pytest.importorskip("xllamacpp")
    prompt = {"prompt": "The king of", "max_tokens": 12, "temperature": 0.0}

    def first_words(path: Path) -> str:
        settings = engine.CommonParams()
        settings.model.path = str(path)
        settings.n_ctx = 256
        settings.n_parallel = 1
        settings.cpuparams.n_threads = 1
        settings.cpuparams_batch.n_threads = 1
        answer = engine.Server(settings).handle_completions(prompt)
        loaded = json.loads(answer) if isinstance(answer, str | bytes) else answer
        return str(loaded["choices"][0]["text"])

    target = tmp_path / "small.gguf"
    requantize(SHIPPED / "tiny-stage.gguf", target, kind)
    assert target.stat().st_size < 0.6 * (SHIPPED / "tiny-stage.gguf").stat().st_size
    words = first_words(target)
    assert words.strip()
    # Eight bits change hardly anything; the first token at least is that of the original.
    if kind == "Q8_0":
        assert words[:3] == first_words(SHIPPED / "tiny-stage.gguf")[:3]
