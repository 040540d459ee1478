"""Several models at once: a local pool of threads, each with its own model and connection."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, Unpack

from cladist.core.assay import Assay
from cladist.core.progress import NOBODY, Listener
from cladist.errors import CladistError, UsageError
from cladist.extraction.like import Like
from cladist.extraction.opening import open_any
from cladist.extraction.run import Extraction, extract
from cladist.models.base import Model
from cladist.models.budget import Budget
from cladist.registry import Registry
from cladist.registry.unused import leaving_nothing_empty


@dataclass(frozen=True)
class Failure:
    """A model that could not be opened or asked; the others were not held up by it."""

    uri: str
    problem: CladistError


class ManyOptions(TypedDict, total=False):
    """How models are asked.

    allow_sparse  make a DNA of too few usable answers as well
    opener        what opens a model by its URI
    budget        for all models together
    like          how each is asked what recorded answers were asked; `assay` is theirs then
    only          numbers of the probes to ask, as `extraction.run.extract` takes them
    """

    allow_sparse: bool
    opener: Callable[[str], Model]
    budget: Budget | None
    like: Callable[[Model], Like] | None
    only: Sequence[int] | None


def listed(models: Sequence[str]) -> list[str]:
    """Model URIs, with those in text files (NAME.txt, one a line, '#' begins a comment line).

    Raises `UsageError` for a file that cannot be read, or when no model is named at all.
    """
    found: list[str] = []
    for name in models:
        if not (name.endswith(".txt") and ":" not in name):
            found.append(name)
            continue
        try:
            lines = Path(name).read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as problem:
            raise UsageError(f"{name}: not a readable list of models ({problem})") from problem
        found += [x.strip() for x in lines if x.strip() and not x.lstrip().startswith("#")]
    if not found:
        raise UsageError(f"{' '.join(models)}: names no model")
    return found


def extract_many(
    uris: Sequence[str],
    assay: Assay,
    folder: Path,
    *,
    jobs: int = 1,
    listener: Listener = NOBODY,
    **options: Unpack[ManyOptions],
) -> list[Extraction | Failure]:
    """Extract the DNA of every model, `jobs` of them at a time, results in the given order.

    A model is opened when its turn comes and closed after it, so memory holds `jobs` models.
    `listener` hears why nothing comes, in whichever thread. See `ManyOptions` for the rest. An
    interrupt stops all of them; whatever was answered stays stored.
    """
    stop, like = threading.Event(), options.get("like")
    opener = options.get("opener", open_any)

    def watched(what: str, done: int, total: int) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        listener.progress(what, done, total)

    def one(uri: str) -> Extraction | Failure:
        try:
            with Registry.open(folder) as registry:
                watched(f"loading {uri}", 0, 1)
                model = opener(uri)
                try:
                    watched(f"loading {uri}", 1, 1)
                    how = like(model) if like else None
                    return extract(
                        model,
                        how.asked if how else assay,
                        registry,
                        allow_sparse=options.get("allow_sparse", False),
                        listener=Listener(watched, listener.hear),
                        budget=options.get("budget"),
                        counts_as=how.counts if how else None,
                        only=options.get("only"),
                    )
                finally:
                    model.close()
        except CladistError as problem:
            return Failure(uri, problem)

    with leaving_nothing_empty(folder):
        # Made here once, so that no two threads make it at the same time.
        Registry.open(folder).close()
        if jobs == 1:
            return [one(uri) for uri in uris]
        with ThreadPoolExecutor(max_workers=jobs) as pool:
            waiting = [pool.submit(one, uri) for uri in uris]
            try:
                return [w.result() for w in waiting]
            except BaseException:
                stop.set()
                pool.shutdown(cancel_futures=True)
                raise
