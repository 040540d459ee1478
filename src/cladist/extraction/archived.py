"""Archives of registries come in, and DNAs whose answers have grown by it are made again."""

from __future__ import annotations

from pathlib import Path

from cladist.core.progress import Progress, silent
from cladist.extraction.derive import derive
from cladist.registry import Registry
from cladist.registry.merge import Merged
from cladist.registry.merge import import_archive as bring_in


def import_archive(path: Path, folder: Path, *, progress: Progress = silent) -> Merged:
    """Bring the archive `path` into the registry in `folder`, which may be new.

    See `cladist.registry.merge.import_archive` for errors. DNAs of models that had answers here
    and got more are derived again from all of them.
    """
    merged = bring_in(path, folder)
    if merged.grown:
        with Registry.open(folder) as registry:
            assays = {a.digest: a for a in registry.assays()}
            for digest in dict.fromkeys(d for d, _ in merged.grown):
                names = [n for d, n in merged.grown if d == digest]
                derive(
                    registry, assays[digest], names, allow_sparse=True, progress=progress,
                    blocks=False,
                )  # fmt: skip
    return merged
