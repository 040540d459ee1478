"""Rewrite a GGUF model at another weight precision: the commonest real relative of a model."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from cladist.errors import InputError, MissingExtraError, UsageError

if TYPE_CHECKING:
    import gguf
    import numpy.typing as npt

__all__ = ["Kind", "requantize"]

Kind = Literal["Q8_0", "Q4_0", "Q5_0", "Q4_1", "F16"]

_BLOCK = 32  # numbers in one block of every quantised kind above
_SLAB = 1 << 22  # numbers converted at a time, 16 MB as float32


def requantize(
    source: Path,
    target: Path,
    kind: Kind,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Copy the GGUF model `source` to `target` with its weight matrices stored as `kind`.

    Metadata and tokenizer are copied as they are, save the two keys that describe the
    quantisation. Every matrix (two dimensions or more) is dequantised, then quantised by rounding
    to nearest; one that is of the wanted type already is copied untouched, as are the vectors.
    The token embedding and the output matrix never get less than 8 bits, as is the practice of
    llama.cpp, and matrices whose rows are no multiple of 32 become F16.

    `progress` is called after each tensor with the number done and the number in all. The file
    appears under its name only when complete. Cost: seconds per 100 million weights on one core;
    memory: one quantised tensor and about 100 MB.

    Source of the formats: the `gguf` package's `gguf.quants`, the reference in Python of ggml's.

    Raises:
        UsageError: `kind` is unknown, or `target` is `source`.
        InputError: `source` is missing, is no GGUF file of this machine's byte order, or has a
            tensor type that cannot be dequantised.
        MissingExtraError: the package `gguf` is not installed.
    """
    try:
        import gguf
    except ImportError as error:
        raise MissingExtraError("Rewriting GGUF files", "gguf") from error
    if kind not in get_args(Kind):
        raise UsageError(f"unknown precision {kind!r}; choose one of {', '.join(get_args(Kind))}")
    reader = _open(source)
    if target.exists() and target.samefile(source):
        raise UsageError(f"{target}: source and target are the same file; name another target")

    # A sibling, so that the final rename stays on one file system and is atomic.
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    os.close(handle)
    part = Path(name)
    try:
        architecture = str(reader.fields["general.architecture"].contents())
        writer = gguf.GGUFWriter(part, architecture)
        try:
            _copy_metadata(reader, writer, kind)
            _copy_tensors(reader, writer, kind, source, progress)
        finally:
            writer.close()
        part.chmod(0o644)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _open(source: Path) -> gguf.GGUFReader:
    """The opened file, checked to be one that can be rewritten."""
    import gguf

    if not source.is_file():
        raise InputError(f"{source}: no such file; give the path of a GGUF model")
    try:
        reader = gguf.GGUFReader(source)
    except (ValueError, IndexError) as error:
        # The reader maps the file: what is cut short shows as an index or a shape out of range.
        raise InputError(f"{source}: not a readable GGUF file ({error}); fetch it again") from error
    if "general.architecture" not in reader.fields:
        raise InputError(f"{source}: names no architecture, so no engine could load it")
    if reader.byte_order == "S":
        raise InputError(
            f"{source}: is of the other byte order; convert it to this machine's first"
        )
    return reader


def _copy_metadata(reader: gguf.GGUFReader, writer: gguf.GGUFWriter, kind: Kind) -> None:
    """Give `writer` every key of `reader`, with the ones about quantisation set for `kind`."""
    import gguf

    # The reader presents the header's counts as fields; the writer makes those, and the
    # architecture, itself.
    for key, field in reader.fields.items():
        if key.startswith("GGUF.") or key in ("general.architecture", "general.file_type"):
            continue
        value = field.contents()
        if field.types[0] is gguf.GGUFValueType.ARRAY:
            if value:
                writer.add_key_value(key, value, field.types[0], sub_type=field.types[-1])
        elif key != "general.quantization_version":
            writer.add_key_value(key, value, field.types[0])
    writer.data_alignment = reader.alignment
    writer.add_file_type(gguf.LlamaFileType[f"MOSTLY_{kind}"])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)


def _copy_tensors(
    reader: gguf.GGUFReader,
    writer: gguf.GGUFWriter,
    kind: Kind,
    source: Path,
    progress: Callable[[int, int], None] | None,
) -> None:
    """Announce all tensors, then convert and write them one by one."""
    types = [_target_type(tensor, kind) for tensor in reader.tensors]
    for tensor, wanted in zip(reader.tensors, types, strict=True):
        shape = tuple(int(n) for n in reversed(tensor.shape))
        # The NumPy type is looked at only to tell byte shapes from shapes in numbers.
        writer.add_tensor_info(
            tensor.name, shape, np.dtype(np.float32), _bytes_of(shape, wanted), wanted
        )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for done, (tensor, wanted) in enumerate(zip(reader.tensors, types, strict=True), start=1):
        try:
            data = _convert(tensor, wanted)
        except NotImplementedError as error:
            raise InputError(
                f"{source}: tensor {tensor.name} is {tensor.tensor_type.name}, which cannot be "
                "dequantised; start from an F16 or Q8_0 file of the same model"
            ) from error
        writer.write_tensor_data(data)
        if progress is not None:
            progress(done, len(types))


def _target_type(tensor: gguf.ReaderTensor, kind: Kind) -> gguf.GGMLQuantizationType:
    """The type in which one tensor is to be stored."""
    import gguf

    kinds = gguf.GGMLQuantizationType
    # Routers of mixtures of experts are tiny and decide discretely: llama.cpp keeps them too.
    if len(tensor.shape) < 2 or tensor.name.endswith("ffn_gate_inp.weight"):
        return tensor.tensor_type
    if int(tensor.shape[0]) % _BLOCK:
        return kinds.F16
    if tensor.name in ("token_embd.weight", "output.weight") and kind != "F16":
        return kinds.Q8_0
    return kinds[kind]


def _bytes_of(shape: tuple[int, ...], wanted: gguf.GGMLQuantizationType) -> int:
    """Size in bytes of a tensor of `shape` numbers."""
    import gguf

    block, size = gguf.GGML_QUANT_SIZES[wanted]
    count = 1
    for n in shape:
        count *= n
    return count // block * size


def _convert(tensor: gguf.ReaderTensor, wanted: gguf.GGMLQuantizationType) -> npt.NDArray[Any]:
    """The tensor's data as `wanted`, converted in slabs of rows to bound the memory."""
    from gguf import quants

    data: npt.NDArray[Any] = tensor.data
    if tensor.tensor_type == wanted:
        return data
    rows = data.reshape(-1, data.shape[-1])
    slabs = max(1, -(-int(tensor.n_elements) // _SLAB))
    return np.concatenate(
        [
            quants.quantize(quants.dequantize(slab, tensor.tensor_type), wanted)
            for slab in np.array_split(rows, slabs)
        ]
    )
