from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from cladist import __version__
from cladist.cli.common import one_line, safe
from cladist.cli.main import app, main
from cladist.formats.trees.newick import read_newick


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def exit_of(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    """Exit code of the program as a shell sees it."""
    monkeypatch.setattr("sys.argv", ["cladist", *map(str, arguments)])
    with pytest.raises(SystemExit) as left:
        main()
    return int(left.value.code or 0)


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """Responses of two families of three models to twelve prompts."""
    lines = []
    for family, start in (("alpha", "the quick brown fox"), ("beta", "to be or not to be")):
        for child in range(3):
            for prompt in range(12):
                own = f" {family} {child}" if (prompt + child) % 3 == 0 else ""
                lines.append(
                    {
                        "model": f"{family}-{child}",
                        "prompt_id": prompt,
                        "response": f"{start} {prompt * 7919 % 97} said{own} in the year {prompt}",
                    }
                )
    path = tmp_path / "responses.jsonl"
    path.write_text("".join(json.dumps(x) + "\n" for x in lines), encoding="utf-8")
    return path


@pytest.fixture
def lab(recorded: Path, tmp_path: Path) -> Path:
    result = run("registry", "import", recorded, "--registry", tmp_path / "lab")
    assert result.exit_code == 0, result.output
    assert "6 models, 72 new responses, 6 DNAs" in result.output
    return tmp_path / "lab"


def test_version_and_help() -> None:
    assert run("--version").output.strip() == f"cladist {__version__}"
    for command in [
        "extract",
        "import",
        "list",
        "show",
        "distances",
        "relatives",
        "tree",
        "assays",
        "probes",
        "doctor",
        "demo",
    ]:
        result = run(command, "--help")
        assert result.exit_code == 0
        assert f"cladist {command}" in re.sub(r"\s+", " ", result.output), command


def test_importing_twice_changes_nothing(lab: Path, recorded: Path) -> None:
    before = run("registry", "list", "--registry", lab, "--json").output
    again = run("registry", "import", recorded, "--registry", lab)
    assert "0 new responses" in again.output
    assert run("registry", "list", "--registry", lab, "--json").output == before


def test_relatives_are_of_the_same_family(lab: Path) -> None:
    for metric in ("kinship", "cosine", "euclidean"):
        result = run(
            "compare", "relatives", "alpha-0", "--registry", lab, "--json", "--metric", metric
        )
        found = json.loads(result.output)
        assert found["metric"] == metric
        assert {r["model"] for r in found["relatives"][:2]} == {"alpha-1", "alpha-2"}


@pytest.mark.parametrize("ending", ["npz", "csv", "tsv", "parquet", "json", "phy"])
def test_distances_are_written_the_same_every_time(lab: Path, tmp_path: Path, ending: str) -> None:
    one, two = tmp_path / f"a.{ending}", tmp_path / f"b.{ending}"
    for path in (one, two):
        assert run("compare", "distances", "--registry", lab, "--out", path).exit_code == 0
    assert one.read_bytes() == two.read_bytes()
    if ending == "npz":
        with np.load(one, allow_pickle=False) as data:
            assert data["ids"].shape == (6,)
            assert data["matrix"].shape == (6, 6)


def test_tree_holds_the_families(lab: Path, tmp_path: Path) -> None:
    out, plot = tmp_path / "t.nwk", tmp_path / "t.svg"
    assert run("tree", "--registry", lab, "--out", out, "--plot", plot).exit_code == 0
    assert out.read_text().count("alpha") == 3
    assert plot.read_text().startswith("<?xml")
    shown = run("tree", "--registry", lab)
    assert "alpha-0" in shown.output
    found = json.loads(run("tree", "--registry", lab, "--json", "--method", "upgma").output)
    assert found["rooted"] and found["models"] == 6


@pytest.mark.parametrize("metric", ["kinship", "cosine", "euclidean"])
def test_families_have_full_support(lab: Path, metric: str) -> None:
    arguments = ["--support", "20", "--collapse", "0.9", "--metric", metric]
    shown = run("tree", "--registry", lab, "--json", *arguments)
    assert shown.exit_code == 0, shown.output
    tree = read_newick(json.loads(shown.stdout)["newick"])
    alphas = frozenset(f"alpha-{i}" for i in range(3))
    assert {alphas, frozenset(tree.leaves()) - alphas} & set(tree.clades())


def test_trees_in_other_formats_and_roots(lab: Path, tmp_path: Path) -> None:
    for ending, start in (("nex", "#NEXUS"), ("xml", "<?xml"), ("nwk", "(")):
        out = tmp_path / f"t.{ending}"
        result = run("tree", "--registry", lab, "--out", out, "--outgroup", "beta-1")
        assert result.exit_code == 0, result.output
        assert out.read_text().startswith(start)
    groups = tmp_path / "groups.csv"
    groups.write_text("model,group\nalpha-0,A\nbeta-0,B\n")
    picture = tmp_path / "t.svg"
    assert run("tree", "--registry", lab, "--plot", picture, "--labels", groups).exit_code == 0
    assert picture.stat().st_size > 1000


def test_show_and_lists(lab: Path) -> None:
    shown = run("registry", "show", "beta-1", "--registry", lab)
    assert "12 of 12 probes usable" in shown.output
    assert (
        json.loads(run("registry", "show", "beta-1", "--registry", lab, "--json").output)["name"]
        == "beta-1"
    )
    assert "alpha-2" in run("registry", "list", "--registry", lab).output
    assert "reptrace" in run("assays").output
    assert json.loads(run("lab", "assays", "phylolm", "--json").output)["metric"] == "nei"
    assert "cladist-100" in run("probes").output
    assert len(json.loads(run("lab", "probes", "mini-12", "--json").output)["probes"]) == 12
    assert json.loads(run("lab", "doctor", "--json").output)["machine"]["cladist"] == __version__


def test_mistakes_have_exit_codes_and_no_traceback(
    lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("a,b\n1,2\n")
    cases: list[tuple[int, str, list[str | Path]]] = [
        (7, "no registry in", ["registry", "list", "--registry", tmp_path / "none"]),
        (2, "no model 'ghost'", ["compare", "relatives", "ghost", "--registry", lab]),
        (2, "unknown scheme", ["extract", "zzz:model", "--registry", lab]),
        (2, "not a model URI", ["extract", "model", "--registry", lab]),
        (3, "does not exist", ["registry", "import", tmp_path / "absent.jsonl", "--registry", lab]),
        (3, "", ["registry", "import", bad, "--registry", lab]),
        (4, "neither built in", ["extract", "builtin:tiny-stage", "-a", "zzz", "-r", lab]),
        (4, "is no assay of", ["compare", "distances", "--assay", "zzz", "--registry", lab]),
        (4, "metric 'zzz'", ["compare", "distances", "--metric", "zzz", "--registry", lab]),
        (
            2,
            "the ending tells",
            ["compare", "distances", "--out", tmp_path / "m.doc", "--registry", lab],
        ),
        (
            3,
            "cannot write",
            ["compare", "distances", "--out", tmp_path / "no" / "m.csv", "--registry", lab],
        ),
        (2, "tree method", ["tree", "--method", "zzz", "--registry", lab]),
        (2, "root 'zzz'", ["tree", "--root", "zzz", "--registry", lab]),
        (2, "needs support", ["tree", "--collapse", "0.5", "--registry", lab]),
        (4, "needs the encoder 'alleles'", ["tree", "--metric", "nei", "-r", lab]),
        (3, "first line must name", ["tree", "--labels", bad, "--plot", "t.svg", "-r", lab]),
        (3, "is not among", ["tree", "--outgroup", "ghost", "--registry", lab]),
    ]
    before = (lab / "registry.sqlite").read_bytes()
    for code, message, arguments in cases:
        assert exit_of(monkeypatch, *arguments) == code, arguments
        captured = capsys.readouterr()
        assert message in captured.err, arguments
        assert captured.err.startswith("error: ")
        assert "Traceback" not in captured.err
    assert (lab / "registry.sqlite").read_bytes() == before


def test_other_answers_under_a_known_name_are_refused(
    lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.csv"
    other.write_text("model,prompt_id,response\nalpha-0,3,something else\n")
    assert exit_of(monkeypatch, "import", other, "--registry", lab) == 4
    assert "another answer to prompt '3'" in capsys.readouterr().err
    other.write_text("model,prompt_id,response\nnew,999,something else\nnew,1,x\n")
    assert exit_of(monkeypatch, "import", other, "--registry", lab) == 4
    assert "only some agree" in capsys.readouterr().err


def test_a_model_with_nothing_to_say_is_left_out_and_named(lab: Path, tmp_path: Path) -> None:
    silent = tmp_path / "silent.csv"
    silent.write_text("model,prompt_id,response\n" + "".join(f"mute,{i},\n" for i in range(12)))
    result = run("registry", "import", silent, "--registry", lab)
    assert result.exit_code == 6
    assert "0 of 12 probes" in result.output
    shown = run("compare", "distances", "--registry", lab, "--json")
    assert "mute" not in json.loads(shown.stdout)["ids"]
    assert "1 models have too few usable answers" in shown.stderr


def test_hostile_text_is_escaped() -> None:
    assert safe("a\x1b[31mb\u202ec") == "a\\x1b[31mb\\u202ec"
    assert one_line("a\nb", 10) == "a⏎b"
    assert len(safe("x" * 100, 10)) == 10


def test_hostile_names_do_not_reach_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    rows = [
        {
            "model": f"[red]m{i}[/red]\u202e'(:;",
            "prompt_id": p,
            "response": f"<b>{i}</b> {p} \x1b[0m",
        }
        for i in range(4)
        for p in range(8)
    ]
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    lab = tmp_path / "lab"
    assert run("registry", "import", path, "--registry", lab).exit_code == 0
    for command in ("list", "distances", "tree"):
        shown = run(command, "--registry", lab).output
        assert "\x1b" not in shown and "\u202e" not in shown
        assert "[red]m0[/red]" in shown


def test_a_list_begins_with_its_count_and_is_filtered(tmp_path: Path) -> None:
    rows = "".join(
        f"{n},{p},answer {p} of {n}\n" for n in ("Qwen-a", "qwen-b", "other") for p in range(12)
    )
    (tmp_path / "r.csv").write_text("model,prompt_id,response\n" + rows)
    assert run("import", tmp_path / "r.csv", "-r", tmp_path / "lab").exit_code == 0
    said = run("registry", "list", "-r", tmp_path / "lab", "--like", "QWEN", "-n", "1").output
    assert said.startswith("3 models, 2 of them like 'QWEN', 1 assays\n")
    assert "Qwen-a" in said and "qwen-b" not in said and "1 more models" in said
    told = run("registry", "list", "-r", tmp_path / "lab", "--like", "qwen", "-n", "1", "--json")
    assert len(json.loads(told.stdout)["models"]) == 2


def test_numbers_stay_whole_on_a_narrow_terminal() -> None:
    from rich.console import Console

    from cladist.cli.common import table

    made = table("model", "distance", "p", right=("distance", "p"))
    made.add_row("a-very-long-name-of-a-model-" * 4, "3.918274", "0.000012")
    console = Console(width=40)
    with console.capture() as shown:
        console.print(made)
    assert "3.918274" in shown.get() and "0.000012" in shown.get()
