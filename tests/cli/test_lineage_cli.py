"""lineage check, merge and show; and what other commands take from the facts that ship."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from made_families import population
from typer.testing import CliRunner

from cladist.cli.main import app

KNOWN = {
    "Qwen_Qwen2.5-7B": "apache-2.0",
    "Qwen_Qwen2.5-7B-Instruct": "apache-2.0",
    "meta-llama_Llama-2-7b-hf": "llama2",
    "google_gemma-2b": "gemma",
    "EleutherAI_pythia-1b": "apache-2.0",
}


def run(*arguments: str | Path, code: int = 0) -> Any:
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    left = getattr(result.exception, "exit_code", result.exit_code)
    assert left == code, (result.output, result.exception)
    return result


@pytest.fixture(autouse=True)
def _no_corrections(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CLADIST_LINEAGE", str(tmp_path / "own.csv"))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve made models, five of which bear names that facts are known of."""
    folder = tmp_path_factory.mktemp("lab")
    models, _ = population(families=4, members=3, kept=0.75)
    names = [*KNOWN, *(m.model for m in models)][: len(models)]
    rows = [
        {"model": n, "prompt_id": p, "response": t}
        for n, m in zip(names, models)
        for p, t in enumerate(m.texts())
    ]
    (folder / "r.jsonl").write_text("".join(json.dumps(x) + "\n" for x in rows))
    run("registry", "import", folder / "r.jsonl", "-r", folder / "r")
    return folder / "r"


def test_check(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("model,licence\nacme/b,mit\n")
    bad.write_text("model,confidence\nacme/b,sure\nacme/c,high\n")
    assert "0 things are wrong" in run("provenance", "lineage", "check", good).output
    told = run("provenance", "lineage", "check", bad, "--json", code=10)
    data = json.loads(told.stdout)
    assert data["facts"] == 1 and "line 2" in data["problems"][0]
    run("provenance", "lineage", "check", tmp_path / "absent.csv", code=3)


def test_merge(tmp_path: Path) -> None:
    a, b, out = tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "out.csv"
    a.write_text("model,licence,confidence,source\nacme/b,mit,high,cards\n")
    b.write_text("model,licence,group,confidence,source\nAcme_B,gemma,g,low,talk\nz/z,mit,,,\n")
    told = run("provenance", "lineage", "merge", a, b, "--out", out)
    assert "licence is 'mit' (cards, high); others say 'gemma' (talk, low)" in told.output
    assert [x.split(",")[0] for x in out.read_text().splitlines()[1:]] == ["acme/b", "z/z"]
    assert ",g," in out.read_text()
    run("provenance", "lineage", "merge", a, "--with-shipped", "-o", out)
    assert len(out.read_text().splitlines()) > 1_000


def test_show(tmp_path: Path) -> None:
    shown = run("provenance", "lineage", "show", "hf.co/Qwen/Qwen2.5-7B-Instruct", "nobody").output
    assert "apache-2.0" in shown and "nothing is known of 'nobody'" in shown
    run("provenance", "lineage", "show", "nobody", code=2)
    (tmp_path / "own.csv").write_text("model,maker\nQwen_Qwen2.5-7B,Me\n")
    assert (
        "corrections of your own" in run("provenance", "lineage", "show", "Qwen/Qwen2.5-7B").output
    )
    data = json.loads(run("provenance", "lineage", "show", "Qwen/Qwen2.5-7B", "--json").stdout)
    assert data["Qwen/Qwen2.5-7B"][0]["maker"] == "Me"


def test_audit_takes_licences_that_nobody_declares(lab: Path, tmp_path: Path) -> None:
    table = tmp_path / "d.csv"
    table.write_text(
        "model,parent,license\nQwen/Qwen2.5-7B-Instruct,meta-llama/Llama-2-7b-hf,\n"
        "google/gemma-2b,EleutherAI/pythia-1b,mine\n"
    )
    told = run("provenance", "audit", "-r", lab, "-d", table, "--fail-on", "never", "--json")
    found = json.loads(told.stdout)["findings"]
    licence = [f for f in found if f["kind"] == "licence"]
    assert licence and licence[0]["detail"]["parent_licence"] == "llama2"
    assert "licences of 4 models, for which none is declared" in told.stderr


def test_one_table_serves_audit_tree_ancestry_and_atlas(lab: Path, tmp_path: Path) -> None:
    table, out = tmp_path / "declared.csv", tmp_path / "atlas"
    table.write_text(
        "model,parent,relation,date\n"
        "Qwen/Qwen2.5-7B-Instruct,https://huggingface.co/Qwen/Qwen2.5-7B,finetune,2024-09\n"
        "hf.co/google/gemma-2b,models--EleutherAI--pythia-1b,finetune,2024-02\n"
        "meta-llama/Llama-2-7b-hf,meta-llama/llama-2-7b-hf@main,,\n"
        "Qwen/Qwen2.5-7B,,,2024-09\n"
    )
    own = "is named as its own parent"
    told = run("provenance", "audit", "-r", lab, "-d", table, "--fail-on", "never", "--json")
    assert json.loads(told.stdout)["links"] == 3 and own in told.stderr
    tree = run("tree", "-r", lab, "--declared", table, "--json")
    clades = {c["ancestor"] for c in json.loads(tree.stdout)["declared"]}
    assert clades == {"Qwen_Qwen2.5-7B", "EleutherAI_pythia-1b"} and own in tree.stderr
    run("tree", "ancestry", "-r", lab, "--dates", table, "--support", 0, "--json")
    made = json.loads(
        run("map", "atlas", "-r", lab, "-o", out, "--declared", table, "--json").stdout
    )
    assert any(own in r for r in made["remarks"])
    assert not any("fits" in r for r in made["remarks"])
    assert any("no metadata was given" in r for r in made["remarks"])


def test_dates_that_are_known_date_trees(lab: Path) -> None:
    told = run("tree", "-r", lab, "--root", "dates", "--json")
    assert "release dates of 5 of 12 are taken from the facts" in told.stderr
    assert "clock" in json.loads(told.stdout)
    clock = run("tree", "clock", "-r", lab, "--json")
    assert "no --dates" in clock.stderr


def test_predict_takes_families_that_are_known(lab: Path, tmp_path: Path) -> None:
    scores = tmp_path / "s.csv"
    names = json.loads(run("registry", "list", "-r", lab, "--json").stdout)
    listed = [m["name"] for m in (names["models"] if isinstance(names, dict) else names)]
    rows = "".join(f"{n},{k % 7 / 10}\n" for k, n in enumerate(listed[:-1]))
    scores.write_text(f"model,x\n{rows}")
    told = run("scores", "predict", "--scores", scores, "-r", lab, "--distances-only", "--json")
    assert "no --labels, so families of 5 of 12" in told.stderr
