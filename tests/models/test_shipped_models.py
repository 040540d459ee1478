"""The tiny models in the package are those that their manifest describes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "src" / "cladist" / "data" / "models"
ENTRIES: list[dict[str, Any]] = json.loads((FOLDER / "models.json").read_text("utf-8"))["models"]


def test_manifest_and_folder_agree() -> None:
    assert {e["file"] for e in ENTRIES} == {p.name for p in FOLDER.glob("*.gguf")}
    assert sum((FOLDER / e["file"]).stat().st_size for e in ENTRIES) < 10_000_000
    names = {e["name"] for e in ENTRIES}
    assert all(e["parent"] in names for e in ENTRIES if e["parent"] is not None)
    assert sum(e["parent"] is None for e in ENTRIES) == 2


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: str(e["name"]))
def test_a_model_is_as_described(entry: dict[str, Any]) -> None:
    gguf = pytest.importorskip("gguf")
    path = FOLDER / entry["file"]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == entry["sha256"]
    reader = gguf.GGUFReader(path)
    assert reader.fields["general.name"].contents() == entry["name"]
    assert sum(int(t.n_elements) for t in reader.tensors) == entry["parameters"]
    # A licence string would give the family away to a reader of metadata instead of behaviour.
    assert not [k for k in reader.fields if "license" in k or "base_model" in k]
    # Far below what word pairs alone allow: it learned more than which token follows which.
    assert entry["loss"] < entry["bigram_loss"] - 0.3 < entry["unigram_loss"]
