"""Built-in probe sets and assays, and assays that users write in TOML files."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from math import isfinite
from pathlib import Path
from typing import Any

from cladist.core.assay import (
    Assay,
    Decoding,
    EncoderSpec,
    Method,
    Option,
    Projection,
    Protocol,
)
from cladist.core.probes import ProbeSet
from cladist.errors import AssayError, InputError

DEFAULT_ASSAY = "cladist"
_DATA = files("cladist") / "data"
_TYPES: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float)}
_LARGEST = 1 << 32
_HEAVIEST = 1e6
_KEYS = {"name", "description", "probes", "decoding", "method"}


def probe_set_names() -> list[str]:
    """Names of the built-in probe sets."""
    found = (f.name for f in (_DATA / "probes").iterdir())
    return sorted(n.removesuffix(".json") for n in found if n.endswith(".json"))


@lru_cache(maxsize=32)
def probe_set(name: str) -> ProbeSet:
    """A probe set: a built-in name, NAME:COUNT for its first probes, or a path to a JSON file."""
    base, _, count = name.partition(":")
    if base in probe_set_names():
        text = (_DATA / "probes" / f"{base}.json").read_text(encoding="utf-8")
        found = ProbeSet.from_data(json.loads(text), base)
        if not count:
            return found
        if not count.isdecimal():
            raise InputError(f"'{name}': write a number after the colon, as in {base}:20")
        return found.first(int(count))
    path = Path(name)
    if not _is_file(path):
        raise InputError(
            f"probe set '{name[:200]}' is neither built in ({', '.join(probe_set_names())}) nor a "
            "file"
        )
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as problem:
        raise InputError(f"{path}: not a readable JSON probe set ({problem})") from problem
    return ProbeSet.from_data(data, path.name)


def assay_names() -> list[str]:
    """Names of the built-in assays."""
    found = (f.name for f in (_DATA / "assays").iterdir())
    return sorted(n.removesuffix(".toml") for n in found if n.endswith(".toml"))


@lru_cache(maxsize=32)
def assay(name: str = DEFAULT_ASSAY) -> Assay:
    """An assay: a built-in name or the path of a TOML file."""
    if name in assay_names():
        text = (_DATA / "assays" / f"{name}.toml").read_text(encoding="utf-8")
        return parse_assay(text, name)
    path = Path(name)
    if not _is_file(path):
        raise AssayError(
            f"assay '{name[:200]}' is neither built in ({', '.join(assay_names())}) nor a TOML file"
        )
    try:
        return parse_assay(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as problem:
        raise AssayError(f"{path}: not readable ({problem})") from problem


def parse_assay(text: str, where: str) -> Assay:
    """Read an assay from TOML; `where` names the source in error messages."""
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as problem:
        # Besides what is no TOML: numbers of thousands of digits, and nesting without end.
        raise AssayError(f"{where}: not valid TOML: {problem}") from problem
    _known(data, _KEYS, where)
    try:
        name = str(data["name"])
        probes = probe_set(str(data["probes"]))
        asked = data.get("decoding", {})
        _known(
            asked, set(Decoding.__dataclass_fields__) - {"unknown", "cut"}, f"{where}: [decoding]"
        )
        decoding = _build(Decoding, asked, f"{where}: [decoding]")
        method = parse_method(name, data["method"], where)
    except KeyError as problem:
        raise AssayError(f"{where}: {problem} is missing") from problem
    description = str(data.get("description", ""))
    return Assay(name, Protocol(name, probes, decoding), method, description)


def parse_method(name: str, data: Any, where: str) -> Method:
    """A method from plain data, as stored in a registry and written under [method]."""
    _known(data, {"encoders", "projection", "metric", "metric_options"}, f"{where}: [method]")
    if not isinstance(data["encoders"], list):
        raise AssayError(f"{where}: encoders must be a list of tables, [[method.encoders]]")
    encoders = []
    for item in data["encoders"]:
        _known(item, {"name", "options", "weight"}, f"{where}: encoder")
        weight = item.get("weight", 1.0)
        if isinstance(weight, bool) or not isinstance(weight, int | float) or weight > _HEAVIEST:
            raise AssayError(f"{where}: the weight of an encoder must be a number")
        options = _options(item.get("options", {}), f"{where}: options of an encoder")
        encoders.append(EncoderSpec(str(item["name"]), options, weight))
    return Method(
        name,
        tuple(encoders),
        _build(Projection, data.get("projection", {}), f"{where}: projection"),
        data.get("metric", "euclidean"),
        _options(data.get("metric_options", {}), f"{where}: metric_options"),
    )


def _options(data: Any, where: str) -> dict[str, Option]:
    if not isinstance(data, Mapping):
        raise AssayError(f"{where}: expected a table of keys, found {type(data).__name__}")
    for key, value in data.items():
        usable = isinstance(value, str | int | float)
        if not usable or (isinstance(value, float) and not isfinite(value)):
            raise AssayError(f"{where}: '{key[:40]}' must be a text, a number, true or false")
    return dict(data)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name too long for the system, or with a NUL in it
        return False


def _known(data: Any, keys: set[str], where: str) -> None:
    if not isinstance(data, Mapping):
        raise AssayError(f"{where}: expected a table of keys, found {type(data).__name__}")
    wrong = sorted(set(data) - keys)
    if wrong:
        raise AssayError(
            f"{where}: unknown key {', '.join(wrong)[:200]}; known are {', '.join(sorted(keys))}"
        )


def _build(kind: Any, data: Any, where: str) -> Any:
    _known(data, set(kind.__dataclass_fields__), where)
    for key, value in data.items():
        wanted = _TYPES.get(str(kind.__dataclass_fields__[key].type), (str,))
        if isinstance(value, bool) or not isinstance(value, wanted):
            raise AssayError(
                f"{where}: a value has the wrong type ('{key}' takes {wanted[-1].__name__}, not "
                f"{type(value).__name__})"
            )
        if isinstance(value, int) and abs(value) > _LARGEST:
            raise AssayError(f"{where}: '{key}' is out of range")
    try:
        return kind(**data)
    except TypeError as problem:
        raise AssayError(f"{where}: a value has the wrong type ({problem})") from problem
