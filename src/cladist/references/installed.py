"""The references of this user: each a folder with a registry and what is known of it.

NAME/reference.json    what it is, where it is from, and how its models were asked
NAME/registry.sqlite   its models and their answers: a registry like any other
NAME/labels.csv        families of its models, where they are known
NAME/panel.parquet     what is fitted on the answers (`references.panel`)
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from cladist.core.assay import Assay
from cladist.core.results import Result, Results
from cladist.errors import InputError, UsageError
from cladist.references.home import data_folder

__all__ = ["FORMAT", "HEAD", "LABELS", "Facts", "Reference", "find", "installed", "open_reference"]

FORMAT = 1
"""Version of reference.json and of what lies beside it; others are refused, not guessed at."""

HEAD, LABELS, REGISTRY = "reference.json", "labels.csv", "registry.sqlite"


@dataclass(frozen=True)
class Facts:
    """What a reference says of itself.

    version   of its content, by whoever made it
    origin    where the answers are from: an address, or a file
    commit, tree   of the collection, '' for one built here
    pinned    whether the content is the catalogued one
    assay     hash of the assay its models are measured by
    added     ISO date
    made_by   version of cladist
    """

    name: str
    title: str
    version: str
    origin: str
    commit: str
    tree: str
    pinned: bool
    licence: str
    assay: str
    models: int
    prompts: int
    labelled: int
    asked: Mapping[str, Any]
    added: str
    made_by: str
    remarks: tuple[str, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)

    def as_text(self) -> str:
        """The text of reference.json."""
        return json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False, indent=1) + "\n"


@dataclass(frozen=True, repr=False)
class Reference(Result):
    """An installed reference: its folder, which is a registry too, and what it says of itself.

    Examples
    --------
    >>> [r.name for r in Reference.all()]  # doctest: +SKIP
    ['dna-web-rand']
    >>> Reference.find("dna-web-rand").facts.models  # doctest: +SKIP
    305
    """

    folder: Path
    facts: Facts

    @classmethod
    def find(cls, name: str) -> Reference:
        """The installed reference with a name. Raises `UsageError` where there is none."""
        return find(name)

    @classmethod
    def all(cls) -> Results[Reference]:
        """All references that are installed and can be used."""
        return Results(installed(), what="references")

    def rows(self) -> list[dict[str, Any]]:
        """One row: what it says of itself."""
        f = self.facts
        about = {"name": f.name, "title": f.title, "models": f.models, "prompts": f.prompts}
        return [{**about, "labelled": f.labelled, "licence": f.licence, "version": f.version}]

    def headline(self) -> str:
        """Its name and size."""
        return f"{self.name}, {self.facts.models} models, {self.facts.prompts} prompts"

    @property
    def name(self) -> str:
        """What commands call it by."""
        return self.facts.name

    @property
    def labels(self) -> Path | None:
        """The file of its families, None where there are none."""
        path = self.folder / LABELS
        return path if path.is_file() else None

    @property
    def bytes(self) -> int:
        """What it takes on the disk."""
        return sum(p.stat().st_size for p in self.folder.rglob("*") if p.is_file())

    def models(self) -> list[str]:
        """Names of its models, in order of arrival."""
        from cladist.registry import Registry

        with Registry.open(self.folder, create=False) as registry:
            return [m.name for m in registry.models()]

    def assay(self) -> Assay:
        """The assay its models are measured by; `InputError` where the registry lost it."""
        from cladist.registry import Registry

        with Registry.open(self.folder, create=False) as registry:
            for assay in registry.assays():
                if assay.digest == self.facts.assay:
                    return assay
        raise InputError(
            f"reference '{self.name}' is not whole: its registry has no assay "
            f"{self.facts.assay[:8]}. Remove it and add it again"
        )


def place() -> Path:
    """The folder of installed references; it may not exist yet."""
    return data_folder() / "references"


def installed() -> list[Reference]:
    """All references that can be used, in order of their names; others are passed over."""
    folder = place()
    found = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.startswith(".") or not (path / HEAD).is_file():
            continue
        try:
            found.append(open_reference(path))
        except InputError:
            continue
    return found


def broken() -> list[tuple[str, str]]:
    """Names of folders among the references that cannot be used, each with the reason."""
    folder = place()
    found = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.startswith(".") or not path.is_dir():
            continue
        try:
            open_reference(path)
        except InputError as problem:
            found.append((path.name, str(problem)))
    return found


def find(name: str) -> Reference:
    """The installed reference with a name.

    Raises `UsageError` where there is none, with close names, `InputError` where it is damaged
    or of another format.
    """
    folder = place() / name
    if name and not Path(name).is_absolute() and "/" not in name and (folder / HEAD).is_file():
        return open_reference(folder)
    names = [r.name for r in installed()]
    close = get_close_matches(name, names, 3)
    hint = f"did you mean {', '.join(close)}?" if close else "see 'cladist reference list'"
    raise UsageError(f"no reference '{name[:80]}' is installed; {hint}")


def open_reference(folder: Path) -> Reference:
    """Read what a folder says of itself; `InputError` where it is not whole or not for us."""
    again = f"remove it with 'cladist reference remove {folder.name}' and add it again"
    try:
        data = json.loads((folder / HEAD).read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as problem:
        raise InputError(f"{folder}: not a readable reference ({problem}); {again}") from problem
    facts = read_facts(data, str(folder), again)
    if not (folder / REGISTRY).is_file():
        raise InputError(f"{folder}: its registry is missing; {again}")
    return Reference(folder, facts)


def read_facts(data: Any, where: str, remedy: str) -> Facts:
    """Facts from plain data; `InputError` for another format or a missing key."""
    told = data.get("format") if isinstance(data, dict) else None
    if told != FORMAT:
        raise InputError(
            f"{where}: reference format {str(told)[:20]}, this version reads {FORMAT}; {remedy}"
        )
    known = {f.name for f in fields(Facts)}
    kinds = {"models": int, "prompts": int, "labelled": int, "pinned": bool, "asked": dict}
    kinds |= {"skipped": dict, "remarks": list}
    for key in known:
        if not isinstance(data.get(key), kinds.get(key, str)):
            raise InputError(f"{where}: '{key}' is missing or of the wrong kind; {remedy}")
    values = {k: data[k] for k in known}
    return Facts(**{**values, "remarks": tuple(map(str, values["remarks"]))})


def remove(name: str) -> int:
    """Remove an installed reference, damaged ones too; returns the bytes set free.

    Nothing but the folder of that name among the references is touched. `UsageError` where there
    is none.
    """
    folder = place() / name
    if not name or name.startswith(".") or "/" in name or not folder.is_dir():
        find(name)
        raise UsageError(f"'{name[:80]}' is no reference")
    freed = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    # Out of sight in one step, so that an interrupt leaves no half reference behind.
    hidden = folder.with_name(f".removed-{name}")
    shutil.rmtree(hidden, ignore_errors=True)
    folder.rename(hidden)
    shutil.rmtree(hidden)
    return freed
