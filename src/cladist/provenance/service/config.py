"""The TOML file of a service that watches many endpoints.

    state = "watch"              # folder of what is known between looks
    log = "watch.jsonl"          # every look, one a line
    metrics = "cladist.prom"     # for the textfile collector of Prometheus
    port = 9108                  # or served over HTTP, on this machine alone
    webhook_env = "WATCH_HOOK"   # environment variable that holds the address of a webhook

    [[endpoint]]
    name = "shop"
    uri = "openai:model@https://host.example/v1?key_env=SHOP_KEY"
    every = "1h"
    alpha = 0.01
    calls_a_day = 5000
    tokens_a_day = 50000
    after_change = "stop"        # or relearn: what answers then is the new reference

Addresses of webhooks are secrets, as keys are: the file names the variables that hold them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from cladist.errors import CladistError, InputError
from cladist.models.base import parse_uri
from cladist.provenance.border.learning import Effort
from cladist.provenance.border.looking import Rules
from cladist.provenance.pace import seconds_of

__all__ = ["Endpoint", "WatchService", "read_service"]

_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,79}", re.ASCII)
_GENERAL: Mapping[str, tuple[type, ...]] = {
    "state": (str,), "log": (str,), "metrics": (str,), "port": (int,), "webhook_env": (str,),
    "workers": (int,), "endpoint": (list,),
}  # fmt: skip
_SINGLE: Mapping[str, tuple[type, ...]] = {
    "name": (str,), "uri": (str,), "every": (str,), "alpha": (float, int),
    "tolerance": (float, int), "least": (int,), "most": (int,), "contexts": (int,),
    "pool": (int,), "replicates": (int,), "sittings": (int,), "calls_a_day": (int,),
    "tokens_a_day": (int,), "after_change": (str,), "explain": (bool,),
}  # fmt: skip
SITTINGS = 8
"""Looks that a service learns in, so that an endpoint is seen at different times of the day. A
state that it is in on half of the days escapes n looks with probability 2^(1 - n), here .8%."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint of a service, and what asking it may cost; `remark` is for whoever set it."""

    name: str
    uri: str
    every: float
    rules: Rules
    effort: Effort
    calls_a_day: int | None = None
    tokens_a_day: int | None = None
    after_change: Literal["stop", "relearn"] = "stop"
    remark: str = ""


@dataclass(frozen=True, slots=True)
class WatchService:
    """What is watched, and where it is told; paths are those of the file's folder."""

    endpoints: tuple[Endpoint, ...]
    state: Path
    log: Path
    metrics: Path | None = None
    port: int = 0
    webhook_env: str = ""
    workers: int = 8


def read_service(path: Path) -> WatchService:
    """The service that a TOML file describes.

    Raises `InputError` with the file, and the endpoint, for what cannot be.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as problem:
        raise InputError(f"{path} cannot be read as TOML: {problem}") from None
    try:
        return _service(data, path.resolve().parent)
    except CladistError as problem:
        raise InputError(f"{path}: {problem}") from None


def _service(data: Mapping[str, Any], folder: Path) -> WatchService:
    _check(data, _GENERAL, "the file")
    listed = data.get("endpoint", [])
    if not listed or not all(isinstance(e, dict) for e in listed):
        raise InputError("it names no [[endpoint]]")
    endpoints = tuple(_endpoint(e, number) for number, e in enumerate(listed, 1))
    names = [e.name.lower() for e in endpoints]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise InputError(f"two endpoints are called '{twice[0]}'; names are those of their files")
    variable = data.get("webhook_env", "")
    if variable and not re.fullmatch(r"[A-Za-z_]\w*", variable, re.ASCII):
        raise InputError("webhook_env takes the name of an environment variable, not an address")
    port, workers = data.get("port", 0), data.get("workers", 8)
    if not 0 <= port < 65_536 or not 1 <= workers <= 64:
        raise InputError("port must be 0 to 65535 and workers 1 to 64")
    metrics = folder / data["metrics"] if "metrics" in data else None
    return WatchService(
        endpoints, folder / data.get("state", "watch"), folder / data.get("log", "watch.jsonl"),
        metrics, port, variable, workers,
    )  # fmt: skip


def _endpoint(data: Mapping[str, Any], number: int) -> Endpoint:
    name = data.get("name", "")
    where = f"endpoint {number}" + (f" ('{name}')" if isinstance(name, str) and name else "")
    _check(data, _SINGLE, where)
    if not _NAME.fullmatch(name):
        raise InputError(f"{where} needs a name of letters, digits, '.', '_' and '-'")
    try:
        uri = parse_uri(data.get("uri", "")).text
        every = seconds_of(data.get("every", "1h"))
        rules = Rules(
            **{k: data[k] for k in ("alpha", "tolerance", "least", "most", "explain") if k in data}
        )
        learning = ("contexts", "pool", "replicates", "sittings")
        effort = Effort(**{"sittings": SITTINGS, **{k: data[k] for k in learning if k in data}})
    except CladistError as problem:
        raise InputError(f"{where}: {problem}") from None
    after = data.get("after_change", "stop")
    if after not in ("stop", "relearn"):
        raise InputError(f"{where}: after_change is stop or relearn, not '{after}'")
    calls, tokens = data.get("calls_a_day"), data.get("tokens_a_day")
    if any(bound is not None and bound < 0 for bound in (calls, tokens)):
        raise InputError(f"{where}: a budget is 0 or more")
    effort, remark = _within(effort, calls, where)
    return Endpoint(
        name, uri, every, rules, effort, calls, tokens, cast("Literal['stop', 'relearn']", after),
        remark,
    )  # fmt: skip


def _within(effort: Effort, calls: int | None, where: str) -> tuple[Effort, str]:
    """What learning may take within the calls of a day, and what is to be said of that."""
    if calls is None or effort.most <= calls:
        return effort, ""
    try:
        less = effort.fitted(calls)
    except InputError as problem:
        raise InputError(f"{where}: {problem}") from None
    return less, (
        f"learning with {effort.contexts} contexts may take {effort.most:,} calls; {calls:,} are "
        f"allowed a day, so {less.contexts} are searched at most"
    )


def _check(data: Mapping[str, Any], known: Mapping[str, tuple[type, ...]], where: str) -> None:
    """`InputError` for settings that nobody knows, and for values of another kind."""
    for key, value in data.items():
        if key not in known:
            raise InputError(f"{where}: unknown setting '{key[:40]}'; known are {', '.join(known)}")
        if isinstance(value, bool) != (known[key] == (bool,)) or not isinstance(value, known[key]):
            raise InputError(f"{where}: '{key}' is no {known[key][0].__name__}")
