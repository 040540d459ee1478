"""Reading the authored content: word lists, facts and templates as TOML."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

CONTENT = Path(__file__).parent / "content"


@cache
def content(name: str) -> dict[str, Any]:
    """The parsed content file ``name`` (without the suffix)."""
    return tomllib.loads((CONTENT / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def words(name: str, key: str) -> tuple[str, ...]:
    """A list separated by bars if there are any, else by blanks; without repeats, in order."""
    text: str = content(name)[key]
    parts = text.split("|") if "|" in text else text.split()
    clean = (" ".join(part.split()) for part in parts)
    return tuple(dict.fromkeys(part.replace("_", " ") for part in clean if part))


@cache
def lines(name: str, key: str) -> tuple[str, ...]:
    """The lines of a text that are not blank, without repeats, in order."""
    text: str = content(name)[key]
    clean = (line.strip() for line in text.splitlines())
    return tuple(dict.fromkeys(line for line in clean if line))
