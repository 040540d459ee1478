"""Answers that are read again: the same, in any order, from any thread, and not all held."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cladist.compare import resolve_assay
from cladist.core.responses import answers_at
from cladist.errors import RegistryError
from cladist.registry import Registry, answers
from cladist.registry.answers import ReadAgain
from tests.support.synthetic import make_registry


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("answers") / "lab"
    make_registry(folder, 12)
    return folder


def test_they_are_those_of_the_registry(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "HELD", 3)
    with Registry.open(made, create=False) as store:
        protocol = resolve_assay(store).protocol
        names = tuple(m.name for m in store.models())
        whole = list(store.responses(protocol, names))
    again = ReadAgain(made, protocol, names)
    assert len(again) == 12 and list(again) == whole
    assert again[5] == whole[5] and again[-1] == whole[-1] and again[2:4] == whole[2:4]
    assert answers_at(again, [9, 1, 9, 4, 0]) == [whole[k] for k in (9, 1, 9, 4, 0)]
    assert len(again._held) == 3
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(again.__getitem__, [3, 8] * 20)) == [whole[3], whole[8]] * 20


def test_a_registry_that_is_gone_is_told(tmp_path: Path, made: Path) -> None:
    with Registry.open(made, create=False) as store:
        protocol = resolve_assay(store).protocol
    with pytest.raises(RegistryError):
        ReadAgain(tmp_path / "gone", protocol, ("a",))[0]
