"""From the files of a collection to an installed reference: the whole of it, or nothing.

Everything is made in a hidden folder beside the references and moved into place in one step.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import mkdtemp

from cladist import catalog
from cladist.core.assay import Assay, Protocol
from cladist.core.probes import Probe, ProbeSet
from cladist.core.progress import Progress, silent
from cladist.core.responses import Response
from cladist.errors import InputError, UsageError
from cladist.extraction.derive import derive
from cladist.formats.labels import DeclaredModel
from cladist.references.catalogue import Collection
from cladist.references.files import Files
from cladist.references.home import require_space
from cladist.references.installed import HEAD, LABELS, Facts, Reference, find, place
from cladist.references.labels import known_labels, labels_text, match, unnamed
from cladist.references.layouts import Answers, Skipped, layout
from cladist.references.panel import fit_panel
from cladist.registry import Registry

__all__ = ["COMMON", "Content", "add_collection", "aside", "read_content", "shipped_remark"]

COMMON = 0.2
"""Share of a collection's models that must have answered a prompt for it to be one of the
reference's: prompts of a few models compare nobody."""


@dataclass(frozen=True)
class Content:
    """What the files of a collection come to.

    models   in order of their names
    prompts  texts by id ('' where not known), those that enough models answered
    skipped  files or models left out, each with the reason
    varied   prompts whose text differs by model; the commonest is kept
    """

    models: tuple[Answers, ...]
    prompts: Mapping[str, str]
    skipped: Mapping[str, str]
    varied: int


def read_content(
    files: Files,
    collection: Collection,
    *,
    prompts: Mapping[str, str] | None = None,
    progress: Progress = silent,
) -> Content:
    """Read a collection by its layout; bad files are left out with the reason.

    `prompts` gives texts by the collection's ids. Raises `InputError` where fewer than three
    models can be read.
    """
    chosen = layout(collection.layout)
    wanted = [p for p in files.paths() if chosen.wanted(p)]
    found: dict[str, Answers] = {}
    skipped: dict[str, str] = {}
    for number, item in enumerate(chosen.read(files, wanted)):
        progress("reading answers", min(number, len(wanted)), len(wanted))
        if isinstance(item, Skipped):
            skipped[item.source] = item.reason
        elif item.model in found:
            skipped[item.source] = f"'{item.model}' is read from {found[item.model].source}"
        else:
            found[item.model] = item
    progress("reading answers", len(wanted), len(wanted))
    if len(found) < 3:
        why = next(iter(skipped.values()), f"no file of the layout {collection.layout}")
        raise InputError(
            f"collection '{collection.name}': {len(found)} models could be read of {len(wanted)} "
            f"files ({why}); three are the least"
        )
    texts, varied = _common(found.values(), prompts or {})
    for name in [n for n, a in found.items() if not set(texts) & a.answers.keys()]:
        skipped[found.pop(name).source] = f"'{name}' answered other prompts than the rest"
    return Content(tuple(found[n] for n in sorted(found)), texts, skipped, varied)


def _common(models: Iterable[Answers], told: Mapping[str, str]) -> tuple[dict[str, str], int]:
    """Texts of the prompts that at least COMMON of the models answered, by id in order."""
    answered: Counter[str] = Counter()
    written: dict[str, Counter[str]] = {}
    count = 0
    for model in models:
        count += 1
        answered.update(k for k, v in model.answers.items() if v is not None)
        for key, text in model.prompts.items():
            written.setdefault(key, Counter())[text] += 1
    kept = sorted(k for k, n in answered.items() if n >= max(2, COMMON * count))
    if not kept:
        raise InputError("no prompt was answered by two models or more")
    texts = {k: told.get(k, written[k].most_common(1)[0][0] if k in written else "") for k in kept}
    return texts, sum(len(written.get(k, ())) > 1 for k in kept)


def add_collection(
    collection: Collection,
    files: Files,
    *,
    origin: str,
    tree: str,
    lineage: Mapping[str, DeclaredModel] | None = None,
    prompts: Mapping[str, str] | None = None,
    replace: bool = False,
    progress: Progress = silent,
) -> Reference:
    """Make a reference of a collection's files, fit its panel, and install it.

    `tree` is git's hash of what was given. Without a `lineage` the table of cladist says which
    families, dates and licences its models have, as far as it knows them.

    An interrupted call leaves nothing behind. Raises `UsageError` where a reference of the name
    is installed (without `replace`), `InputError` where the disk has no room, or too little can
    be read.
    """
    require_free(collection.name, replace)
    require_space(place(), 3 * collection.size, f"reference '{collection.name}'")
    content = read_content(files, collection, prompts=prompts, progress=progress)
    with aside(collection.name, replace) as folder:
        assay = _store(folder, collection, content, progress)
        names = [m.model for m in content.models]
        labels = known_labels(names) if lineage is None else match(names, lineage)
        if labels:
            (folder / LABELS).write_text(labels_text(labels), "utf-8")
        pinned = tree == collection.tree
        facts = Facts(
            collection.name, collection.title, collection.date, origin,
            collection.commit if pinned else "", tree, pinned, collection.licence, assay.digest,
            len(content.models), len(content.prompts), len(labels),
            assay.protocol.decoding.told(), _today(), version("cladist"),
            (
                *_remarks(collection, content), *unnamed(names),
                *shipped_remark(labels, names, lineage),
            ),
            dict(content.skipped),
        )  # fmt: skip
        (folder / HEAD).write_text(facts.as_text(), "utf-8")
        fit_panel(folder, labels, progress=progress)
    return find(collection.name)


def _remarks(collection: Collection, content: Content) -> tuple[str, ...]:
    bare = sum(1 for t in content.prompts.values() if not t)
    return (
        *collection.remarks,
        *([f"{content.varied} prompts differ by model in their wording."] * bool(content.varied)),
        *([f"The texts of {bare} prompts are not known."] * bool(bare)),
    )


def shipped_remark(
    labels: Mapping[str, DeclaredModel], names: Sequence[str], given: object
) -> tuple[str, ...]:
    """What is said where nobody gave families: how many the table of cladist knew."""
    if given is not None:
        return ()
    count = len(labels)
    dated = sum(bool(d.date) for d in labels.values())
    licensed = sum(bool(d.licence) for d in labels.values())
    return (
        f"Families of {count} of {len(names)} models are from the table of cladist, which has "
        f"dates of {dated} and licences of {licensed} of them; --labels gives others.",
    )


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _store(folder: Path, collection: Collection, content: Content, progress: Progress) -> Assay:
    """A registry of the answers and their DNA."""
    probes = ProbeSet(
        collection.name, tuple(Probe(i, t) for i, t in content.prompts.items()), collection.licence
    )
    protocol = Protocol(collection.name, probes, collection.asked)
    method = catalog.assay().method
    assay = Assay(method.name, protocol, method, f"answers of {collection.title}")
    order = list(probes.ids)
    with Registry.open(folder) as registry:
        row = registry.add_protocol(protocol)
        for number, model in enumerate(content.models):
            progress("storing answers", number, len(content.models))
            name = f"recorded:{model.model}"
            record = registry.add_model(model.model, name, name, dict(model.metadata), sync=False)
            slots = [
                (place, 0, Response.of(said))
                for place, key in enumerate(order)
                if (said := model.answers.get(key)) is not None
            ]
            registry.write_responses(row, record, slots, sync=False)
        derive(registry, assay, progress=progress, blocks=False)
    return assay


def require_free(name: str, replace: bool) -> None:
    """Refuse a name that is taken, unless it is to be replaced (`UsageError`)."""
    if (place() / name).exists() and not replace:
        raise UsageError(
            f"reference '{name}' is installed; remove it first, or give --replace to make it anew"
        )


@contextmanager
def aside(name: str, replace: bool = False) -> Iterator[Path]:
    """A hidden folder that becomes the reference `name` when the block ends without an error.

    Leavings of calls that were killed are cleared away first.
    """
    home = place()
    try:
        home.mkdir(parents=True, exist_ok=True)
        for left in home.glob(".adding-*"):
            if not _alive(left):
                shutil.rmtree(left, ignore_errors=True)
        folder = Path(mkdtemp(dir=home, prefix=f".adding-{os.getpid()}-{name}-"))
    except OSError as problem:
        raise InputError(f"cannot use {home}: {problem.strerror or problem}") from problem
    try:
        yield folder
        folder.chmod(0o755)
        target, old = home / name, home / f".removed-{name}"
        shutil.rmtree(old, ignore_errors=True)
        if replace and target.exists():
            target.rename(old)
        folder.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as problem:
        raise InputError(
            f"cannot write to {home}: {problem.strerror or problem}; nothing was changed"
        ) from problem
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _alive(folder: Path) -> bool:
    """Whether the process that makes a folder is still there."""
    number = folder.name.split("-")[1]
    if not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
