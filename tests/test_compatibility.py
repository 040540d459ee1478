"""What docs/compatibility.md promises and no other test holds."""

from __future__ import annotations

from pathlib import Path

from cladist import catalog

ASSAYS = {
    "cladist": "06923715057c5e7b8c67769f2a6c4d961f3119c107c4c619d8b3f2146cd65e1d",
    "functional": "e107fd5d34c8d5977b3812b072a70feadbade0cf5776b0d0f0c5c5a60e117f2f",
    "functional-100": "65d1908dfa1ef14cff31f374a08c36045f3daebf542bb8d6214f0f51e7ec5278",
    "phylolm": "c0732b755c3bf522bc09c1895f4c954875c89055a6d65e1704978ede7885d946",
    "reptrace": "e88d015871c6de5129b7935b2e9667c2947c19ced962a4bbc98d9246d6917a6c",
}
"""Built-in assays and their hashes. A line is added and never changed."""


def test_a_released_assay_never_changes() -> None:
    for name, digest in ASSAYS.items():
        assert catalog.assay(name).digest == digest, f"'{name}' was changed; give it a new name"


def test_every_assay_that_ships_is_pinned() -> None:
    folder = Path(catalog.__file__).parent / "data/assays"
    assert {p.stem for p in folder.glob("*.toml")} == set(ASSAYS)
