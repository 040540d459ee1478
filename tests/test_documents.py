"""The documents say what is true: links lead somewhere, commands exist, the example runs."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.main import get_command

from cladist.cli.main import app

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http:", "https:", "mailto:")):
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_commands_and_options_exist(page: Path) -> None:
    group = get_command(app)
    commands = {name: group.get_command(None, name) for name in group.list_commands(None)}
    blocks = re.findall(r"```(?:sh|console)\n(.+?)```", page.read_text(encoding="utf-8"), re.S)
    for line in re.findall(r"^ *\$? ?cladist (.+)$", "\n".join(blocks), re.M):
        words = line.split("#")[0].split()
        if words[0].startswith("-"):
            continue
        assert words[0] in commands, line
        known = {o for p in commands[words[0]].params for o in (*p.opts, *p.secondary_opts)}
        for option in re.findall(r"(?<!\S)(--[a-z-]+)", line.split("#")[0]):
            subcommands = getattr(commands[words[0]], "commands", None)
            assert subcommands or option in known or option == "--help", line


@pytest.mark.model
@pytest.mark.skipif(find_spec("xllamacpp") is None, reason="xllamacpp is not installed")
def test_the_example_of_the_readme_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.+?)```", readme, re.S)
    assert len(example.strip().splitlines()) <= 10
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert printed.startswith("[('tiny-scripture-poems'")
    assert printed.rstrip().endswith(";")
