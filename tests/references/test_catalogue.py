from __future__ import annotations

from pathlib import Path

import pytest

from cladist.errors import InputError, UsageError
from cladist.references.catalogue import catalogue, find_collection, read_catalogue
from cladist.references.layouts import LAYOUTS

ENTRY = """format = 1
[[collection]]
name = "mine"
title = "t"
address = "https://example.org/x"
commit = "{0}"
date = "2026-01-01"
folder = "out"
tree = "{0}"
models = 3
prompts = 4
size = 10
licence = "MIT"
layout = "dna-web"
asked = {{ interface = "raw", temperature = 0.0, unknown = ["temperature"] }}
""".format("a" * 40)


def test_the_shipped_catalogue() -> None:
    found = catalogue()
    assert [c.name for c in found] == [
        "dna-web-rand", "dna-web-chat", "dna-web-bench", "alpaca-eval", "can-ai-code", "eq-bench",
    ]  # fmt: skip
    assert {c.layout for c in found} == set(LAYOUTS)
    assert [c.name for c in found if c.consent] == ["alpaca-eval"]
    rand = found[0]
    assert rand.tree == "4fafe13ce918bc4dae62c402616614d08048e444"
    assert rand.asked.unsure == {"temperature", "top_p"} and rand.asked.interface == "raw"
    assert "interface" in find_collection("dna-web-bench", found).asked.unsure


def test_what_is_not_stated_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(ENTRY)
    (found,) = read_catalogue(path)
    assert found.asked.unsure == {"max_tokens", "system", "template", "temperature", "top_p"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("format = 1", "format = 2", "format"),
        ('commit = "a', 'commit = "g', "40 hex digits"),
        ("https://example.org/x", "http://example.org/x", "https"),
        ("https://example.org/x", "https://me:pw@example.org/x", "https"),
        ("https://example.org/x", "file:///etc", "https"),
        ('folder = "out"', 'folder = "../out"', "no folder"),
        ('name = "mine"', 'name = "../mine"', "no name"),
        ("models = 3", 'models = "3"', "wrong type"),
        ("models = 3", "models = 3\nextra = 1", "unknown key"),
        ('title = "t"\n', "", "no title"),
        ("temperature = 0.0", "temperature = 9.0", "temperature"),
    ],
)
def test_a_bad_catalogue_says_what_is_wrong(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "c.toml"
    assert old in ENTRY
    path.write_text(ENTRY.replace(old, new))
    with pytest.raises(InputError, match=said):
        read_catalogue(path)


def test_a_misspelt_name_is_helped() -> None:
    with pytest.raises(UsageError, match="did you mean dna-web-rand"):
        find_collection("dna-web-rnd", catalogue())
