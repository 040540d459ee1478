"""The reference of all commands and the manual page, made from the commands themselves.

``python -m cladist.cli.manual docs/cli.md docs/cladist.1`` writes both; a test keeps them true.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cladist.cli.commands import NOW_A_FLAG, RENAMED, RETIRED
from cladist.version import __version__

INTRODUCTION = """\
# Commands

This page is made from the commands themselves: `make reference` writes it, and a test compares.
Every command has the same text under `--help`, and most print JSON with `--json`. `-r` names the
folder of the registry, and so does the environment variable `CLADIST_REGISTRY`.

`cladist --install-completion` sets up completion for bash, zsh, fish or PowerShell.
`man cladist` shows this text where the package was installed with its manual page.
"""


def commands(app: Any) -> Iterator[tuple[str, Any]]:
    """(name as it is typed after `cladist`, command) of all commands and groups, in their order.

    Examples
    --------
    >>> from cladist.cli.main import app
    >>> [name for name, _ in commands(app)][:2]
    ['identify', 'extract']
    """
    from typer.main import get_command

    root: Any = get_command(app)
    for name in root.list_commands(None):
        yield from _below(name, root.get_command(None, name))


def _below(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield path, command
    if hasattr(command, "list_commands"):
        for name in command.list_commands(None):
            yield from _below(f"{path} {name}", command.get_command(None, name))


def reference(app: Any) -> str:
    """All commands as Markdown.

    Examples
    --------
    >>> from cladist.cli.main import app
    >>> reference(app).splitlines()[0]
    '# Commands'
    """
    parts = [INTRODUCTION]
    for path, command in commands(app):
        level = "##" if " " not in path else "###"
        parts.append(f"{level} {path}\n\n{_help(command)}\n")
        if not hasattr(command, "list_commands"):
            parts.append(f"```text\n{usage(path, command)}\n```\n")
            rows = [f"| `{_cell(names)}` | {_cell(text)} |" for names, text in options(command)]
            if rows:
                parts.append("\n".join(["| option | meaning |", "|---|---|", *rows]) + "\n")
    return "\n".join([*parts, _old_names()])


def _old_names() -> str:
    was = [f"| `{old}` | `{new}` |" for old, new in RETIRED.items()]
    gone = [
        f"| `{function}` | `{old}` | `{new}` |"
        for function, names in RENAMED.items()
        for old, new in names.items()
    ]
    gone += [f"| `{f}` | `{old} FILE` | `{new} FILE` |" for (f, old), new in NOW_A_FLAG.items()]
    return (
        "## Names of before\n\nOld names work until version 0.4, with a remark on standard error."
        "\n\n"
        "| old command | command |\n|---|---|\n"
        + "\n".join(was)
        + "\n\n| command | old option | option |\n|---|---|---|\n"
        + "\n".join(gone)
        + "\n\n`--rate` is now `--alpha`, in every command that has it.\n"
    )


def usage(path: str, command: Any) -> str:
    """How a command is called.

    Examples
    --------
    >>> from cladist.cli.main import app
    >>> usage("report", dict(commands(app))["report"])
    'cladist report [OPTIONS] MODEL'
    """
    words = ["cladist", path, "[OPTIONS]"]
    for p in _shown(command):
        if p.param_type_name == "argument":
            name = p.name.upper() + ("..." if p.nargs == -1 else "")
            words.append(name if p.required else f"[{name}]")
    return " ".join(words)


def options(command: Any) -> list[tuple[str, str]]:
    """(names, what it means, with the default) of arguments and options of a command."""
    found = list[tuple[str, str]]()
    for p in _shown(command):
        text = _plain(getattr(p, "help", "") or "")
        if p.param_type_name == "argument":
            found.append((p.name.upper(), text))
            continue
        names = ", ".join([*p.opts, *p.secondary_opts])
        if not (p.is_flag or p.secondary_opts):
            names += " " + _value(p)
        if _told(p.default):
            text += f" Default: {_default(p.default)}."
        found.append((names, text))
    return found


def _shown(command: Any) -> list[Any]:
    return [p for p in command.params if not getattr(p, "hidden", False)]


def _value(option: Any) -> str:
    kind = option.type_annotation if hasattr(option, "type_annotation") else None
    made = getattr(option, "metavar", None) or (kind.__name__.upper() if kind else "")
    return made or "VALUE"


def _told(default: Any) -> bool:
    return default not in (None, "", (), [], False, True) and not callable(default)


def _default(default: Any) -> str:
    return default.as_posix() if isinstance(default, Path) else str(default)


def _help(command: Any) -> str:
    return _plain(command.help or "", keep=True)


def _plain(text: str, keep: bool = False) -> str:
    lines = [line.strip() for line in text.replace("\b", "").split("\n")]
    return "\n".join(lines).strip() if keep else " ".join(" ".join(lines).split())


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def manual_page(app: Any) -> str:
    """The manual page, in the language of man.

    Examples
    --------
    >>> from cladist.cli.main import app
    >>> manual_page(app).splitlines()[0].startswith('.TH CLADIST 1')
    True
    """
    lines = [
        f'.TH CLADIST 1 "" "cladist {__version__}" "User Commands"',
        ".SH NAME",
        "cladist \\- read a language model's DNA from how it behaves; tell whose descendant it is",
        ".SH SYNOPSIS",
        ".B cladist",
        "COMMAND [OPTIONS] [ARGUMENTS]",
    ]
    for path, command in commands(app):
        group = hasattr(command, "list_commands")
        lines.append(f".SH {_roff(path.upper())}" if " " not in path else f".SS {_roff(path)}")
        for paragraph in _help(command).split("\n\n"):
            lines += [".PP", *(_roff(line) for line in paragraph.split("\n"))]
        if group:
            continue
        lines += [".PP", ".B " + _roff(usage(path, command))]
        for names, text in options(command):
            lines += [".TP", ".B " + _roff(names), _roff(text)]
    return "\n".join(lines) + "\n"


def _roff(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "")
    return re.sub(r"^([.'])", r"\\&\1", escaped)


def main(page: str, manual: str) -> None:
    """Write the reference and the manual page to two files."""
    from cladist.cli.main import app

    Path(page).write_text(reference(app), encoding="utf-8")
    Path(manual).write_text(manual_page(app), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
