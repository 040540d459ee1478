"""Constants of kinship: each says where it comes from, and each is used."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError, fields, is_dataclass
from pathlib import Path

import pytest

import cladist
from cladist.kinship import config

CONFIGS = {n: c for n, c in vars(config).items() if is_dataclass(c) and not isinstance(c, type)}
ROOT = Path(cladist.__file__).parent


def test_every_constant_says_what_it_is_where_it_is_from_and_what_it_moves() -> None:
    assert len(CONFIGS) > 10
    for name, made in CONFIGS.items():
        for f in fields(made):
            assert all(f.metadata[key] for key in ("what", "origin", "moves")), f"{name}.{f.name}"
            assert f.default == getattr(made, f.name)


def test_every_constant_is_used_beside_the_config() -> None:
    files = [p for p in ROOT.rglob("*.py") if p.parent.name != "config"]
    used = set(re.findall(r"\b([A-Z]+\.[a-z_]+)\b", "\n".join(p.read_text("utf-8") for p in files)))
    told = {f"{name}.{f.name}" for name, made in CONFIGS.items() for f in fields(made)}
    assert told <= used, sorted(told - used)


def test_constants_cannot_be_changed() -> None:
    for made in CONFIGS.values():
        with pytest.raises(FrozenInstanceError):
            setattr(made, fields(made)[0].name, 0)
