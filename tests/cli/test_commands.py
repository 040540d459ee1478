"""What a newcomer meets: few names at the top, questions first, old names that still work."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from cladist.cli import manual
from cladist.cli.commands import COMMANDS, NOW_A_FLAG, RENAMED, RETIRED
from cladist.cli.groups import renamed
from cladist.cli.main import app
from cladist.registry import Registry

ROOT = Path(__file__).resolve().parents[2]
ALL = dict(manual.commands(app))
WORKING = {path: c for path, c in ALL.items() if not hasattr(c, "list_commands")}


def test_a_dozen_names_at_the_top() -> None:
    assert len(get_command(app).list_commands(None)) == len(COMMANDS) <= 12  # type: ignore[attr-defined]
    shown = CliRunner().invoke(app, ["--help"]).output
    for name in COMMANDS:
        assert re.search(rf"[│|] {name} ", shown), name
    for name in set(RETIRED) - set(COMMANDS):
        assert not re.search(rf"[│|] {name} ", shown), name


@pytest.mark.parametrize("path", ALL)
def test_help_begins_with_the_question_it_answers(path: str) -> None:
    first = (ALL[path].help or "").split("\n\n")[0].split("\n")[0]
    assert "?" in first, (path, first)


@pytest.mark.parametrize("path", WORKING)
def test_one_name_for_one_option(path: str) -> None:
    found = {o for p in WORKING[path].params for o in p.opts if not getattr(p, "hidden", False)}
    for wrong in ("--groups", "--replicates", "--maps", "--workers", "--rate", "--fpr"):
        assert wrong not in found, (path, wrong)
    for letter, option in {
        "-r": "--registry",
        "-a": "--assay",
        "-o": "--out",
        "-q": "--quiet",
    }.items():
        assert letter not in found or option in found, (path, letter)
    for p in WORKING[path].params:
        if "--json" in p.opts:
            assert p.is_flag, path


@pytest.mark.parametrize("old", RETIRED)
def test_old_commands_are_found_and_told(old: str) -> None:
    where = ALL[RETIRED[old]]
    found = get_command(app).get_command(None, old)  # type: ignore[attr-defined]
    assert found.help == where.help
    result = CliRunner().invoke(app, [old, "--help"])
    assert result.exit_code == 0
    assert f"'cladist {old}' is now 'cladist {RETIRED[old]}'" in result.stderr


def test_the_default_of_a_group_is_meant(tmp_path: Path) -> None:
    for words, command in (
        (["tree"], ["tree", "draw"]),
        (["map"], ["map", "draw"]),
        (["compare", "a", "b"], ["compare", "kinship", "a", "b"]),
    ):
        at = ["-r", str(tmp_path / "none")]
        short = CliRunner().invoke(app, [*words, *at])
        full = CliRunner().invoke(app, [*command, *at])
        assert str(short.exception) == str(full.exception) and "no registry" in str(full.exception)
    assert "kinship" in CliRunner().invoke(app, ["compare"]).output


def test_old_options_mean_the_new_ones() -> None:
    known = {c.callback.__name__: c for c in WORKING.values() if c.callback}
    for function, names in RENAMED.items():
        options = {o for p in known[function].params for o in p.opts}
        for old, new in names.items():
            assert new in options and old not in options, (function, old)
            assert renamed(function, ["x", f"{old}=1"]) == (["x", f"{new}=1"], [(old, new)])
            assert renamed(function, ["--", old]) == (["--", old], [])
    for (function, old), new in NOW_A_FLAG.items():
        assert renamed(function, [old, "a.json"]) == ([new, "a.json"], [(old, new)])
        assert renamed(function, [old, "model"]) == ([old, "model"], [])


def test_an_old_option_works_and_is_told(tmp_path: Path) -> None:
    with Registry.open(tmp_path / "none"):
        at = ["-r", str(tmp_path / "none")]
    result = CliRunner().invoke(app, ["tree", "--groups", "absent.csv", "--plot", "t.svg", *at])
    assert "--groups is now called --labels" in result.stderr
    assert "absent.csv cannot be read" in str(result.exception)


def test_the_reference_is_that_of_the_commands() -> None:
    for name, made in (("cli.md", manual.reference(app)), ("cladist.1", manual.manual_page(app))):
        written = (ROOT / "docs" / name).read_text(encoding="utf-8")
        assert written == made, f"docs/{name} is old: run 'make reference'"


@pytest.mark.skipif(shutil.which("man") is None, reason="man is not installed")
def test_man_reads_the_page_without_complaint() -> None:
    run = subprocess.run(
        ["man", "--warnings", "-l", str(ROOT / "docs/cladist.1")],
        capture_output=True, text=True, check=True, env={**os.environ, "MANPAGER": "cat"},
    )  # fmt: skip
    assert run.stderr == "" and "SYNOPSIS" in run.stdout


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("tr", "tree"),
        ("tree an", "ancestry"),
        ("tree --out x --pl", "--plot"),
        ("tree --la", "--labels"),
    ],
)
def test_the_shell_completes(typed: str, offered: str) -> None:
    words = f"cladist {typed}"
    run = subprocess.run(
        [sys.executable, "-c", "from cladist.cli.main import app; app(prog_name='cladist')"],
        capture_output=True, text=True, check=False,
        env={**os.environ, "_CLADIST_COMPLETE": "complete_bash", "COMP_WORDS": words,
             "COMP_CWORD": str(len(words.split()) - 1)},
    )  # fmt: skip
    assert offered in run.stdout.split(), run.stdout + run.stderr
