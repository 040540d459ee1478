"""The documents say what is true: links lead somewhere, commands exist, the example runs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from cladist.cli.commands import RETIRED
from cladist.cli.main import app

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http:", "https:", "mailto:")):
            assert (page.parent / target).exists(), target


def _command(words: list[str]) -> tuple[str, Any]:
    """The longest command that words begin with; what a group means where none is named."""
    group: Any = get_command(app)
    path = list[str]()
    while hasattr(group, "list_commands"):
        inside = group.list_commands(None)
        word = words[len(path)] if len(path) < len(words) else ""
        if word in inside:
            path.append(word)
            group = group.get_command(None, word)
        elif getattr(group, "default", ""):
            group = group.get_command(None, group.default)
        else:
            break
    return " ".join(path), group


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_commands_and_options_exist(page: Path) -> None:
    blocks = re.findall(r"```(?:sh|console)\n(.+?)```", page.read_text(encoding="utf-8"), re.S)
    for line in re.findall(r"^ *\$? ?cladist (.+)$", "\n".join(blocks), re.M):
        words = line.split("#")[0].split()
        if words[0].startswith("-"):
            continue
        path, command = _command(words)
        assert path, f"no such command: {line}"
        known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)}
        for option in re.findall(r"(?<!\S)(--[a-z-]+)", line.split("#")[0]):
            assert option in known or option == "--help", f"{path} has no {option}: {line}"


OLD = re.compile(rf"[`'] ?cladist ({'|'.join(sorted(RETIRED, key=len, reverse=True))})(?![\w-])")
"""A retired command in quotes."""


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_document_uses_a_retired_name(page: Path) -> None:
    if page.name in ("CHANGELOG.md", "cli.md"):
        pytest.skip("tells what the names were")
    for old in OLD.findall(page.read_text(encoding="utf-8")):
        raise AssertionError(f"'cladist {old}' is now 'cladist {RETIRED[old]}'")


@pytest.mark.parametrize("file", sorted((ROOT / "src").rglob("*.py")), ids=lambda p: p.stem)
def test_no_message_sends_to_a_retired_name(file: Path) -> None:
    for old in OLD.findall(file.read_text(encoding="utf-8")):
        raise AssertionError(f"'cladist {old}' is now 'cladist {RETIRED[old]}'")


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


NUMBER = re.compile(r"\d+(\.\d+)?")


@pytest.mark.model
@pytest.mark.skipif(find_spec("xllamacpp") is None, reason="xllamacpp is not installed")
def test_the_tutorial_prints_what_it_shows() -> None:
    """Digits may differ between machines; words and shape may not."""
    notebook = json.loads((ROOT / "docs/tutorial.ipynb").read_text(encoding="utf-8"))
    shown = [
        "".join("".join(o["text"]) for o in cell["outputs"])
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
    ]
    made = _script("run_notebook").printed(notebook)
    assert [NUMBER.sub("#", text) for text in made] == [NUMBER.sub("#", text) for text in shown]
    assert "not tested" in "".join(shown) and "related" in "".join(shown)


def _script(name: str) -> Any:
    spec = spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_page_of_the_site_is_in_its_menu() -> None:
    menu = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    listed = set(re.findall(r": ([\w-]+\.md)$", menu, re.M))
    pages = {p.name for p in ROOT.glob("docs/*.md")} | {"tutorial.md"}
    assert listed == pages


def test_the_tutorial_of_the_site_is_the_notebook() -> None:
    notebook = json.loads((ROOT / "docs/tutorial.ipynb").read_text(encoding="utf-8"))
    page = _script("site_hooks").as_markdown(notebook)
    assert page.startswith("# Tutorial") and "```python\n" in page and "not tested" in page
    links = re.findall(r"\]\(([^)]+)\)", page)
    assert all((ROOT / "docs" / link.split("#")[0]).exists() for link in links)


@pytest.mark.skipif(find_spec("mkdocs") is None, reason="mkdocs is not installed")
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    page = (tmp_path / "api/index.html").read_text(encoding="utf-8")
    assert 'id="cladist.DistanceMatrix"' in page and 'id="cladist.extract"' in page
    for html in tmp_path.rglob("*.html"):
        text = html.read_text(encoding="utf-8")
        assert not re.search(
            r"<(?:script|link)[^>]+(?:src|href)=\"https?://[^\"]+\.(?:js|css)", text
        )


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_parts_that_links_lead_to_exist(page: Path) -> None:
    """`page.md#part` is a heading there."""
    text = page.read_text(encoding="utf-8")
    for name, part in re.findall(r"\]\(([\w./-]*\.md)?#([\w-]+)\)", text):
        target = page.parent / name if name else page
        heads = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.M)
        slugs = {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in heads}
        assert part in slugs, f"{name}#{part}"
