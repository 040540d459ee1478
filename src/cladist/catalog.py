"""Built-in probe sets and assays, and assays that users write in TOML files."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from cladist.core.assay import Assay, Decoding, EncoderSpec, Method, Projection, Protocol
from cladist.core.probes import ProbeSet
from cladist.errors import AssayError, InputError

DEFAULT_ASSAY = "cladist"
_DATA = files("cladist") / "data"
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
    if not path.is_file():
        raise InputError(
            f"probe set '{name}' is neither built in ({', '.join(probe_set_names())}) nor a file"
        )
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as problem:
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
    if not path.is_file():
        raise AssayError(
            f"assay '{name}' is neither built in ({', '.join(assay_names())}) nor a TOML file"
        )
    try:
        return parse_assay(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as problem:
        raise AssayError(f"{path}: not readable ({problem})") from problem


def parse_assay(text: str, where: str) -> Assay:
    """Read an assay from TOML; `where` names the source in error messages."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise AssayError(f"{where}: not valid TOML: {problem}") from problem
    _known(data, _KEYS, where)
    try:
        name = str(data["name"])
        probes = probe_set(str(data["probes"]))
        decoding = _build(Decoding, data.get("decoding", {}), f"{where}: [decoding]")
        method = parse_method(name, data["method"], where)
    except KeyError as problem:
        raise AssayError(f"{where}: {problem} is missing") from problem
    description = str(data.get("description", ""))
    return Assay(name, Protocol(name, probes, decoding), method, description)


def parse_method(name: str, data: Any, where: str) -> Method:
    """A method from plain data, as stored in a registry and written under [method]."""
    _known(data, {"encoders", "projection", "metric", "metric_options"}, f"{where}: [method]")
    encoders = []
    for item in data["encoders"]:
        _known(item, {"name", "options", "weight"}, f"{where}: encoder")
        encoders.append(
            EncoderSpec(str(item["name"]), dict(item.get("options", {})), item.get("weight", 1.0))
        )
    return Method(
        name,
        tuple(encoders),
        _build(Projection, data.get("projection", {}), f"{where}: projection"),
        data.get("metric", "euclidean"),
        dict(data.get("metric_options", {})),
    )


def _known(data: Any, keys: set[str], where: str) -> None:
    if not isinstance(data, Mapping):
        raise AssayError(f"{where}: expected a table of keys, found {type(data).__name__}")
    wrong = sorted(set(data) - keys)
    if wrong:
        raise AssayError(
            f"{where}: unknown key {', '.join(wrong)}; known are {', '.join(sorted(keys))}"
        )


def _build(kind: Any, data: Any, where: str) -> Any:
    _known(data, set(kind.__dataclass_fields__), where)
    try:
        return kind(**data)
    except TypeError as problem:
        raise AssayError(f"{where}: a value has the wrong type ({problem})") from problem
