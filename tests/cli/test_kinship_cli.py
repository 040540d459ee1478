from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from made_families import population
from typer.testing import CliRunner, Result

from cladist.cli.kinship import _show as shown
from cladist.cli.main import app
from cladist.errors import CladistError, CoverageError, InputError, NotComparableError, UsageError
from cladist.formats.labels import read_labels
from cladist.kinship.inference.pair_test import judge_kinship
from cladist.kinship.inference.pairs import pair_evidence
from cladist.registry import Registry


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def said(result: Result) -> dict:  # type: ignore[type-arg]
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)  # type: ignore[no-any-return]


def fails(kind: type[CladistError], *arguments: str | Path) -> str:
    result = run(*arguments)
    assert isinstance(result.exception, kind), result.output
    return str(result.exception)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry of forty families of three, with labels and a panel beside it."""
    folder = tmp_path_factory.mktemp("lab")
    models, names = population(families=40, members=3, kept=0.75)
    lines = [
        {"model": m.model, "prompt_id": p, "response": t}
        for m in models
        for p, t in enumerate(m.texts())
    ]
    (folder / "responses.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))
    rows = [f"{m.model},{n},2024-0{1 + i % 3}" for i, (m, n) in enumerate(zip(models, names))]
    (folder / "labels.csv").write_text("model,family,date\n" + "\n".join(rows) + "\n")
    assert run("registry", "import", folder / "responses.jsonl", "-r", folder / "r").exit_code == 0
    assert (
        run("reference", "panel", "build", folder / "panel.parquet", "-r", folder / "r").exit_code
        == 0
    )
    return folder


def test_help_of_every_command() -> None:
    for words in (
        ["compare", "kinship"],
        ["identify"],
        ["compare", "same"],
        ["reference", "panel", "build"],
        ["reference", "panel", "show"],
    ):
        result = run(*words, "--help")
        assert result.exit_code == 0 and "Usage" in result.output


def test_kin_and_stranger(lab: Path) -> None:
    call = ("kinship", "f0-m0", "f0-m1", "f5-m0", "-r", lab / "r", "--labels", lab / "labels.csv")
    found = said(run(*call, "--json"))
    kin, stranger = found["results"]
    assert (kin["verdict"], kin["b"]) == ("related", "f0-m1")
    assert stranger["verdict"] in ("unrelated", "inconclusive")
    assert kin["p"] <= 0.01 < stranger["p"]
    assert kin["probes"] == 40 and "declared families" in kin["basis"]
    text = run(*call).output
    assert "f0-m0 and f0-m1: related" in text
    assert "  panel     " in text and "stated false-positive rate 0.01" in text
    assert run(*call, "--json").stdout == run(*call, "--json").stdout


def test_without_labels_power_is_unknown(lab: Path) -> None:
    found = said(run("compare", "kinship", "f0-m0", "f0-m1", "-r", lab / "r", "--json"))["results"][
        0
    ]
    assert found["power"] is None and found["kin_p"] is None
    assert "guessed" in found["basis"]


def test_several_candidates_are_adjusted(lab: Path) -> None:
    many = [f"f{i}-m1" for i in range(6)]
    call = ("kinship", "f0-m0", *many, "-r", lab / "r", "--json", "--adjust")
    p = {how: [r["p"] for r in said(run(*call, how))["results"]] for how in ("none", "bh", "holm")}
    assert p["holm"][0] == pytest.approx(min(1, 6 * p["none"][0]))
    assert all(h >= b >= n for h, b, n in zip(p["holm"], p["bh"], p["none"]))
    message = fails(UsageError, "kinship", "f0-m0", "f0-m1", "-r", lab / "r", "--adjust", "x")
    assert "holm, bh, by or none" in message


def test_early_stop_direction_and_mixture(lab: Path) -> None:
    found = said(
        run("compare", "kinship", "f0-m0", "f0-m1", "f0-m2", "-r", lab / "r",
            "--labels", lab / "labels.csv", "--sequential", "--direction", "--mixture", "--json")
    )  # fmt: skip
    assert found["sequential"][0]["probes"] + found["sequential"][0]["saved"] == 40
    assert {d["ancestor"] for d in found["direction"]} == {"f0-m0"}  # declared first
    assert {d["basis"] for d in found["direction"]} == {"dates"}
    assert sum(found["mixture"]["weights"]) == pytest.approx(1)
    text = run("compare", "kinship", "f0-m0", "f0-m1", "f0-m2", "-r", lab / "r", "--mixture").output
    assert "no proof of a merge" in text


def test_a_panel_serves_instead_of_the_registry(lab: Path) -> None:
    call = ("kinship", "f0-m0", "f0-m1", "-r", lab / "r", "--panel", lab / "panel.parquet")
    found = said(run(*call, "--json"))["results"][0]
    assert found["verdict"] == "related" and "120 models" in found["basis"]
    shown = said(run("reference", "panel", "show", lab / "panel.parquet", "--json"))
    assert (len(shown["models"]), shown["probes"]) == (120, 40)
    assert "and 100 more" in run("reference", "panel", "show", lab / "panel.parquet").output


def test_a_panel_carries_its_labels(lab: Path, tmp_path: Path) -> None:
    """Whoever has the file needs no labels: the same answer as with them."""
    told = ("--labels", lab / "labels.csv")
    path = tmp_path / "told.parquet"
    made = run("reference", "panel", "build", path, "-r", lab / "r", *told, "--licence", "MIT")
    assert made.exit_code == 0
    call = ("compare", "kinship", "f0-m0", "f0-m1", "f9-m2", "-r", lab / "r", "--json", "--panel")
    carried = said(run(*call, path))["results"]
    assert "120 declared families" not in carried[0]["basis"]
    assert "40 declared families" in carried[0]["basis"]
    assert carried == said(run(*call, lab / "panel.parquet", *told))["results"]
    shown = run("reference", "panel", "show", path).output
    assert "120 with what is declared of them" in shown
    assert "licence   MIT" in shown


def test_another_protocol_of_a_panel_is_refused(lab: Path, tmp_path: Path) -> None:
    lines = [{"model": f"m{i}", "prompt_id": f"q{p}", "response": f"{i}{p}"}
             for i in range(3) for p in range(12)]  # fmt: skip
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))
    assert run("registry", "import", tmp_path / "x.jsonl", "-r", tmp_path / "o").exit_code == 0
    assert (
        run("reference", "panel", "build", tmp_path / "p.parquet", "-r", tmp_path / "o").exit_code
        == 0
    )
    message = fails(
        NotComparableError, "kinship", "f0-m0", "f0-m1", "-r", lab / "r", "--panel",
        tmp_path / "p.parquet",
    )  # fmt: skip
    assert "rests on protocol" in message
    damaged = tmp_path / "damaged.parquet"
    damaged.write_bytes((tmp_path / "p.parquet").read_bytes()[:-40])
    assert "no panel" in fails(InputError, "panel", "show", damaged)


def test_a_model_without_answers_is_not_taken_for_the_member_of_its_name(
    lab: Path, tmp_path: Path
) -> None:
    answers = (lab / "responses.jsonl").read_text().splitlines()
    few = [json.loads(line) for line in answers]
    few = [x | {"response": ""} if x["model"] == "f0-m1" else x for x in few]
    few = [x for x in few if x["model"].endswith(("m0", "m1"))]
    (tmp_path / "few.jsonl").write_text("".join(json.dumps(x) + "\n" for x in few))
    assert run("registry", "import", tmp_path / "few.jsonl", "-r", tmp_path / "r").exit_code == 0
    told = fails(
        CoverageError, "kinship", "f0-m0", "f0-m1", "-r", tmp_path / "r", "--panel",
        lab / "panel.parquet",
    )  # fmt: skip
    assert "'f0-m1' has no usable answer" in told


def test_identify_with_and_without_labels(lab: Path) -> None:
    call = ("identify", "f3-m0", "-r", lab / "r")
    found = said(run(*call, "--labels", lab / "labels.csv", "--json"))
    assert found["families"][0] == "family3"
    assert sum(found["probabilities"]) + found["none"] == pytest.approx(1)
    assert found["set"]["families"] == ["family3"] and found["set"]["coverage"] == 0.9
    text = run(*call, "--labels", lab / "labels.csv").output
    assert "Not excluded at 90%: family3." in text and "Best family: family3, " in text
    assert "none of these" in text and "each asked with and without its family" in text
    nearest = said(run(*call, "--json"))
    assert nearest["nearest"][0]["model"] in ("f3-m1", "f3-m2")
    assert isinstance(nearest["none_shown"], bool)
    assert "p (adjusted)" in run(*call).output


def test_same_on_recorded_answers(lab: Path) -> None:
    found = said(run("compare", "same", "f0-m0", "f0-m1", "-r", lab / "r", "--json"))
    assert (found["mode"], found["verdict"]) == ("greedy", "inconclusive")
    again = said(
        run("compare", "same", "f0-m0", "f0-m0", "-r", lab / "r", "--other", lab / "r", "--json")
    )
    assert again["verdict"] in ("same", "inconclusive") and again["effect"] == 0
    assert "f0-m0 and f0-m1" in run("compare", "same", "f0-m0", "f0-m1", "-r", lab / "r").output
    assert "always the same" in fails(UsageError, "same", "f0-m0", "f0-m0", "-r", lab / "r")


def test_unknown_names_and_bad_labels(lab: Path, tmp_path: Path) -> None:
    assert "did you mean" in fails(UsageError, "kinship", "f0-m9", "f0-m1", "-r", lab / "r")
    assert "no model" in fails(UsageError, "identify", "nobody", "-r", lab / "r")
    bad = tmp_path / "bad.csv"
    for text, complaint in (
        ("name,kin\na,b\n", "no column model"),
        ("model,family\na,x\na,y\n", "line 3: model 'a' is declared twice"),
        ("model,family\n", "declares no model"),
    ):
        bad.write_text(text)
        with pytest.raises(InputError, match=complaint):
            read_labels(bad)
    bad.write_bytes(b"model,family\n\xff\xfe,x\n")
    with pytest.raises(InputError, match="not UTF-8"):
        read_labels(bad)
    with pytest.raises(InputError, match="cannot be read"):
        read_labels(tmp_path / "absent.csv")


def test_hostile_labels_are_escaped(lab: Path, tmp_path: Path) -> None:
    text = (lab / "labels.csv").read_text().replace("family3", "fam\x1b[31mily3")
    (tmp_path / "labels.csv").write_text(text)
    result = run("identify", "f3-m0", "-r", lab / "r", "--labels", tmp_path / "labels.csv")
    assert result.exit_code == 0 and "\x1b" not in result.output and "ily3" in result.output


def test_asking_settles_one_question(lab: Path) -> None:
    call = ("kinship", "builtin:tiny-stage", "f0-m0")
    assert "one candidate" in fails(UsageError, *call, "f1-m0", "-r", lab / "r", "--ask")
    message = fails(CladistError, *call, "-r", lab / "r", "--ask")
    assert "recorded responses" in message


def test_identify_a_path_says_how_to_write_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("model.gguf").touch()
    Path("folder").mkdir()
    for given, said in (("model.gguf", "gguf:model.gguf"), ("folder", "hf:folder")):
        assert f"this one is {said};" in fails(UsageError, "identify", given)
    message = fails(UsageError, "identify", "nobody")
    assert "no registry in cladist-registry" in message and "this one" not in message


def test_of_copies_nothing_is_said_of_tokenizers(capsys: pytest.CaptureFixture[str]) -> None:
    """Their answers are equal to the letter, so 'do not show as the same' would contradict that."""
    said_alike, _ = population(families=1, members=2, kept=1.0)
    found = judge_kinship(said_alike, pair_evidence(said_alike), "f0-m0", "f0-m1")
    assert "identical-answers" in found.flags
    shown(replace(found, tokenizer=0.2))
    assert "  tokenizer " not in capsys.readouterr().out
    shown(replace(found, tokenizer=0.2, flags=()))
    assert "  tokenizer do not show as the same" in capsys.readouterr().out


def with_copies(lab: Path, folder: Path, *copied: str) -> Path:
    """The registry of the lab, with a copy of each of `copied` beside it."""
    lines = [json.loads(line) for line in (lab / "responses.jsonl").read_text().splitlines()]
    lines += [x | {"model": f"copy of {x['model']}"} for x in lines if x["model"] in copied]
    (folder / "answers.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))
    assert run("registry", "import", folder / "answers.jsonl", "-r", folder / "r").exit_code == 0
    return folder / "r"


def test_copies_among_the_parents_of_a_mixture_are_one_candidate(lab: Path, tmp_path: Path) -> None:
    copied = with_copies(lab, tmp_path, "f0-m1")
    two = ("compare", "kinship", "f0-m0", "f0-m1", "f5-m0")
    call = (*two, "copy of f0-m1", "-r", copied, "--mixture")
    found = said(run(*call, "--json"))["mixture"]
    alone = said(run(*two, "-r", lab / "r", "--mixture", "--json"))["mixture"]
    assert found == alone | {"copies": [["copy of f0-m1"], []]}
    result = run(*call)
    assert "f0-m1 or copy of f0-m1" in result.output
    assert "'f0-m1' and 'copy of f0-m1' answer alike throughout" in " ".join(result.stderr.split())
    copies = ("compare", "kinship", "f0-m0", "f0-m1", "copy of f0-m1", "-r", copied, "--mixture")
    assert said(run(*copies, "--json"))["mixture"] is None
    assert "a mixture needs two" in " ".join(run(*copies).stderr.split())


def test_a_model_of_other_prompts_is_told_so(lab: Path, tmp_path: Path) -> None:
    """'Not among the models that answered' had people look for answers that are there."""
    registry = with_copies(lab, tmp_path)
    lines = [{"model": "foreign", "prompt_id": f"q{p}", "response": f"{p} says"} for p in range(40)]
    (tmp_path / "other.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))
    assert run("registry", "import", tmp_path / "other.jsonl", "-r", registry).exit_code == 0
    for command in (
        ("compare", "kinship", "foreign", "f0-m0"),
        ("compare", "kinship", "f0-m0", "foreign"),
        ("compare", "relatives", "foreign"),
        ("identify", "foreign"),
        ("report", "foreign", "--out", tmp_path / "report.html"),
    ):
        message = fails(CoverageError, *command, "-r", registry)
        assert "'foreign' has no usable answer to assay cladist#" in message, command
        assert "it answered other prompts, those of cladist#" in message, command


def test_relatives_need_answers_and_no_dna(lab: Path, tmp_path: Path) -> None:
    """Such as a model that was asked with --ask has none: kinship of it was tested, not listed."""
    whole = with_copies(lab, tmp_path)
    call = ("compare", "relatives", "f0-m0", "-r", whole, "--json")
    before = said(run(*call))
    with Registry.open(whole, create=False) as store, store.transaction():
        row = store.model("f0-m0").id
        store._db.execute("DELETE FROM dna WHERE model_id = ?", (row,))
    assert said(run(*call)) == before
    assert before["relatives"][0]["model"] in ("f0-m1", "f0-m2")
    assert "no DNA" in fails(UsageError, *call, "--metric", "cosine")
    others = said(run("compare", "relatives", "f0-m1", "-r", whole, "-n", "200", "--json"))
    assert "f0-m0" not in [r["model"] for r in others["relatives"]]  # as in trees and maps
