"""The header of a GGUF file: scalars, and the shapes of the tensors.

`gguf.GGUFReader` gives the same and spends 2.5 s on the 50,000 tokens of a small vocabulary (13 s
on 256,000), because it makes arrays of every string; stepping over them takes milliseconds. The
layout is that of the GGUF specification, versions 2 and 3 (ggml, docs/gguf.md); names of types
and precisions come from the `gguf` package.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cladist.core.hashing import file_digest
from cladist.errors import MissingExtraError, ModelError

Scalar = str | int | float | bool

_STRING, _ARRAY = 8, 9
_FORMATS = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i",
    6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d",
}  # fmt: skip
_LONGEST = 1 << 26  # bytes of a string, entries of a list: more is damage, not data
_DEEPEST = 4  # lists within lists
_AXES = 8  # of a tensor; ggml knows four


@dataclass(frozen=True)
class Header:
    """Scalars of the header by key, and the number of weights over all tensors."""

    values: Mapping[str, Scalar]
    parameters: int

    def text(self, key: str) -> str:
        """The value as text, '' where there is none."""
        return str(self.values.get(key, ""))

    @property
    def context(self) -> int:
        """Length in tokens that the model was trained for, 0 where the file does not say."""
        found = self.values.get(f"{self.text('general.architecture')}.context_length", 0)
        return found if isinstance(found, int) else 0

    @property
    def metadata(self) -> dict[str, str]:
        """What `Identity.metadata` tells of a GGUF model."""
        known = {
            "architecture": self.text("general.architecture"),
            "parameters": str(self.parameters),
            "quantisation": _precision(self.values.get("general.file_type")),
            "title": self.text("general.name"),
            "license": self.text("general.license"),
            "declared_parent": self.text("general.base_model.0.name"),
            "context": str(self.context or ""),
        }
        return {k: v for k, v in known.items() if v}


def read_header(path: Path) -> Header:
    """Read the header; arrays (vocabulary, merges) are stepped over.

    Raises `ModelError` when the file is missing, unreadable, no GGUF or cut short. Cost: some
    20 ms for a vocabulary of 50,000.
    """
    try:
        with path.open("rb") as file:
            return _parse(file)
    except FileNotFoundError:
        raise ModelError(f"'{path}': there is no such file; check the path") from None
    except OSError as error:
        raise ModelError(f"'{path}' cannot be read: {error.strerror or error}") from error
    except (struct.error, KeyError, ValueError) as error:
        raise ModelError(
            f"'{path}' is not a usable GGUF file ({_reason(error)}); download it again"
        ) from error


def file_hash(path: Path) -> str:
    """SHA-256 of the content, streamed; about 1 s a gigabyte."""
    try:
        return file_digest(path)
    except OSError as error:
        raise ModelError(f"'{path}' cannot be read: {error.strerror or error}") from error


def _reason(error: Exception) -> str:
    if isinstance(error, struct.error):
        return "it ends too early"
    return f"unknown type {error}" if isinstance(error, KeyError) else str(error)


def _parse(file: BinaryIO) -> Header:
    if file.read(4) != b"GGUF":
        raise ValueError("it does not begin with the letters GGUF")
    version = _number(file, "<I")
    if version not in (2, 3):
        raise ValueError(f"its version is {version}, and 2 and 3 are known")
    tensors, pairs = _number(file, "<Q"), _number(file, "<Q")
    values: dict[str, Scalar] = {}
    for _ in range(_bounded(pairs)):
        key, kind = _string(file), _number(file, "<I")
        if kind == _ARRAY:
            _skip_array(file)
        else:
            values[key] = _string(file) if kind == _STRING else _scalar(file, kind)
    parameters = 0
    for _ in range(_bounded(tensors)):
        _string(file)
        axes = _number(file, "<I")
        if axes > _AXES:
            raise ValueError(f"it claims a tensor of {axes} axes")
        parameters += math.prod(_number(file, "<Q") for _ in range(axes))
        file.seek(12, 1)  # type and offset
    return Header(values, parameters)


def _skip_array(file: BinaryIO, depth: int = 0) -> None:
    if depth == _DEEPEST:
        raise ValueError(f"it holds lists within lists, {_DEEPEST} deep and more")
    kind, count = _number(file, "<I"), _bounded(_number(file, "<Q"))
    if kind == _STRING:
        for _ in range(count):
            file.seek(_bounded(_number(file, "<Q")), 1)
    elif kind == _ARRAY:
        for _ in range(count):
            _skip_array(file, depth + 1)
    else:
        file.seek(count * struct.calcsize(_FORMATS[kind]), 1)


def _scalar(file: BinaryIO, kind: int) -> Scalar:
    form = _FORMATS[kind]
    value: Scalar = struct.unpack(form, file.read(struct.calcsize(form)))[0]
    return value


def _number(file: BinaryIO, form: str) -> int:
    value: int = struct.unpack(form, file.read(struct.calcsize(form)))[0]
    return value


def _string(file: BinaryIO) -> str:
    length = _bounded(_number(file, "<Q"))
    raw = file.read(length)
    if len(raw) < length:
        raise ValueError("it ends too early")
    return raw.decode("utf-8", "replace")


def _bounded(count: int) -> int:
    if count > _LONGEST:
        raise ValueError(f"it claims {count} entries where {_LONGEST} are plenty")
    return count


def _precision(file_type: Scalar | None) -> str:
    """'Q4_1' for llama.cpp's file type 3, and so on."""
    if not isinstance(file_type, int):
        return ""
    try:
        from gguf import LlamaFileType
    except ImportError as error:
        raise MissingExtraError("Reading GGUF files", "gguf") from error
    try:
        name: str = LlamaFileType(file_type).name
    except ValueError:
        return f"file type {file_type}"
    return name.removeprefix("MOSTLY_").removeprefix("ALL_")
