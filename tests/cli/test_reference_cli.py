from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from shlex import split

import pytest
from made_collections import collection, dna_web, families
from typer.testing import CliRunner, Result

from cladist.cli.main import app
from cladist.errors import InputError, NotComparableError, UsageError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLADIST_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CLADIST_REGISTRY", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A clone, a catalogue of its own, and the lineage of its models."""
    said, prompts, known = families(36, 3, 16)
    folder = tmp_path / "clone" / "out" / "rand"
    dna_web(folder, said, prompts)
    entry = asdict(collection(folder=folder))
    asked = '{ interface = "raw", max_tokens = 1024, system = "", template = "" }'
    lines = [
        f"asked = {asked}" if k == "asked" else f"{k} = {json.dumps(v)}" for k, v in entry.items()
    ]
    (tmp_path / "own.toml").write_text("format = 1\n[[collection]]\n" + "\n".join(lines) + "\n")
    rows = [f"{m.replace('/', '_')},{f}" for m, f in known.items()]
    (tmp_path / "labels.csv").write_text("model,family\n" + "\n".join(rows) + "\n")
    answers = [
        {"model": "child", "prompt": p, "response": t}
        for p, t in zip(prompts, said["org/f5-m1"], strict=True)
    ]
    (tmp_path / "child.jsonl").write_text("".join(json.dumps(a) + "\n" for a in answers))
    return tmp_path


def add(folder: Path, *more: str) -> Result:
    return run("reference", "add", "made", "--catalogue", folder / "own.toml", "--from",
               folder / "clone", "--labels", folder / "labels.csv", *more)  # fmt: skip


def test_who_was_not_tested_is_not_spoken_of(made: Path) -> None:
    """A member of no known family is nobody's stranger; its copy is not said to be unlike it."""
    labels = made / "labels.csv"
    kept = [x for x in labels.read_text().splitlines() if not x.endswith(",family5")]
    labels.write_text("\n".join(kept) + "\n")
    assert add(made).exit_code == 0
    found = run("identify", f"recorded:{made / 'child.jsonl'}")
    assert found.exit_code == 0, found.output
    told = found.output.splitlines()
    assert told[0] == (
        "child is not shown to be related to any model of known family in the reference."
    )
    assert any("org/f5-m" in x and x.endswith("(no known family, not tested)") for x in told)


def test_from_nothing_to_an_answer(made: Path) -> None:
    nothing = run("identify", f"recorded:{made / 'child.jsonl'}")
    assert isinstance(nothing.exception, UsageError)
    assert "reference add dna-web-rand" in str(nothing.exception)
    added = add(made)
    assert added.exit_code == 0, added.output
    assert "108 models, 16 prompts, 108 with a known family" in added.output
    found = run("identify", f"recorded:{made / 'child.jsonl'}")
    assert found.exit_code == 0, found.output
    assert "child is related to org/f5-m" in found.output
    for words in ("nearest", "family    family5", "made: 108 models, MIT", "asked     16 prompts",
                  "temperature not recorded, 0 assumed"):  # fmt: skip
        assert words in found.output, found.output
    assert len(found.output.splitlines()) <= 12
    (next_line,) = [x for x in found.output.splitlines() if x.startswith("  next")]
    command = split(next_line.removeprefix("  next").strip())
    page = made / "report.html"
    reported = run(*command[1:-1], page)  # as it was printed, but for the place of the page
    assert reported.exit_code == 0, reported.output
    assert "child is kin of org/f5-m" in page.read_text("utf-8") and command[-1] == "report.html"
    data = json.loads(run("identify", f"recorded:{made / 'child.jsonl'}", "--json").stdout)
    assert data["verdict"] == "related" and data["asked"]["known"] == 16
    assert data["reference"]["name"] == "made" and data["nearest"][0]["family"] == "family5"


def test_list_show_and_remove(made: Path) -> None:
    assert "alpaca-eval" in run("reference", "list").output
    assert "CC BY-NC 4.0" in run("reference", "show", "alpaca-eval").output
    assert add(made).exit_code == 0
    listed = json.loads(run("reference", "list", "--json").stdout)
    assert [r["name"] for r in listed["installed"]] == ["made"]
    assert "not recorded" in run("reference", "show", "made").output
    assert "is removed" in run("reference", "remove", "made").output
    assert json.loads(run("reference", "list", "--json").stdout)["installed"] == []


def test_terms_are_not_accepted_by_a_pipe(made: Path) -> None:
    refused = run("reference", "add", "alpaca-eval", "--from", made / "clone")
    assert isinstance(refused.exception, UsageError)
    assert "--accept-licence" in str(refused.exception)
    other = run("reference", "add", "alpaca-eval", "--from", made / "clone", "--accept-licence")
    assert isinstance(other.exception, InputError) and "another commit" in str(other.exception)


def test_unpinned_is_for_clones(made: Path) -> None:
    refused = run("reference", "add", "dna-web-rand", "--unpinned")
    assert isinstance(refused.exception, UsageError) and "--from" in str(refused.exception)


def test_a_registry_becomes_a_file_and_a_reference(made: Path, home: Path) -> None:
    assert add(made).exit_code == 0
    own = home / "references" / "made"
    built = run("reference", "build", made / "ours.cladref", "--registry", own, "--licence", "MIT")
    assert built.exit_code == 0 and "wrote 108 models" in built.output
    assert "ours: 108 models" in run("reference", "add", made / "ours.cladref").output


def test_a_model_is_asked_like_a_reference_and_like_a_registry(made: Path) -> None:
    assert add(made).exit_code == 0
    uri = f"recorded:{made / 'child.jsonl'}"
    found = run("extract", uri, "--like", "made", "--registry", made / "lab", "--json")
    assert found.exit_code == 0, found.output
    (data,) = json.loads(found.stdout)
    assert (
        data["interface"] == "raw" and data["dna"] and any("assumed" in r for r in data["remarks"])
    )
    copy = run(
        "extract", uri, "--like", made / "home/references/made", "-r", made / "lab", "--json"
    )
    assert json.loads(copy.stdout)[0]["known"] == 16


def test_like_refuses_what_does_not_fit(made: Path) -> None:
    assert add(made).exit_code == 0
    uri = f"recorded:{made / 'child.jsonl'}"
    wrong = run("extract", uri, "--like", "made", "--interface", "chat", "-r", made / "lab")
    assert isinstance(wrong.exception, NotComparableError)
    assert isinstance(run("extract", uri, "--interface", "raw").exception, UsageError)
    assert isinstance(run("extract", uri, "--like", "nope").exception, UsageError)


def test_a_model_named_like_a_uri_is_the_registry_s(made: Path) -> None:
    text = (made / "child.jsonl").read_text().replace('"child"', '"openai:x"')
    others = [text.replace("openai:x", f"m{k}").replace("a", "e" * k) for k in range(1, 4)]
    (made / "all.jsonl").write_text(text + "".join(others))
    assert run("registry", "import", made / "all.jsonl", "-r", made / "lab").exit_code == 0
    found = run("identify", "openai:x", "-r", made / "lab")
    assert found.exit_code == 0 and "nearest" in found.output


def test_import_states_how_answers_were_asked(made: Path) -> None:
    rows = [json.loads(x) for x in (made / "child.jsonl").read_text().splitlines()]
    lines = [
        {"model": "child", "prompt_id": i, "response": r["response"]} for i, r in enumerate(rows)
    ]
    (made / "bare.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))
    table = "prompt_id,prompt\n" + "".join(f'{i},"{r["prompt"]}"\n' for i, r in enumerate(rows))
    (made / "prompts.csv").write_text(table)
    done = run("registry", "import", made / "bare.jsonl", "--prompts", made / "prompts.csv",
               "--decoding", "interface=raw,temperature=0,max_tokens=20",
               "-r", made / "lab")  # fmt: skip
    assert done.exit_code == 0, done.output
    asked = run("extract", f"recorded:{made / 'child.jsonl'}#again", "--like", made / "lab",
                "-r", made / "lab", "--json")  # fmt: skip
    assert asked.exit_code == 0, asked.output
    assert json.loads(asked.stdout)[0]["failed"] == 0
    refused = run("compare", "same", "child", "again", "-r", made / "lab")
    assert isinstance(refused.exception, NotComparableError)
    assert "as far as kinship reads" in str(refused.exception)
