"""predict, route, portfolio and dedupe as a stranger meets them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from cladist.cli.main import app
from cladist.errors import CladistError, InputError, UsageError

FAMILIES, MEMBERS, PROBES = 6, 3, 16


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def said(*arguments: object) -> dict:  # type: ignore[type-arg]
    result = run(*arguments, "--json")
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(result.stdout)  # type: ignore[no-any-return]


def fails(kind: type[CladistError], *arguments: object) -> str:
    result = run(*arguments)
    assert isinstance(result.exception, kind), (result.output, result.exception)
    return str(result.exception)


def write(path: Path, header: str, rows: list[tuple[object, ...]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(header.split(","))
        out.writerows(rows)
    return path


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six families of three that do sums with more or less skill, one model twice."""
    folder = tmp_path_factory.mktemp("apply")
    rng = np.random.default_rng(0)
    sums = rng.integers(10, 99, size=(PROBES, 2))
    answers, skill, families = [], {}, {}
    for f in range(FAMILIES):
        for m in range(MEMBERS):
            name = f"f{f}-m{m}"
            skill[name], families[name] = float(rng.uniform(0.2, 0.95)), f"f{f}"
            for p, (a, b) in enumerate(sums):
                total = a + b if rng.random() < skill[name] else int(rng.integers(20, 200))
                answers.append((name, p, f"Style {f}: {a} and {b} make {total}."))
    skill["twin"], families["twin"] = skill["f0-m0"], "f0"
    answers += [("twin", p, t) for n, p, t in answers if n == "f0-m0"]
    write(folder / "answers.csv", "model,prompt_id,response", answers)
    write(
        folder / "scores.csv",
        "model,sums,note",
        [(n, f"{100 * s:.1f}", "made up") for n, s in skill.items() if n != "f5-m2"]
        + [("ghost", 50, "")],
    )
    write(folder / "labels.csv", "model,family", list(families.items()))
    questions = [(f"q{i}", f"What is {a} + {b}?") for i, (a, b) in enumerate(sums)]
    write(folder / "questions.csv", "question,text", questions)
    write(
        folder / "records.csv",
        "model,question,score",
        [
            (n, q, "right" if rng.random() < s else "wrong")
            for n, s in skill.items()
            for q, _ in questions
            if not n.startswith("f5")
        ],
    )
    write(folder / "costs.csv", "model,cost", [(n, 1 + i) for i, n in enumerate(skill)])
    assert (
        run("registry", "import", folder / "answers.csv", "-r", folder / "r", "-q").exit_code == 0
    )
    return folder


@pytest.mark.parametrize("command", ["predict", "route", "portfolio", "dedupe"])
def test_help(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"cladist {command}" in result.output


def test_predict_what_lacks_a_score(lab: Path) -> None:
    call = ("predict", "-r", lab / "r", "-s", lab / "scores.csv", "-q")
    found = said(*call, "--labels", lab / "labels.csv", "--level", 0.7)
    (column,) = found["columns"]
    assert (column["column"], column["bounds"]) == ("sums", [0.0, 100.0])
    assert (column["scored"], column["families"]) == (18, 6)
    (one,) = column["predictions"]
    assert one["model"] == "f5-m2"
    assert one["lower"] < one["predicted"] < one["upper"]
    assert one["holds_for"] == "known families"
    shown = run(*call, "--labels", lab / "labels.csv", "--level", 0.9)
    assert "left out: ghost" in shown.stderr
    assert "nothing can be said" not in shown.output  # f5 has relatives with scores
    plain = run(*call)
    assert "models like these" in plain.stdout
    assert "no --labels" in plain.stderr


def test_predict_a_scored_model_without_its_score(lab: Path) -> None:
    call = ("predict", "f1-m1", "-r", lab / "r", "--labels", lab / "labels.csv", "-q")
    (one,) = said(*call, "-s", lab / "scores.csv")["columns"][0]["predictions"]
    changed = (lab / "scores.csv").read_text().splitlines()
    changed = [f"f1-m1,{7 if '8' in x else 8},x" if x.startswith("f1-m1") else x for x in changed]
    (lab / "changed.csv").write_text("\n".join(changed))
    (other,) = said(*call, "-s", lab / "changed.csv")["columns"][0]["predictions"]
    assert one["predicted"] == other["predicted"]
    assert one["actual"] != other["actual"]


def test_predict_from_a_matrix_and_evaluate(lab: Path) -> None:
    assert run("compare", "distances", "-r", lab / "r", "-o", lab / "m.npz").exit_code == 0
    found = said("predict", "--matrix", lab / "m.npz", "-s", lab / "scores.csv")
    assert found["features"]["models"] == FAMILIES * MEMBERS + 1
    call = ("predict", "--matrix", lab / "m.npz", "-s", lab / "scores.csv", "--evaluate")
    measured = said(*call, "--labels", lab / "labels.csv", "--level", 0.5)
    names = [m["method"] for m in measured["columns"][0]["methods"]]
    assert names[0] == "mean of families"
    assert "coverage" in measured["columns"][0]["methods"][-1]
    shown = run(*call, "--labels", lab / "labels.csv")
    assert shown.exit_code == 0
    assert "families left out" in shown.stdout


def test_predict_refuses_with_reasons(lab: Path) -> None:
    base = ("predict", "-r", lab / "r", "-q", "-s")
    constant = write(lab / "c.csv", "model,a", [(f"f{i}-m0", 5) for i in range(4)])
    assert "nothing to predict" in fails(InputError, *base, constant)
    unknown = write(lab / "u.csv", "model,a", [("ghost", 5)])
    assert "none of the 1" in fails(UsageError, *base, unknown)
    few = write(lab / "f.csv", "model,a", [("f0-m0", 5), ("f1-m0", 6)])
    assert "too few" in fails(InputError, *base, few)
    assert "did you mean f0-m1" in fails(
        UsageError, "predict", "f0-m1x", "-r", lab / "r", "-q", "-s", lab / "scores.csv"
    )
    assert "no column 'x'" in fails(UsageError, *base, lab / "scores.csv", "--column", "x")
    assert "--scale" in fails(UsageError, *base, lab / "scores.csv", "--scale", "x")
    assert "within the bounds" in fails(
        InputError, *base, lab / "scores.csv", "--scale", "fraction"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model\na\n", "no column of numbers"),
        ("name,a\nx,1\n", "no column model"),
        ("model,a\nx,1\nx,2\n", "stands there twice"),
        ("model,a\nx,1\ny,oops\n", "'oops' in line 3 is no number"),
        ("model,a\nx,nan\n", "no column of numbers"),
        ('model,a\n"x,1\n', "not a CSV file"),
    ],
)
def test_score_files_are_checked(lab: Path, text: str, message: str) -> None:
    path = lab / "bad.csv"
    path.write_text(text)
    assert message in fails(InputError, "predict", "-r", lab / "r", "-s", path)


def test_route_chooses_among_all_that_are_known(lab: Path) -> None:
    call = ("route", "What is 3 + 4?", "-r", lab / "r", "--encoder", "lexical", "-q")
    records = ("--records", lab / "records.csv", "--questions", lab / "questions.csv")
    found = said(*call, *records)
    assert found["encoder"] == "lexical"
    assert found["models"]["f5-m0"] in ("DNA", "the average model")
    assert found["models"]["f0-m0"].startswith("16 records")
    (choice,) = found["choices"]
    assert choice["model"] == choice["best"]
    assert 0 < choice["expected"] < 1
    priced = (*call, *records, "--costs", lab / "costs.csv")
    (cheap,) = said(*priced, "--threshold", 0.01)["choices"]
    assert (cheap["cost"], cheap["reaches_threshold"]) == (1.0, True)
    (none,) = said(*priced, "--threshold", 1, "--abstain")["choices"]
    assert none["model"] is None
    shown = run(*priced, "--threshold", 1)
    assert "no model reaches the threshold" in shown.stderr
    (lab / "ask.txt").write_text("What is 5 + 5?\n\nAnd 6 + 6?\n")
    assert len(said(*call, *records, "--ask", lab / "ask.txt")["choices"]) == 3


def test_route_evaluates_and_does_without_dna(
    lab: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)  # without a registry
    call = ("route", "--records", lab / "records.csv", "--encoder", "lexical", "-q", "--evaluate")
    costs = ("--costs", lab / "costs.csv")
    found = said(*call, *costs)
    assert found["models"] == 16
    assert 0 <= found["calibration_error"] <= 0.5
    assert found["oracle"] >= found["best_single"]["accuracy"]
    prices = [p["cost"] for p in found["frontier"]]
    assert prices == sorted(prices)
    shown = run(*call, *costs)
    assert "no registry" in shown.stderr
    assert "cost against quality" in shown.stdout


def test_route_refuses_with_reasons(lab: Path) -> None:
    base = ("route", "x", "-r", lab / "r", "-q", "--encoder", "lexical")
    records = ("--records", lab / "records.csv")
    assert "give --costs" in fails(UsageError, *base, *records, "--threshold", 0.5)
    assert "needs a --threshold" in fails(UsageError, *base, *records, "--abstain")
    assert "no question" in fails(UsageError, "route", "-r", lab / "r", *records)
    assert "neither records" in fails(UsageError, *base, *records, "--model", "ghost")
    assert "encoder 'x'" in fails(UsageError, *base[:-1], "x", *records)
    some = write(lab / "some.csv", "model,cost", [("f0-m0", 1)])
    assert "no cost of 18 models" in fails(
        InputError, *base, *records, "--costs", some, "--threshold", 0.5
    )
    assert "no text" in fails(
        InputError,
        *base,
        *records,
        "--questions",
        write(lab / "q.csv", "question,text", [("q0", "a")]),
    )
    odd = write(lab / "odd.csv", "model,question,score", [("a", "q", "perhaps")])
    assert "'perhaps' is no score" in fails(InputError, *base, "--records", odd)
    two = write(lab / "two.csv", "model,question,score", [("a", "q", 1), ("a", "q", 0)])
    assert "two scores" in fails(InputError, *base, "--records", two)


def test_portfolio(lab: Path) -> None:
    call = ("portfolio", 3, "-r", lab / "r")
    found = said(*call, "-s", lab / "scores.csv", "--records", lab / "records.csv")
    assert len({m["model"] for m in found["members"]}) == 3
    assert {m["model"] for m in found["members"]} != {"f0-m0", "twin"}
    assert found["mean_distance"] >= found["top_by_score"]["mean_distance"]
    assert set(found["measured"]) == {"picked", "top_by_score"}
    forced = said(*call, "-s", lab / "scores.csv", "--require", "f2-m2")
    assert forced["members"][0]["model"] == "f2-m2"
    apart = run(*call)
    assert "by distance alone" in apart.stderr
    by_records = said(*call, "--records", lab / "records.csv")
    assert by_records["mean_score"] is not None
    assert "have what it takes" in fails(InputError, "portfolio", 99, "-r", lab / "r")
    assert (
        run("scores", "portfolio", 2, "-r", lab / "r", "--records", lab / "records.csv").exit_code
        == 0
    )


def test_dedupe(lab: Path) -> None:
    found = said("dedupe", "-r", lab / "r")
    assert found["spare"] == 1
    (group,) = found["groups"]
    assert {group["keep"], *group["others"]} == {"f0-m0", "twin"}
    assert group["farthest"] == 0
    scores = write(lab / "keep.csv", "model,a", [("twin", 2), ("f0-m0", 1)])
    (best,) = said("dedupe", "-r", lab / "r", "-s", scores)["groups"]
    assert (best["keep"], best["reason"]) == ("twin", "best by score")
    assert said("dedupe", "-r", lab / "r", "--distance", 1e9)["spare"] == FAMILIES * MEMBERS
    assert "near-identical" in run("registry", "dedupe", "-r", lab / "r").stdout
    assert "--distance" in fails(UsageError, "dedupe", "-r", lab / "r", "--metric", "cosine")
