"""A report on distributions: related models, and what makes functions alike besides."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from cladist import catalog
from cladist.cli.main import app
from cladist.extraction.run import extract
from cladist.kinship.inference.decision import COMMON_TEXT
from cladist.models import open_model
from cladist.registry import Registry

FOUNDERS, MEMBERS = 18, 3
URI = "simulated:11/{}?models=54&founders=18&shape=balanced"


def test_what_is_called_related_from_distributions_says_what_else_makes_them_alike(
    tmp_path: Path,
) -> None:
    names = [f"m{k}" for k in range(FOUNDERS * MEMBERS)]
    families: dict[str, str] = {}
    with Registry.open(tmp_path / "reg") as registry:
        for name in names:
            model = open_model(URI.format(name))
            extract(model, catalog.assay("functional-100"), registry)
            families[name] = model.identity.metadata["foundation"]
    labels = tmp_path / "labels.csv"
    labels.write_text("model,family\n" + "".join(f"{m},{f}\n" for m, f in families.items()))
    page, data = tmp_path / "r.html", tmp_path / "r.json"
    arguments = ["report", "m1", "-r", tmp_path / "reg", "--labels", labels, "--alpha", "0.3"]
    made = CliRunner().invoke(app, [str(a) for a in [*arguments, "-o", page, "--data", data]])
    assert made.exit_code == 0, made.output
    told = json.loads(data.read_text())
    related = [r for r in told["relatives"] if r["test"]["verdict"] == "related"]
    assert related
    assert families["m1"] in {families[r["model"]] for r in related}  # at a rate of .3 not alone
    assert all(r["test"]["reason"].endswith(COMMON_TEXT) for r in related)
    (kinship,) = (c for c in told["claims"] if c["topic"] == "Kinship")
    assert f"But {COMMON_TEXT}" in kinship["certainty"]
    assert COMMON_TEXT in page.read_text()
    assert len(told["directions"]) == min(5, len(related))
