"""Facts on models that ship with cladist, and the corrections of whoever uses it.

from cladist.known import known_models
known_models().find("hf.co/org/name").foundation
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from cladist.core.facts import Fact, Facts, merge_facts
from cladist.formats.facts_table import read_facts
from cladist.registry import ModelRecord

__all__ = ["corrections_file", "facts_of", "known_models", "shipped_facts", "shipped_file"]


def shipped_file() -> Path:
    """The table that ships with the package."""
    return Path(str(files("cladist"))) / "data" / "lineage.csv"


def corrections_file() -> Path:
    """The user's own table: CLADIST_LINEAGE, or lineage.csv in the user's data folder of cladist.

    The data folder is XDG_DATA_HOME, or ~/.local/share. The file need not be there.
    """
    if named := os.environ.get("CLADIST_LINEAGE", ""):
        return Path(named).expanduser()
    base = os.environ.get("XDG_DATA_HOME", "")
    folder = Path(base) if Path(base).is_absolute() else Path.home() / ".local/share"
    return folder / "cladist" / "lineage.csv"


@lru_cache(maxsize=1)
def shipped_facts() -> tuple[Fact, ...]:
    """Facts of the package, read once."""
    return tuple(read_facts(shipped_file()))


def known_models() -> Facts:
    """All facts; what the user corrected wins, column by column, and is marked as `own`.

    Returns
    -------
    Facts
        To look models up by any way in which their names are written.

    Raises
    ------
    InputError
        For corrections that cannot be read; they are never passed over.
    """
    path = corrections_file()
    own = read_facts(path, own=True) if path.is_file() else []
    if not own:
        return Facts(shipped_facts())
    return Facts(merge_facts([*own, *shipped_facts()])[0])


def facts_of(models: Iterable[ModelRecord | str]) -> dict[str, Fact]:
    """Facts that are sure enough to be used where nothing else is given, by the models' names.

    Parameters
    ----------
    models
        Names, or records of a registry, whose address tells where the name does not.

    Returns
    -------
    dict
        Without models of which nothing is known, or of which the name may be several.

    Examples
    --------
    >>> facts_of(["Qwen_Qwen2.5-7B"])["Qwen_Qwen2.5-7B"].group
    'qwen'
    """
    known = known_models()
    records = list(models)
    names = [m if isinstance(m, str) else m.name for m in records]
    out = dict(known.of(names))
    for record in records:
        if not isinstance(record, str) and record.uri.startswith(("hf:", "vllm:")):
            found = known.find(record.uri)
            if found is not None and found.sure:
                out.setdefault(record.name, found)
    return out
