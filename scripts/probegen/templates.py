"""Access to the slot templates of ``content/templates.toml``."""

from functools import cache

from .lexicon import content

PROGRAMMING = (
    "python",
    "c",
    "javascript",
    "sql",
    "html",
    "shell",
    "latex",
    "rust",
    "java",
    "go",
)


@cache
def templates(section: str, key: str) -> tuple[str, ...]:
    """The templates under a key, in the order of the file."""
    text: str = content("templates")[section][key]
    return tuple(part.strip("\n") for part in text.split("\n~~~\n"))
