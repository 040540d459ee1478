from __future__ import annotations

import csv
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cladist.cli.main import app, main
from cladist.errors import InputError
from cladist.formats.trees.newick import read_newick
from cladist.formats.trees.nexus import read_nexus
from cladist.models.simulated import respond_all, simulate_tree

COMMANDS = ["draw", "ancestry", "place", "network", "clock", "compare"]
LINE = simulate_tree(15, "birth-death", 5, founders=3, quantised=2)
PROBES = [f"probe {i}" for i in range(40)]
FOUNDER = dict(zip(LINE.observed, LINE.foundations()))


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def data(*arguments: str | Path) -> Any:
    """What a command prints as JSON."""
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(
        result.stdout, parse_constant=lambda word: pytest.fail(f"{word} is no part of JSON")
    )


def write_csv(path: Path, *rows: tuple[str, ...]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry of 17 simulated models of three founders."""
    folder = tmp_path_factory.mktemp("trees")
    source = folder / "responses.jsonl"
    rows = [
        {"model": a.model, "prompt_id": p, "response": slot[0].text}
        for a in respond_all(LINE, PROBES)
        for p, slot in enumerate(a.slots)
    ]
    source.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    result = run("registry", "import", source, "--registry", folder / "lab")
    assert result.exit_code == 0, result.output
    return folder / "lab"


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Dates by distance from the founder, groups by founder, and the true parents."""
    folder = tmp_path_factory.mktemp("tables")
    depth = dict.fromkeys(LINE.names, 0.0)
    for i, name in enumerate(LINE.names):
        if LINE.parents[i] >= 0:
            depth[name] = depth[LINE.names[LINE.parents[i]]] + float(LINE.lengths[i])
    dates = [(n, f"{2015 + 5 * depth[n]:.0f}-0{1 + k % 9}") for k, n in enumerate(LINE.observed)]
    parents = [(n, LINE.names[p]) for n, p in zip(LINE.names, LINE.parents.tolist()) if p >= 0]
    return {
        "dates": write_csv(folder / "dates.csv", ("model", "date"), *dates),
        "groups": write_csv(folder / "groups.csv", ("model", "group"), *FOUNDER.items()),
        "parents": write_csv(folder / "parents.csv", ("model", "parent"), *parents),
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_examples(command: str) -> None:
    shown = re.sub(r"\s+", " ", run("tree", command, "--help").output)
    assert f"cladist tree {command}".removesuffix(" draw") in shown
    assert "Example" in shown


def test_the_root_is_stated_with_its_ambiguity(lab: Path) -> None:
    shown = run("tree", "-r", lab, "--root", "mad")
    assert "ambiguity" in shown.stderr
    found = data("tree", "-r", lab)
    assert found["root"]["method"] == "midpoint"
    assert 0 <= found["root"]["ambiguity"] <= 1
    assert data("tree", "-r", lab, "--root", "none")["rooted"] is False


def test_dates_root_the_tree_and_date_its_nodes(
    lab: Path, tables: dict[str, Path], tmp_path: Path
) -> None:
    out = tmp_path / "t.json"
    result = run(
        *("tree", "-r", lab, "--dates", tables["dates"], "--labels", tables["groups"]),
        *("--out", out, "--updated", "2026-01-31", "--itol", tmp_path / "strip.txt"),
    )
    assert result.exit_code == 0, result.output
    assert "rooted by the dates of 17 models" in result.stderr
    assert "clock of 17 dated models" in result.stderr
    nodes = [json.loads(out.read_text())["tree"]]
    for node in nodes:
        assert 1900 < node["node_attrs"]["num_date"]["value"] < 2100
        for child in node.get("children", ()):
            assert (
                child["node_attrs"]["num_date"]["value"] >= node["node_attrs"]["num_date"]["value"]
            )
            nodes.append(child)
    assert {n["node_attrs"]["group"]["value"] for n in nodes if "children" not in n} == set(
        FOUNDER.values()
    )
    strip = (tmp_path / "strip.txt").read_text()
    assert strip.startswith("DATASET_COLORSTRIP")
    assert len(strip.split("DATA\n")[1].splitlines()) == 17
    nexus = tmp_path / "t.nex"
    assert run("tree", "-r", lab, "--dates", tables["dates"], "-o", nexus).exit_code == 0
    plain, years = read_nexus(nexus.read_text())
    assert plain.clades() == years.clades()
    assert all((n.length or 0) >= 0 for n in years.root.preorder())


def test_sampled_ancestors_lie_on_inner_nodes(lab: Path) -> None:
    found = data("tree", "-r", lab, "--sampled-ancestors")
    moved = {m["name"] for m in found["sampled_ancestors"]}
    tree = read_newick(found["newick"])
    assert moved == set(tree.names()) - set(tree.leaves())
    assert found["models"] == 17 == len(tree.names())


def test_declared_lineage_is_held_against_the_tree(
    lab: Path, tables: dict[str, Path], tmp_path: Path
) -> None:
    picture = tmp_path / "t.svg"
    shown = run("tree", "-r", lab, "--declared", tables["parents"], "--tanglegram", picture)
    assert shown.exit_code == 0, shown.output
    assert "declared ancestors are exact clades" in shown.stdout
    text = "".join(ET.parse(picture).getroot().itertext())
    assert all(name in text for name in LINE.observed)
    found = data("tree", "-r", lab, "--declared", tables["parents"], "--root", "none")
    by_founder = [c for c in found["declared"] if c["ancestor"] in set(FOUNDER.values())]
    assert by_founder and all(c["exact"] for c in by_founder)
    assert any(c["ancestor"].startswith("m") for c in found["declared"])  # copies below a model


@pytest.mark.parametrize("labelled", [True, False])
def test_a_tanglegram_of_too_many_is_collapsed_and_says_so(
    lab: Path, tables: dict[str, Path], tmp_path: Path, labelled: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    from cladist.phylogeny import rows, tanglegram

    for place in (rows, tanglegram):
        monkeypatch.setattr(place, "MOST_ROWS", 8)
    picture = tmp_path / "t.svg"
    labels = ["--labels", tables["groups"]] if labelled else []
    at = ["tree", "-r", lab, "--declared", tables["parents"], "--tanglegram", picture]
    shown = run(*at, *labels)
    assert shown.exit_code == 0, shown.output
    told = " ".join(shown.stderr.split())
    assert "17 models in" in told
    assert ("Collapsed by family" in told) == labelled
    assert "17 models in" in picture.read_text()


def test_ancestry_keeps_to_families_and_dates(
    lab: Path, tables: dict[str, Path], tmp_path: Path
) -> None:
    found = data("tree", "ancestry", "-r", lab, "--support", "3")
    assert [m["model"] for m in found["models"]] == sorted(LINE.observed)
    given = {m["model"]: m["parent"] for m in found["models"] if m["parent"]}
    assert given
    assert all(FOUNDER[c] == FOUNDER[p] for c, p in given.items())
    for m in found["models"]:
        assert m["basis"] == "probes"
        assert 0 <= m["confidence"] <= m["either_way"] <= 1
        assert m["confidence"] + m["rival_confidence"] <= 1 + 1e-9
        assert m["told"] == (m["confidence"] >= 0.5)
        assert m["parent"] == (m["likeliest"] if m["told"] else None)
    assert found["not_told"] == sum(not m["told"] for m in found["models"]) > 0
    likeliest = {m["model"]: m["likeliest"] for m in found["models"]}
    for copy in (n for n in LINE.observed if n.startswith("q")):
        original = LINE.names[int(LINE.parents[LINE.index(copy)])]
        assert likeliest[copy] == original or likeliest[original] == copy
    every = data("tree", "ancestry", "-r", lab, "--support", "3", "--confidence", "0")
    assert {m["model"]: m["parent"] for m in every["models"]} == likeliest
    assert "Not told: of" in run("tree", "ancestry", "-r", lab, "--support", "3").output
    # The original came later, says the table: so it can only be the copy's child.
    copy = next(n for n in LINE.observed if n.startswith("q"))
    original = LINE.names[int(LINE.parents[LINE.index(copy)])]
    dates = write_csv(
        tmp_path / "d.csv", ("model", "date"), (copy, "2020"), (original, "2021-01-01")
    )
    turned = data("tree", "ancestry", "-r", lab, "--support", "0", "--dates", dates)
    parents = {m["model"]: m for m in turned["models"]}
    assert parents[copy]["parent"] != original
    assert parents[original]["basis"] == "margin"
    # Dates that overlap forbid nothing.
    write_csv(dates, ("model", "date"), (copy, "2021"), (original, "2021-01-01"))
    assert (
        data("tree", "ancestry", "-r", lab, "--support", "0", "--dates", dates)["models"]
        == data("tree", "ancestry", "-r", lab, "--support", "0")["models"]
    )


def test_ancestry_as_graph_and_table(lab: Path, tmp_path: Path) -> None:
    for ending in ("dot", "csv"):
        out = tmp_path / f"a.{ending}"
        result = run("tree", "ancestry", "-r", lab, "--support", "0", "--out", out)
        assert result.exit_code == 0, result.output
    rows = list(csv.DictReader((tmp_path / "a.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 17
    edges = re.findall(r'^  "(\w+)" -> "(\w+)" \[', (tmp_path / "a.dot").read_text(), re.MULTILINE)
    assert {(r["parent"], r["model"]) for r in rows if r["parent"]} == set(edges)
    assert "next likely" in run("tree", "ancestry", "-r", lab, "--support", "0").stdout


@pytest.mark.parametrize("metric", ["kinship", "cosine"])
def test_a_model_is_placed_among_its_family(lab: Path, tmp_path: Path, metric: str) -> None:
    family = [n for n in LINE.observed if FOUNDER[n] == FOUNDER["m0"]]
    assert len(family) > 2
    rest = [n for n in LINE.observed if n != "m0"]
    tree, larger = tmp_path / "t.nwk", tmp_path / "l.nwk"
    assert run("tree", *rest, "-r", lab, "--metric", metric, "-o", tree).exit_code == 0
    arguments = ["tree", "place", "m0", "-t", tree, "-r", lab, "--metric", metric, "--support", "4"]
    found = data(*arguments, "--out", larger)
    assert set(found["below"]) <= set(family) or set(family) <= {"m0", *found["below"]}
    assert 0 <= found["confidence"] <= 1
    assert set(read_newick(larger.read_text()).leaves()) == set(LINE.observed)
    shown = run(*arguments[:-1], "0")
    assert "not assessed" in shown.stdout


def test_network_of_a_registry(lab: Path, tmp_path: Path) -> None:
    out = tmp_path / "n.nex"
    found = data("tree", "network", "-r", lab, "--out", out)
    assert 0 <= found["delta"] <= 1
    assert {m["model"] for m in found["models"]} == set(LINE.observed)
    assert found["explained"] > 0.9
    text = out.read_text()
    assert all(f"BEGIN {block};" in text for block in ("TAXA", "DISTANCES", "SPLITS", "TREES"))
    assert "mean delta" in run("tree", "network", "-r", lab).stdout


def test_clock_and_speeds(lab: Path, tables: dict[str, Path], tmp_path: Path) -> None:
    found = data(
        "tree", "clock", "-r", lab, "--dates", tables["dates"], "--labels", tables["groups"]
    )
    assert found["clock"]["models"] == 17
    assert found["clock"]["low"] <= found["clock"]["rate"] <= found["clock"]["high"]
    assert set(found["groups"]) <= set(FOUNDER.values())
    tree = tmp_path / "t.nwk"
    tree.write_text("[&R] ((a:1,b:2):1,(c:3,d:4):1);")
    dates = write_csv(
        tmp_path / "d.csv",
        ("model", "date"),
        *((n, f"{2020 + k}-01-01") for k, n in enumerate("abcd")),
    )
    found = data("tree", "clock", "--tree", tree, "--dates", dates)
    assert found["clock"]["rate"] == pytest.approx(1, abs=0.01)
    assert "R² 1.00" in run("tree", "clock", "--tree", tree, "--dates", dates).stdout


def test_trees_compared_by_hand(tmp_path: Path) -> None:
    a, b = tmp_path / "a.nwk", tmp_path / "b.nex"
    a.write_text("[&R] ((a:1,b:1):1,(c:1,d:1):1);")
    b.write_text("#NEXUS\nbegin trees;\ntree x = [&R] ((a:1,c:1):1,(b:1,d:1):1);\nend;\n")
    found = data("tree", "compare", a, b)
    # Four leaves: one inner split each, of length 2, and one quartet; no triplet in common.
    assert (found["robinson_foulds"], found["weighted_rf"]) == (2, 4)
    assert (found["quartet"], found["triplet"]) == (1, 1)
    assert data("tree", "compare", a, a)["robinson_foulds"] == 0
    assert "quartets" in run("tree", "compare", a, b).stdout


def test_hostile_names_are_told_and_written_safely(tmp_path: Path) -> None:
    names = ["[red]m[/red]\u202e'(:;", 'a"b\\c', "=1+1", "two, (words);", "x" * 300]
    source = tmp_path / "r.jsonl"
    rows = [
        {"model": n, "prompt_id": p, "response": f"{k // 2} said {p} {k if p % 5 == 0 else ''}"}
        for k, n in enumerate(names)
        for p in range(10)
    ]
    source.write_text("".join(json.dumps(r) + "\n" for r in rows))
    lab = tmp_path / "lab"
    assert run("registry", "import", source, "-r", lab).exit_code == 0
    tree, dot = tmp_path / "t.nwk", tmp_path / "a.dot"
    assert run("tree", *names[:4], "-r", lab, "-o", tree).exit_code == 0
    assert sorted(read_newick(tree.read_text()).leaves()) == sorted(names[:4])
    for arguments in (
        ["tree", "ancestry", "-r", lab, "--support", "1"],
        ["tree", "network", "-r", lab],
        ["tree", "place", names[4], "-t", tree, "-r", lab, "--support", "1"],
        ["tree", "-r", lab, "--sampled-ancestors"],
    ):
        result = run(*arguments)
        assert result.exit_code == 0, result.output
        assert "\u202e" not in result.output
    assert run("tree", "ancestry", "-r", lab, "--support", "0", "-o", dot).exit_code == 0
    body = dot.read_text()
    assert '"a\\"b\\\\c"' in body and "\u202e" not in body
    assert all(line.count('"') % 2 == 0 for line in body.replace('\\"', "").splitlines())


def test_mistakes_have_exit_codes_and_no_traceback(
    lab: Path,
    tables: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    columns = ("model", "date")
    bad = write_csv(tmp_path / "bad.csv", columns, ("m0", "last spring"))
    twice = write_csv(tmp_path / "twice.csv", columns, ("m0", "2020"), ("m0", "2021"))
    same = write_csv(tmp_path / "same.csv", columns, *((f"m{i}", "2020") for i in range(9)))
    empty = write_csv(tmp_path / "empty.csv", columns)
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"model,date\n\xff\xfe,2020\n")
    circle = write_csv(
        tmp_path / "circle.csv", ("model", "parent"), ("m0", "m1"), ("m1", "m0"), ("m2", "m0")
    )
    strangers = write_csv(tmp_path / "s.csv", ("model", "parent"), ("yes", "no"))
    tree, other, broken = tmp_path / "t.nwk", tmp_path / "o.nwk", tmp_path / "b.nwk"
    tree.write_text("(m1:1,(m2:1,m3:1):1,m4:1);")
    other.write_text("(m1:1,ghost:1,m3:1);")
    broken.write_text("(m1:1,(m2:1")
    at: list[str | Path] = ["-r", lab]
    cases: list[tuple[int, str, list[str | Path]]] = [
        (3, "'last spring'", ["tree", "--dates", bad, *at]),
        (3, "'last spring'", ["tree", "clock", "--dates", bad, *at]),
        (3, "'last spring'", ["tree", "ancestry", "--dates", bad, *at]),
        (3, "two entries", ["tree", "--dates", twice, *at]),
        (3, "not all the same", ["tree", "--dates", same, *at]),
        (3, "of no model", ["tree", "--dates", empty, *at]),
        (3, "not UTF-8 text", ["tree", "--dates", binary, *at]),
        (3, "cannot be read", ["tree", "clock", "--dates", tmp_path / "absent.csv", *at]),
        (3, "columns model and date", ["tree", "--dates", tables["groups"], *at]),
        (2, "needs --dates", ["tree", "--root", "dates", *at]),
        (2, "needs --labels", ["tree", "--itol", tmp_path / "i.txt", *at]),
        (2, "needs --declared", ["tree", "--tanglegram", tmp_path / "i.svg", *at]),
        (3, "descend from each other", ["tree", "--declared", circle, *at]),
        (3, "no declared ancestor", ["tree", "--declared", strangers, *at]),
        (3, "YYYY-MM-DD", ["tree", "-o", tmp_path / "t.json", "--updated", "today", *at]),
        (3, "three models", ["tree", "m0", "m1", *at]),
        (2, "no model 'ghost'", ["tree", "m0", "m1", "ghost", *at]),
        (2, "no model 'ghost'", ["tree", "ancestry", "m0", "ghost", *at]),
        (3, "at least two", ["tree", "ancestry", "m0", *at]),
        (2, "use .csv or .dot", ["tree", "ancestry", "-o", "a.txt", *at]),
        (2, "no model 'ghost'", ["tree", "place", "ghost", "-t", tree, *at]),
        (3, "on the tree already", ["tree", "place", "m1", "-t", tree, *at]),
        (2, "no model 'ghost'", ["tree", "place", "m0", "-t", other, *at]),
        (3, "missing", ["tree", "place", "m0", "-t", broken, *at]),
        (3, "cannot be read", ["tree", "place", "m0", "-t", tmp_path / "absent.nwk", *at]),
        (3, "four models", ["tree", "network", "m0", "m1", "m2", *at]),
        (2, "use .nex", ["tree", "network", "-o", "n.nwk", *at]),
        (3, "cannot be read", ["tree", "compare", tree, tmp_path / "absent.nwk"]),
        (3, "missing", ["tree", "compare", tree, broken]),
        (3, "ghost", ["tree", "compare", tree, other]),
        (2, "needs a root", ["tree", "clock", "--root", "none", "--dates", tables["dates"], *at]),
    ]
    before = (lab / "registry.sqlite").read_bytes()
    for code, message, arguments in cases:
        monkeypatch.setattr("sys.argv", ["cladist", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr().err
        assert left.value.code == code, (arguments, said)
        assert message in said, arguments
        assert "Traceback" not in said
    assert (lab / "registry.sqlite").read_bytes() == before
    assert not list(tmp_path.glob("*.json"))


def test_a_picture_that_cannot_be_drawn_is_refused_before_the_tree_is_made(
    lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cladist.workflows.trees.family_tree", None)
    for path in (tmp_path / "tree.gif", tmp_path / "nowhere" / "tree.svg"):
        found = run("tree", "draw", "-r", lab, "--plot", path)
        assert isinstance(found.exception, InputError) and path.name in str(found.exception)


def test_pictures_have_a_title_and_every_leaf_on_request(lab: Path, tmp_path: Path) -> None:
    plot = tmp_path / "tree.svg"
    assert run("tree", "draw", "-r", lab, "--plot", plot, "--all-leaves").exit_code == 0
    text = plot.read_text(encoding="utf-8")
    assert ">17 models, " in text
    assert run("tree", "draw", "-r", lab, "--plot", plot, "--title", "Ours").exit_code == 0
    assert ">Ours<" in plot.read_text(encoding="utf-8")
