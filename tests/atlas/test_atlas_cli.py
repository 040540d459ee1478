from __future__ import annotations

import csv
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cladist.atlas import bundle
from cladist.atlas.server import run as server
from cladist.cli.main import app
from cladist.formats.cells import unguarded
from cladist.registry.kept import default_folder
from tests.atlas.conftest import COUNT, Lab


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(bundle, "page_file", lambda name, source: b"page")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_the_cache_is_where_it_should_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert default_folder() == tmp_path / "cache/cladist"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_folder() == tmp_path / ".cache/cladist"


def test_atlas_writes_a_bundle(lab: Lab, tmp_path: Path) -> None:
    result = run(
        "map", "atlas", "-r", lab.folder, "--out", tmp_path / "out", "--map", "pcoa",
        "--metadata", lab.folder / "models.csv", "--declared", lab.folder / "lineage.csv",
        "--title", "Ours", "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["models"] == COUNT and told["pages"] and told["answers"]
    text = (tmp_path / "out/data/atlas.js").read_text()
    assert '"title":"Ours"' in text and '"declared":{' in text
    (tmp_path / "out/mine.txt").write_text("x")
    again = run("map", "atlas", "-r", lab.folder, "--out", tmp_path / "out", "--map", "pcoa")
    assert again.exit_code != 0 and (tmp_path / "out/mine.txt").exists()
    assert (
        run("map", "atlas", "-r", lab.folder, "--out", tmp_path / "o", "--map", "x").exit_code != 0
    )


def test_map_draws_and_writes(lab: Lab, tmp_path: Path) -> None:
    common = ("map", "-r", lab.folder, "--map", "pcoa", "--metadata", lab.folder / "models.csv")
    plot = tmp_path / "family.svg"
    assert run(*common, "--plot", plot, "--names").exit_code == 0
    first = plot.read_bytes()
    assert run(*common, "--plot", plot, "--names").exit_code == 0
    assert plot.read_bytes() == first
    for colour, ending in (("released", "pdf"), ("parameters", "png")):
        plot = tmp_path / f"{colour}.{ending}"
        assert run(*common, "--colour", colour, "--plot", plot).exit_code == 0
        assert plot.stat().st_size > 5_000
    drawn = (tmp_path / "family.svg").read_text(encoding="utf-8")
    root = ET.fromstring(drawn)
    assert not list(root.iter("{http://www.w3.org/2000/svg}script"))
    shown = "".join(t for t in root.itertext())
    assert "<script>alert(1)</script>" in shown and "\\u202e" in shown and "\u202e" not in shown
    assert re.search(r"keeps \d+% of the 10 nearest", shown)
    result = run(*common, "--out", tmp_path / "map.csv", "--json")
    data = json.loads(result.stdout)
    with (tmp_path / "map.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert not any(r["model"].startswith("=") for r in rows)  # nothing that a spreadsheet runs
    assert [unguarded(r["model"]) for r in rows] == [m["model"] for m in data["models"]]
    assert [float(r["x"]) for r in rows] == [m["x"] for m in data["models"]]
    assert [m["model"] for m in data["models"]] == [m.name for m in lab.models]
    assert run(*common, "--out", tmp_path / "map.json").exit_code == 0
    assert json.loads((tmp_path / "map.json").read_text(encoding="utf-8")) == data
    shown = run(*common).output
    assert "\x1b" not in shown and "52 more" in shown
    for wrong in (("--colour", "x"), ("--plot", "a.gif"), ("--out", "a.txt"), ("--map", "mds"),
                  ("--map", "pcoa,tsne")):  # fmt: skip
        assert run(*common, *wrong).exit_code != 0


def test_serve_hands_over_to_the_server(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {}

    def stand_in(
        service: object, bound: object, *, open_page: bool, told: object, shelf: object, token: str
    ) -> None:
        seen.update(service=service, address=bound.getsockname(), open=open_page)  # type: ignore[attr-defined]
        told("http://127.0.0.1:1/")  # type: ignore[operator]
        bound.close()  # type: ignore[attr-defined]

    monkeypatch.setattr(server, "serve", stand_in)
    result = run("map", "serve", "-r", lab.folder, "--port", "0", "--map", "pcoa", "--open")
    assert result.exit_code == 0, result.output
    assert f"{COUNT} models at http://127.0.0.1:1/" in result.output
    assert seen["address"][0] == "127.0.0.1" and seen["open"] is True
    assert len(seen["service"]) == COUNT  # type: ignore[arg-type]
