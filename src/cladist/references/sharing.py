"""A reference of one's own as one file, and such a file installed.

The file is a zip of reference.json, labels.csv and an archive of the answers
(`cladist.registry.archive`), whose hash is in reference.json. Addresses and paths of the models
stay at home: in the file every model is known by its name alone.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from cladist.compare import resolve_assay
from cladist.core.assay import Assay
from cladist.core.hashing import file_digest
from cladist.core.progress import Progress, silent
from cladist.errors import InputError, RegistryError, UsageError
from cladist.extraction.archived import import_archive
from cladist.extraction.derive import derive
from cladist.formats.files import replacing
from cladist.formats.labels import DeclaredModel
from cladist.references.adding import aside, require_free, shipped_remark
from cladist.references.home import require_space
from cladist.references.installed import (
    FORMAT,
    HEAD,
    LABELS,
    Facts,
    Reference,
    find,
    place,
    read_facts,
)
from cladist.references.labels import known_labels, labels_text, match, read_lineage, unnamed
from cladist.references.panel import fit_panel
from cladist.registry import Registry
from cladist.registry.archive import write_archive

__all__ = ["Built", "Terms", "add_file", "build_file"]

ANSWERS = "answers.zip"
_MEMBERS = (HEAD, LABELS, ANSWERS)
_LARGEST = {HEAD: 64 << 20, LABELS: 64 << 20, ANSWERS: 8 << 30}


@dataclass(frozen=True)
class Terms:
    """What its maker says of a reference that is shared; a licence must be among it."""

    name: str
    licence: str
    title: str = ""
    version: str = "1"


@dataclass(frozen=True)
class Built:
    """What a file of a reference holds."""

    facts: Facts
    bytes: int


def build_file(
    registry: Path,
    target: Path,
    terms: Terms,
    *,
    assay: str = "",
    lineage: Mapping[str, DeclaredModel] | None = None,
    progress: Progress = silent,
) -> Built:
    """Make one file of the answers that a registry has for an assay.

    A licence must be named, or nobody may use the file. Raises `UsageError` without one, or where
    the target exists; `InputError` for fewer than three models with answers.
    """
    if not terms.licence.strip():
        raise UsageError("a reference that is shared needs a licence: give one with --licence")
    if target.exists():
        raise UsageError(f"{target} exists already; name another file")
    with Registry.open(registry, create=False) as store:
        chosen = resolve_assay(store, assay)
    with TemporaryDirectory(prefix="cladist-reference-") as made:
        folder = Path(made) / "registry"
        count = _copy(registry, chosen, folder, progress)
        if count < 3:
            raise InputError(f"{registry} has {count} models with answers; three are the least")
        packed = Path(made) / ANSWERS
        write_archive(folder, packed)
        with Registry.open(folder) as store:
            names = [m.name for m in store.models()]
        labels = match(names, lineage or {})
        facts = Facts(
            terms.name, terms.title or terms.name, terms.version, f"built from {count} models", "",
            file_digest(packed), True, terms.licence.strip(), chosen.digest, count,
            len(chosen.protocol.probes), len(labels), chosen.protocol.decoding.told(),
            datetime.now(UTC).date().isoformat(), version("cladist"), unnamed(names),
        )  # fmt: skip
        with replacing(target) as file, zipfile.ZipFile(file, "w") as out:
            out.writestr(HEAD, facts.as_text())
            out.writestr(LABELS, labels_text(labels))
            out.write(packed, ANSWERS)
    return Built(facts, target.stat().st_size)


def _copy(source: Path, assay: Assay, target: Path, progress: Progress) -> int:
    """The answers of an assay's models in a registry of their own, under their names alone."""
    with Registry.open(source, create=False) as old, Registry.open(target) as new:
        row = new.add_protocol(assay.protocol)
        own = old.add_protocol(assay.protocol)
        models = old.answering(assay.protocol)
        for number, (model, answers) in enumerate(
            zip(models, old.responses(assay.protocol), strict=True)
        ):
            progress("copying answers", number, len(models))
            origin = f"recorded:{model.name}"
            record = new.add_model(model.name, origin, origin, sync=False)
            slots = [
                (p, s, replace(response, detail=""))
                for p, slot in enumerate(answers.slots)
                for s, response in enumerate(slot)
                if response.final
            ]
            new.write_responses(row, record, slots, sync=False)
            interface = old.interface(own, model)
            if interface and slots:
                new.set_interface(row, record, interface)
        derive(new, assay, progress=progress, blocks=False)
        return len(models)


def add_file(path: Path, *, over: bool = False, progress: Progress = silent) -> Reference:
    """Install the reference that a file holds; nothing is changed where the file is bad.

    Raises `InputError` for a file that is none, was changed, or is of another format;
    `UsageError` where a reference of its name is installed (without `over`).
    """
    facts = read_head(path)
    require_free(facts.name, over)
    require_space(place(), 6 * path.stat().st_size, f"reference '{facts.name}'")
    with aside(facts.name, over) as folder:
        packed = folder / ANSWERS
        _unpack(path, ANSWERS, packed)
        if file_digest(packed) != facts.tree:
            raise InputError(f"{path}: its answers were changed since it was built; get it again")
        try:
            import_archive(packed, folder, progress=progress)
        except RegistryError as problem:
            raise InputError(f"{path}: {problem}") from problem
        packed.unlink()
        _unpack(path, LABELS, folder / LABELS)
        labels = read_lineage(folder / LABELS) if facts.labelled else {}
        if not labels:
            (folder / LABELS).unlink()
            with Registry.open(folder) as store:
                names = [m.name for m in store.models()]
            labels = known_labels(names)
            told = shipped_remark(labels, names, None)
            facts = replace(facts, labelled=len(labels), remarks=(*facts.remarks, *told))
            (folder / LABELS).write_text(labels_text(labels), "utf-8")
        (folder / HEAD).write_text(replace(facts, origin=path.name).as_text(), "utf-8")
        fit_panel(folder, labels, progress=progress)
    found = find(facts.name)
    found.assay()
    return found


def read_head(path: Path) -> Facts:
    """What the file of a reference says of itself; `InputError` where it is none."""
    problem = f"{path} is no reference; make one with 'cladist reference build'"
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if sorted(names) != sorted(_MEMBERS):
                raise InputError(problem)
            if archive.getinfo(HEAD).file_size > _LARGEST[HEAD]:
                raise InputError(problem)
            data = json.loads(archive.read(HEAD))
    except (OSError, ValueError, zipfile.BadZipFile, RecursionError, RuntimeError) as wrong:
        raise InputError(f"{problem} ({wrong})") from wrong
    facts = read_facts(data, str(path), f"build it again with a cladist that writes {FORMAT}")
    if "/" in facts.name or facts.name.startswith(".") or not facts.name.strip():
        raise InputError(f"{path}: '{facts.name[:40]}' is no name for a reference")
    return facts


def _unpack(path: Path, member: str, target: Path) -> None:
    """One member of the zip as a file, no more of it than it says and than is allowed."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(member) as source:
            left = _LARGEST[member]
            with target.open("wb") as out:
                while block := source.read(1 << 20):
                    left -= len(block)
                    if left < 0:
                        raise InputError(f"{path}: {member} is too large to be true")
                    out.write(block)
    except (OSError, zipfile.BadZipFile, EOFError, RuntimeError) as problem:
        raise InputError(f"{path}: damaged, or the disk is full ({problem})") from problem
