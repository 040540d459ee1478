from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest

from cladist.errors import ModelError, RegistryError
from cladist.registry import Registry
from cladist.registry.connection import FILE
from cladist.registry.unused import leaving_nothing_empty

NOBODY = 65534


@pytest.fixture
def folder() -> Iterator[Path]:
    """A registry with a model, where everybody may look: only its owner may look into tmp_path."""
    made = Path(mkdtemp(prefix="cladist-test-"))
    made.chmod(0o755)
    with Registry.open(made / "lab") as store:
        store.add_model("a", "recorded:a", "recorded:a")
    yield made / "lab"
    (made / "lab").chmod(0o755)
    shutil.rmtree(made)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root writes everywhere, so it is nobody for a while; anybody else stays who they are."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if before == 0:
            os.seteuid(before)


@pytest.fixture
def closed(folder: Path) -> Iterator[Path]:
    """The same, and it may not be written."""
    (folder / FILE).chmod(0o444)
    folder.chmod(0o555)
    with as_nobody():
        yield folder


def test_a_registry_that_may_not_be_written_is_read(closed: Path) -> None:
    with Registry.open(closed, create=False) as store:
        assert [m.name for m in store.models()] == ["a"]
        with store.snapshot():
            assert store.count_models() == 1
        with pytest.raises(RegistryError, match="can be read here and not written"):
            store.add_model("b", "recorded:b", "recorded:b")
    assert sorted(p.name for p in closed.iterdir()) == [FILE]


def test_what_a_writer_has_not_put_into_the_file_yet_is_read_too(folder: Path) -> None:
    writer = Registry.open(folder)
    writer.add_model("b", "recorded:b", "recorded:b")
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)
    with as_nobody(), Registry.open(folder, create=False) as store:
        assert [m.name for m in store.models()] == ["a", "b"]
    folder.chmod(0o755)
    writer.close()


def test_an_older_one_that_may_not_be_written_says_what_to_do(folder: Path) -> None:
    with sqlite3.connect(folder / FILE) as db:
        db.execute("PRAGMA user_version = 2")
    db.close()
    (folder / FILE).chmod(0o444)
    folder.chmod(0o555)
    with (
        as_nobody(),
        pytest.raises(RegistryError, match=r"schema version 2 and may not be written.*copy"),
    ):
        Registry.open(folder)


def test_a_registry_that_stayed_empty_goes_with_its_folders(tmp_path: Path) -> None:
    lab = tmp_path / "one" / "two"
    with (
        pytest.raises(ModelError),
        leaving_nothing_empty(lab),
        Registry.open(lab),
    ):
        raise ModelError("gone")
    assert list(tmp_path.iterdir()) == []


def test_one_with_a_model_or_from_before_or_in_use_stays(tmp_path: Path) -> None:
    with leaving_nothing_empty(tmp_path / "full"), Registry.open(tmp_path / "full") as store:
        store.add_model("a", "recorded:a", "recorded:a")
    Registry.open(tmp_path / "old").close()
    with leaving_nothing_empty(tmp_path / "old"), Registry.open(tmp_path / "old"):
        pass
    with leaving_nothing_empty(tmp_path / "used"):
        other = Registry.open(tmp_path / "used")
    other.add_model("a", "recorded:a", "recorded:a")
    other.close()
    for name in ("full", "old", "used"):
        assert (tmp_path / name / FILE).is_file()
