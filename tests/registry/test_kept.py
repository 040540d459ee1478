"""Results that are kept: large arrays are mapped, and what was damaged is made anew."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cladist.registry.kept import Kept

Made = tuple[dict[str, Any], dict[str, Any]]


class Making:
    """Makes the same result each time, and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> Made:
        self.times += 1
        return {"a/b": np.arange(2000.0).reshape(40, 50), "few": np.arange(3)}, {"n": 1}


@pytest.fixture(params=[1000, 1 << 20], ids=["mapped", "read"])
def kept(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kept:
    monkeypatch.setattr("cladist.registry.kept.LARGE", request.param)
    return Kept(tmp_path / "kept")


def files(kept: Kept) -> list[Path]:
    assert kept.folder is not None
    return [f for place in kept.folder.iterdir() for f in place.iterdir()]


def test_what_was_made_is_read(kept: Kept) -> None:
    make = Making()
    made = kept.result(["x", 1], make)
    again = kept.result(["x", 1], make)
    assert make.times == 1 and again[1] == made[1]
    for name, array in made[0].items():
        assert np.array_equal(again[0][name], array) and again[0][name].dtype == array.dtype
    kept.result(["x", 2], make)
    assert make.times == 2


def test_large_arrays_are_mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cladist.registry.kept.LARGE", 1000)
    kept, make = Kept(tmp_path), Making()
    for _ in ("made", "read"):
        arrays, _ = kept.result("x", make)
        assert isinstance(arrays["a/b"], np.memmap) and not isinstance(arrays["few"], np.memmap)
    # A file that was only touched is checked, and read.
    (large,) = tmp_path.glob("*/*.npy")
    os.utime(large, ns=(1, 1))
    kept.result("x", make)
    assert make.times == 1


@pytest.mark.parametrize("how", ["shorter", "longer", "another", "gone", "no JSON"])
def test_damage_is_noticed(kept: Kept, how: str) -> None:
    make = Making()
    right = make()[0]["a/b"]
    kept.result("x", make)
    for number, file in enumerate(files(kept)):
        raw = file.read_bytes()
        if how == "gone":
            file.unlink()
        elif how == "shorter":
            file.write_bytes(raw[: len(raw) // 2])
        elif how == "longer" and file.suffix == ".npy":
            file.write_bytes(raw + b"0")
        elif how == "another" and file.suffix != ".json":
            middle = len(raw) // 2
            file.write_bytes(raw[:middle] + bytes([raw[middle] ^ 255]) + raw[middle + 1 :])
        elif how == "no JSON":
            file.write_bytes(b"[")
        else:
            continue
        times = make.times
        found, data = kept.result("x", make)
        assert make.times == times + 1, f"{file.name} ({number}) was not looked at"
        assert np.array_equal(found["a/b"], right) and data == {"n": 1}


def test_old_results_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cladist.registry.kept.MOST_BYTES", 40_000)
    kept, make = Kept(tmp_path), Making()
    for number in range(4):
        kept.result(number, make)
        for place in tmp_path.iterdir():
            os.utime(place, (number, number))
    assert len(list(tmp_path.iterdir())) == 2
    monkeypatch.setattr("cladist.registry.kept.MOST_BYTES", 10)
    kept.result("last", make)
    kept.result("last", make)
    assert make.times == 5 and len(list(tmp_path.iterdir())) == 1


def test_small_results_are_kept_as_json_has_them(tmp_path: Path) -> None:
    made: list[int] = []

    def make() -> Any:
        made.append(1)
        return {"pair": ("a", 0.1 + 0.2), "p": float("nan")}

    for kept, times in ((Kept(tmp_path), 1), (Kept(None), 3)):
        made.clear()
        first, again = (kept.small(["x", 1], make) for _ in range(2))
        assert first["pair"] == again["pair"] == ["a", 0.1 + 0.2]
        assert first["p"] != first["p"]
        kept.small(["x", 2], make)
        assert len(made) == (2 if kept.folder else times)


@pytest.mark.parametrize("how", ["cut", "another", "gone", "empty"])
def test_damage_of_a_small_result_is_noticed(tmp_path: Path, how: str) -> None:
    kept = Kept(tmp_path)
    kept.small("x", lambda: [1.25, "text"])
    (file,) = (p for p in tmp_path.rglob("*") if p.is_file())
    raw = file.read_bytes()
    if how == "gone":
        file.unlink()
    else:
        file.write_bytes(
            {"cut": raw[:-2], "another": raw.replace(b"1.25", b"1.75"), "empty": b""}[how]
        )
    assert kept.small("x", lambda: [1.5, "made anew"]) == [1.5, "made anew"]
    assert kept.small("x", lambda: [0, ""]) == [1.5, "made anew"]


def test_small_results_have_a_room_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cladist.registry.kept.MOST_SMALL", 2)
    monkeypatch.setattr("cladist.registry.kept.MOST", 1)
    kept, make = Kept(tmp_path), Making()
    kept.result("large", make)
    for number in range(1200):
        kept.small(number, lambda: 0)
    assert len([p for p in tmp_path.rglob("small/*/*") if p.is_file()]) <= 2 * 256
    kept.result("large", make)
    assert make.times == 1
    kept.result("larger", make)
    assert kept.small(1199, lambda: 1) == 0  # a large result takes no small one away
