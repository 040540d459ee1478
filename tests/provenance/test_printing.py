"""A report on paper: nothing cut, pages numbered, made by somebody from something, no guesses."""

from __future__ import annotations

import hashlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from made_families import population
from typer.testing import CliRunner

from cladist.cli.main import app
from cladist.errors import InputError, MissingExtraError, UsageError
from cladist.provenance.answers_told import told_of
from cladist.provenance.making import given
from cladist.provenance.markup import MOST_LINES, answer
from cladist.provenance.report import RELATIVES
from cladist.provenance.wording import listing, many, sentence

WHEN = "2026-01-31T12:00:00Z"
PROBES = 24


def run(*arguments: str | Path) -> Any:
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lab")
    models, names = population(families=24, members=3, kept=0.75)
    rows = [
        {"model": f"unsloth_{m.model}", "prompt_id": p, "response": t}
        for m in models
        for p, t in enumerate(m.texts())
    ]
    (folder / "r.jsonl").write_text("".join(json.dumps(x) + "\n" for x in rows))
    labels = [f"unsloth_{m.model},{n}" for m, n in zip(models, names, strict=True)]
    (folder / "labels.csv").write_text("model,family\n" + "\n".join(labels) + "\n")
    assert run("import", folder / "r.jsonl", "-r", folder / "r").exit_code == 0
    return folder


def made(lab: Path, *more: str | Path) -> Any:
    return run(
        "report", "unsloth_f0-m0", "-r", lab / "r", "--labels", lab / "labels.csv",
        "--alpha", "0.05", "--author", "A. <Expert>", "--created", WHEN, "-q", *more,
    )  # fmt: skip


@pytest.fixture(scope="module")
def page(lab: Path) -> str:
    done = made(lab, "-o", lab / "r.html", "-o", lab / "r.json", "--paper", "letter")
    assert done.exit_code == 0, (done.output, done.exception)
    return (lab / "r.html").read_text(encoding="utf-8")


def test_it_says_who_when_from_what_and_how_again(lab: Path, page: str) -> None:
    digest = hashlib.sha256((lab / "labels.csv").read_bytes()).hexdigest()
    assert "Made 2026-01-31 12:00:00 UTC by A. &lt;Expert&gt;" in page and digest in page
    assert hashlib.sha256((lab / "r.json").read_bytes()).hexdigest() in page
    data = json.loads((lab / "r.json").read_text(encoding="utf-8"))
    (again,) = data["conditions"]["commands"]
    for part in (str(lab / "r"), "--created", WHEN, "--paper letter", str(lab / "r.html")):
        assert part in again
    assert data["conditions"]["making"]["given"][0]["sha256"] == digest


def test_paper_has_its_size_a_running_header_and_page_numbers(page: str) -> None:
    style = page.split("<style>")[1].split("</style>")[0]
    assert "size: letter;" in style and "counter(pages)" in style
    assert "'Provenance of unsloth_f0-m0'" in style


def test_a_hostile_name_cannot_leave_the_running_header() -> None:
    from cladist.provenance.paper import _css

    shown = _css("x'; } body { display: none } /* \\ </style>\u202e\n")
    assert not set(shown) & set("'\";{}/*<>\n\u202e") and shown.startswith("x\\000027")


def test_reasons_stand_in_rows_of_their_own_and_the_glossary_is_last(page: str) -> None:
    relatives = page.split('id="relatives"')[1].split("</section>")[0]
    assert relatives.count('<tr class="why"><td colspan="7">') == RELATIVES
    assert page.rindex('<section id="words">') == page.rindex("<section ")
    assert page.index("In short.") < page.index('class="claims"')


def test_names_are_not_recased_and_what_cannot_be_told_is_not_guessed(lab: Path, page: str) -> None:
    assert "Unsloth_" not in page and "unsloth_f0-m1" in page
    data = json.loads((lab / "r.json").read_text(encoding="utf-8"))
    direction = next(c for c in data["claims"] if c["topic"] == "Direction")
    assert direction["strength"] == "cannot tell"
    assert "unsloth" not in direction["statement"] + direction["certainty"]
    assert "likelier ancestor" not in page
    assert "temperature not recorded" in page and "(no answer)" not in page


def test_evidence_is_unfolded_as_chosen(lab: Path) -> None:
    assert made(lab, "-o", lab / "e.html", "--evidence", "1", "--unfold").exit_code == 0
    text = (lab / "e.html").read_text(encoding="utf-8")
    assert text.count('<div class="exhibit">') <= 2 and "more in the machine-readable twin" in text
    assert "<details>" not in text


def test_what_cannot_be_written_is_refused_before_any_work(
    lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cladist.provenance.material.gather", None)
    assert isinstance(made(lab, "-o", lab / "r.docx").exception, UsageError)
    assert isinstance(made(lab, "-o", lab / "no" / "r.html").exception, InputError)
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    found = made(lab, "-o", lab / "r.pdf").exception
    assert isinstance(found, MissingExtraError) and "cladist[pdf]" in str(found)


def test_a_pdf_has_the_page_whole(lab: Path) -> None:
    pytest.importorskip("weasyprint")
    pypdf = pytest.importorskip("pypdf")
    for name in ("a.pdf", "a.pdf"):
        done = made(lab, "-o", lab / name, "--paper", "letter")
        assert done.exit_code == 0, (done.output, done.exception)
    found = pypdf.PdfReader(io.BytesIO((lab / "a.pdf").read_bytes()))
    sizes = {tuple(round(float(x)) for x in p.mediabox[2:]) for p in found.pages}
    assert sizes == {(612, 792)}
    texts = [p.extract_text() for p in found.pages]
    count = len(texts)
    assert all(f"Page {k} of {count}" in t for k, t in enumerate(texts, 1))
    assert all("Provenance of unsloth_f0-m0" in t for t in texts)
    whole = " ".join(" ".join(texts).split())
    assert "A. <Expert>" in whole and "Nearest relatives" in whole
    assert found.metadata is not None and found.metadata.creation_date_raw


def test_words() -> None:
    assert sentence("qwen-x is later", ["qwen-x"]) == "qwen-x is later."
    assert sentence("it is so") == "It is so."
    assert listing(["a", "b"]) == "a and b" and many(1, "character") == "1 character"
    assert told_of("ab" * 30) == "From character 1 on it repeats the same 2 characters."
    assert told_of("Привет, как дела") == "Written in Cyrillic." and told_of("") == ""


def test_a_folder_is_hashed_by_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.md").write_text("one")
    (one,) = given({"--declared": [tmp_path / "a"]})
    (tmp_path / "a" / "x.md").write_text("two")
    (two,) = given({"--declared": [f"me={tmp_path / 'a'}"]})
    assert one.size == two.size == 3 and one.sha256 != two.sha256


def test_an_answer_of_line_breaks_fills_no_pages() -> None:
    shown = answer("**\n" * 200)
    assert shown.count("**") == MOST_LINES and f"{201 - MOST_LINES} more lines, not shown" in shown
    assert "more line" not in answer("a\nb") and "1 more line," in answer("a\n" * MOST_LINES)


def test_the_page_names_what_identify_names(lab: Path, page: str) -> None:
    """One decision: the families that cannot be excluded are those of the command."""
    done = run("identify", "unsloth_f0-m0", "-r", lab / "r", "--labels", lab / "labels.csv")
    line = next(k for k in done.output.splitlines() if k.startswith("Not excluded"))
    assert line.rstrip(".") in page
    listed = run(
        "relatives", "unsloth_f0-m0", "-r", lab / "r", "--labels", lab / "labels.csv",
        "--alpha", "0.05", "--json",
    )  # fmt: skip
    told = json.loads((lab / "r.json").read_text())["relatives"]
    rows = json.loads(listed.stdout)["relatives"]
    assert [r["model"] for r in rows] == [r["model"] for r in told]
    for row, other in zip(rows, told, strict=True):
        assert row["verdict"] == other["test"]["verdict"]
        assert row["p"] == pytest.approx(other["test"]["p"])


def test_a_very_long_name_is_cut_on_paper_and_whole_in_the_command(
    tmp_path: Path,
) -> None:
    """Of some thousands of characters, laid out whole in a table, it took minutes."""
    pytest.importorskip("weasyprint")
    models, _ = population(families=24, members=3, kept=0.75)
    long = "x" * 900
    rename = {models[1].model: long}
    rows = [
        {"model": rename.get(m.model, m.model), "prompt_id": p, "response": t}
        for m in models
        for p, t in enumerate(m.texts())
    ]
    (tmp_path / "r.jsonl").write_text("".join(json.dumps(x) + "\n" for x in rows))
    assert run("import", tmp_path / "r.jsonl", "-r", tmp_path / "r").exit_code == 0
    out = ("-o", tmp_path / "r.pdf", "-o", tmp_path / "r.html", "-o", tmp_path / "r.json")
    done = run("report", models[0].model, "-r", tmp_path / "r", "-q", *out)
    assert done.exit_code == 0, (done.output, done.exception)
    shown = (tmp_path / "r.html").read_text("utf-8")
    assert long not in shown and long[:200] + "…" in shown
    assert long in (tmp_path / "r.json").read_text("utf-8")
