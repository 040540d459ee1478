from __future__ import annotations

from pathlib import Path

import pytest
from git_server import commit_all, git

from cladist.errors import InputError
from cladist.references.files import FolderFiles, tree_hash


def made(folder: Path) -> Path:
    for path, text in {"a/b.json": "x", "a-b": "", "a.c": "é", "z/ü": "1"}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    (folder / "run").write_text("#!")
    (folder / "run").chmod(0o755)
    (folder / "link").symlink_to("a/b.json")
    (folder / "empty").mkdir()
    return folder


def test_the_hash_is_git_s(tmp_path: Path) -> None:
    commit_all(made(tmp_path / "r"))
    assert tree_hash(tmp_path / "r") == git(tmp_path / "r", "rev-parse", "HEAD^{tree}")
    assert tree_hash(tmp_path / "r" / "a") == git(tmp_path / "r", "rev-parse", "HEAD:a")


def test_any_change_is_another_hash(tmp_path: Path) -> None:
    folder = made(tmp_path / "r")
    before = tree_hash(folder)
    (folder / "a" / "b.json").write_text("y")
    assert tree_hash(folder) != before
    (folder / "a" / "b.json").write_text("x")
    assert tree_hash(folder) == before
    (folder / "run").chmod(0o644)
    assert tree_hash(folder) != before


def test_links_are_no_files(tmp_path: Path) -> None:
    files = FolderFiles(made(tmp_path / "r"))
    assert list(files.paths()) == ["a-b", "a.c", "a/b.json", "run", "z/ü"]
    assert files.read("a/b.json") == b"x"
    with pytest.raises(InputError, match="cannot read"):
        files.read("nope")
