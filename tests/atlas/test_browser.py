"""The atlas in a real browser: the server, the folder opened as files, and 10,000 models."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from cladist.atlas.bundle import write_bundle
from cladist.references.home import HOME
from cladist.registry import Registry

from .conftest import COUNT, Lab

pytestmark = pytest.mark.long

WEB = Path(__file__).resolve().parents[2] / "web"
PAGE = WEB.parent / "src" / "cladist" / "atlas" / "page"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 240


def _missing() -> str | None:
    if shutil.which("node") is None:
        return "node is not on this machine"
    if not (WEB / "node_modules" / "playwright-core").is_dir():
        return "the page's tools are not installed: run 'npm ci' in web/"
    return None


def _browserless() -> str | None:
    if "CHROMIUM" in os.environ or any(shutil.which(name) for name in BROWSERS):
        return _missing()
    return "Chromium is not on this machine: apt-get install chromium"


needs_node = pytest.mark.skipif(_missing() is not None, reason=_missing() or "")
needs_browser = pytest.mark.skipif(_browserless() is not None, reason=_browserless() or "")


def drive(address: str, *words: str, by: str = "driver") -> dict[str, Any]:
    """What a user of the page at an address sees."""
    done = subprocess.run(
        ["node", str(WEB / "e2e" / f"{by}.mjs"), address, *words],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    seen: dict[str, Any] = json.loads(done.stdout.rstrip("\n").rsplit("\n", 1)[-1])
    return seen


@dataclass(frozen=True)
class Seen:
    """An address and what was seen there."""

    address: str
    facts: dict[str, Any]
    token: str = ""


@contextmanager
def serving(
    lab: Lab, cache: Path, home: Path | None = None, asks: bool = True
) -> Iterator[tuple[str, str]]:
    """Address and token of a server of the lab, started as a person would."""
    command = [
        sys.executable, "-m", "cladist.cli.main", "serve", "--registry", str(lab.folder),
        "--port", "0", "--map", "pcoa", "--quiet", "--title", "made <up>",
        *(["--ask"] if asks else []),
        "--metadata", str(lab.folder / "models.csv"),
        "--declared", str(lab.folder / "lineage.csv"), "--labels", str(lab.folder / "labels.csv"),
    ]  # fmt: skip
    # Nothing that this person has installed may be seen.
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache), HOME: str(home or cache)}
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    reader: threading.Thread | None = None
    try:
        assert server.stderr is not None
        found = None
        told: list[str] = []
        for line in server.stderr:
            told.append(line)
            if found := re.search(r"(http://127\.0\.0\.1:\d+/)#(?:ask|token)=([\w-]+)", line):
                break
        assert found is not None, "".join(told)
        # A full pipe would stop the server.
        reader = threading.Thread(target=server.stderr.read, daemon=True)
        reader.start()
        yield found[1], found[2]
    finally:
        server.terminate()
        server.wait(timeout=20)
        if reader is not None:
            reader.join()
        if server.stderr is not None:
            server.stderr.close()


@pytest.fixture(scope="module")
def served(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    with serving(lab, tmp_path_factory.mktemp("cache")) as (address, token):
        yield Seen(address, drive(address), token)


@pytest.fixture(scope="module")
def opened(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    folder = tmp_path_factory.mktemp("bundle") / "atlas"
    with Registry.open(lab.folder, create=False) as store:
        write_bundle(lab.atlas, store, folder)
    address = (folder / "index.html").as_uri()
    return Seen(address, drive(address))


@pytest.fixture(params=["served", "opened"])
def seen(request: pytest.FixtureRequest) -> Seen:
    found: Seen = request.getfixturevalue(request.param)
    return found


@needs_browser
def test_shows_map_tree_and_table(seen: Seen) -> None:
    facts = seen.facts
    assert facts["source"] == ("static" if seen.address.startswith("file:") else "server")
    assert facts["count"] == f"{COUNT} models"
    assert facts["scene"], "no WebGL"
    assert facts["mapInk"] > 0.001
    assert facts["treeInk"] > 0.005
    assert 0 < facts["rowsMade"] < COUNT
    assert facts["named"] == []


@needs_browser
def test_asks_nobody_else_and_breaks_no_rule(seen: Seen) -> None:
    here = urlsplit(seen.address)
    for request in seen.facts["requests"]:
        asked = urlsplit(request)
        if asked.scheme in ("data", "blob"):
            continue
        assert (asked.scheme, asked.netloc) == (here.scheme, here.netloc), request
    assert len(seen.facts["requests"]) > 10
    assert seen.facts["violations"] == []
    assert seen.facts["errors"] == []


@needs_browser
def test_a_selection_is_one_everywhere(seen: Seen) -> None:
    facts = seen.facts
    lasso = facts["lasso"]
    assert 0 < lasso["selected"] < COUNT
    assert lasso["rows"] == lasso["selected"]
    assert lasso["mapChanged"]
    assert lasso["treeChanged"]
    assert facts["clade"]["mapChanged"]
    assert f"{facts['clade']['selected']} model" in facts["clade"]["bar"]
    assert facts["tableSelected"] == 1
    assert facts["backSelected"] == 1


@needs_browser
def test_an_address_brings_back_what_it_showed(seen: Seen) -> None:
    assert seen.facts["restored"] == {
        "selected": seen.facts["lasso"]["selected"],
        "layout": "radial",
    }
    assert seen.facts["nonsense"]


@needs_browser
def test_search_leads_into_the_table(seen: Seen) -> None:
    search = seen.facts["search"]
    found = int(search["said"].split()[0])
    assert 0 < found < COUNT
    assert search["focus"] == "grid"


@needs_browser
def test_pages_of_models_and_pairs(seen: Seen) -> None:
    model, pair = seen.facts["model"], seen.facts["pair"]
    assert model["hash"].startswith("#/model/")
    assert model["relatives"] == len(model["verdicts"]) == 10
    assert model["probes"] > 0
    assert model["marks"] > 0
    assert pair["hash"].startswith("#/pair/")
    assert model["heading"] in pair["heading"]
    assert len(pair["verdict"]) == 1
    assert pair["answers"] == 2 * pair["probes"] > 0
    assert pair["marks"] > 0


@needs_browser
def test_declared_lineage(seen: Seen) -> None:
    declared = seen.facts["declared"]
    said = {text.rsplit(" ", 1)[0]: int(text.rsplit(" ", 1)[1]) for text in declared["filters"]}
    assert said["all"] == sum(count for name, count in said.items() if name != "all") > 0
    assert declared["rows"] == (said["contradicted"] or said["all"])
    assert declared["tips"] == 2 * declared["links"] > 0


@needs_browser
def test_hostile_names_are_text(seen: Seen, lab: Lab) -> None:
    facts = seen.facts
    assert facts["dialogs"] == 0
    assert facts["markup"] == 0
    headings = facts["hostile"]
    assert headings[0] == "<script>alert(1)</script>"
    assert "⟨RLO⟩" in headings[2]
    assert "␀" in headings[3]
    for heading in headings:
        assert not re.search("[\u0000-\u001f\u202a-\u202e\u2066-\u2069]", heading)
        assert len(heading) <= 210


@needs_browser
def test_saves_a_clade_as_newick_and_picture(seen: Seen) -> None:
    newick, svg = seen.facts["newick"], seen.facts["svg"]
    leaves = seen.facts["clade"]["selected"]
    assert newick["name"].endswith(".nwk")
    assert newick["text"].endswith(";\n")
    assert newick["text"].count(",") >= leaves - 1
    assert svg["text"].startswith("<svg xmlns=")
    assert svg["text"].rstrip().endswith("</svg>")
    assert "<script" not in svg["text"]


@needs_browser
def test_keys_theme_and_phone(seen: Seen) -> None:
    facts = seen.facts
    assert facts["help"] >= 12
    assert facts["theme"] == "dark"
    assert facts["phone"]
    for where, width in facts["phone"].items():
        assert width <= 375, where


@pytest.fixture(scope="module")
def read(served: Seen, lab: Lab) -> dict[str, Any]:
    """What somebody sees who wants an answer about one model."""
    return drive(served.address, lab.models[20].name, by="reader")


@needs_browser
def test_the_first_view_names_families(read: dict[str, Any], lab: Lab) -> None:
    assert (
        f"{COUNT} models" in read["headline"] and "families by the labels given" in read["headline"]
    )
    assert "ten nearest" in read["headline"] and "declared step" in read["headline"]
    assert read["colour"] == "family"
    assert set(read["legend"]) & {m.family for m in lab.models}
    assert not read["errors"] and not read["violations"]


@needs_browser
def test_two_actions_lead_to_the_nearest_and_the_verdict(read: dict[str, Any], lab: Lab) -> None:
    card = read["card"]
    nearest = lab.atlas.kin.relatives(20)[0]
    assert card["name"] == lab.models[20].name
    assert card["nearest"] == lab.models[nearest.index].name
    assert nearest.verdict in card["verdict"]
    assert card["set"].startswith(("Not excluded at 90%", "No set", "Nothing is left"))
    assert card["kin"] == 10 and card["seen"]
    assert card["folded"] == 0 and 1 <= card["probes"] <= 3 and all(card["prompts"])
    assert read["keyboard"].startswith("#/model/")


@needs_browser
def test_axe_finds_nothing(read: dict[str, Any]) -> None:
    assert len(read["axe"]) == 9
    assert {k: v for k, v in read["axe"].items() if v} == {}


@needs_browser
def test_small_screens_show_the_verdict(read: dict[str, Any]) -> None:
    for width, found in read["small"].items():
        assert found["seen"], width
        assert found["wide"] <= int(width), width


@needs_browser
def test_names_get_room_when_zoomed(read: dict[str, Any]) -> None:
    # Around a middle there is room for all from the start, in a window as wide.
    assert read["room"]["rectangular"][0] > 0 and read["room"]["unrooted"][0] > 0
    for layout, counts in read["room"].items():
        assert counts[-1] == 0, (layout, counts)


@needs_browser
def test_other_ways_to_read(read: dict[str, Any]) -> None:
    assert read["forced"] == "solid"
    assert read["still"] == 0
    assert read["chinese"]["lang"] == "zh-Hans" and read["chinese"]["caption"] == "最近"
    assert "亲缘" in read["chinese"]["verdict"] or "定论" in read["chinese"]["verdict"]
    assert read["chinese"]["wide"] <= 720
    assert read["ideas"] >= 8


@needs_browser
def test_search_explains_and_corrects(read: dict[str, Any], lab: Lab) -> None:
    assert "no column 'familyy'" in read["unknown"] and "family" in read["unknown"]
    assert read["corrected"] == lab.models[20].name


@needs_browser
def test_views_are_saved_and_chosen(read: dict[str, Any]) -> None:
    assert read["columns"] == 1
    assert read["png"]["name"].endswith(".png") and read["png"]["head"] == "PNG"
    assert read["svg"].startswith("<svg xmlns=") and read["svg"].count("<title>") == COUNT + 1
    assert "<script" not in read["svg"]
    rows = list(csv.reader(io.StringIO(read["csv"])))
    assert len(rows) == COUNT + 1 and rows[0][:2] == ["name", "cluster"]
    assert all(len(row) == len(rows[0]) for row in rows)
    assert f"of {COUNT} models" in read["played"]


@needs_browser
def test_several_are_compared(read: dict[str, Any]) -> None:
    assert read["compared"]["pairs"] == 4 * 3
    assert re.search("related|inconclusive|not tested", read["compared"]["sign"])


@needs_browser
def test_a_file_of_answers_is_placed(read: dict[str, Any], lab: Lab) -> None:
    assert read["placed"]["name"] == "newcomer"
    assert read["placed"]["nearest"] == lab.models[20].name
    assert "Answers are from 'response', prompts from 'prompt'" in read["placed"]["told"]
    assert "No column for answers" in read["refused"]


@needs_browser
def test_ten_thousand_models() -> None:
    facts = drive("sample:10000", "short")
    assert facts["count"].replace("\u202f", "") == "10000 models"
    assert facts["mapInk"] > 0.01
    assert facts["treeInk"] > 0.05
    # Where families are folded only the branches above them are lines.
    assert 0.01 < facts["foldedInk"] < facts["treeInk"]
    assert facts["rowsMade"] < 60
    assert 1_000 < facts["lasso"]["selected"] < 10_000
    assert facts["lasso"]["rows"] == facts["lasso"]["selected"]
    assert facts["restored"]["selected"] == facts["lasso"]["selected"]
    assert facts["clade"]["mapChanged"]
    assert facts["errors"] == []
    assert facts["violations"] == []


@needs_node
def test_the_page_is_what_its_source_builds(tmp_path: Path) -> None:
    out = tmp_path / "page"
    vite = WEB / "node_modules" / "vite" / "bin" / "vite.js"
    subprocess.run(
        ["node", str(vite), "build", "--outDir", str(out), "--logLevel", "error"],
        cwd=WEB,
        timeout=PATIENCE,
        check=True,
    )
    for name in ("index.html", "app.js", "app.css"):
        assert (out / name).read_bytes() == (PAGE / name).read_bytes(), (
            f"{name} is not what web/ builds: run 'npm run build' in web/"
        )


@needs_node
def test_the_parts_of_the_page() -> None:
    vitest = WEB / "node_modules" / "vitest" / "vitest.mjs"
    done = subprocess.run(
        ["node", str(vitest), "run"],
        cwd=WEB,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-2_000:]
