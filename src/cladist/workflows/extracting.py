"""Models asked, and answers that others recorded, into a registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict, Unpack

from cladist import catalog
from cladist.core.assay import Assay, Decoding
from cladist.core.progress import Hear, Listener, Progress, silent, unheard
from cladist.extraction.opening import open_any
from cladist.extraction.recorded import RECORDED, Imported
from cladist.extraction.recorded import import_responses as run_import
from cladist.extraction.run import Extraction
from cladist.extraction.run import extract as run_extract
from cladist.extraction.stated import read_decoding
from cladist.formats.prompts import read_prompts
from cladist.models.base import Model
from cladist.registry import Registry

__all__ = ["extract", "import_responses"]


def extract(
    model: str | Model,
    registry: Registry,
    assay: str | Assay = catalog.DEFAULT_ASSAY,
    *,
    allow_sparse: bool = False,
    progress: Progress = silent,
    hear: Hear = unheard,
) -> Extraction:
    """Ask a model (an open one, or its URI), store its answers, and make its DNA.

    `hear` is told why nothing comes while an endpoint is waited for, for example `print`. See
    `cladist.extraction.run.extract` for errors. A model given as a URI is closed afterwards.

    Examples
    --------
    >>> import cladist, tempfile
    >>> with tempfile.TemporaryDirectory() as folder, cladist.open_registry(folder) as lab:
    ...     done = cladist.extract("simulated:a?probes=8", lab)  # doctest: +SKIP
    """
    chosen = catalog.assay(assay) if isinstance(assay, str) else assay
    opened = open_any(model) if isinstance(model, str) else model
    try:
        return run_extract(
            opened, chosen, registry, allow_sparse=allow_sparse, listener=Listener(progress, hear)
        )
    finally:
        if isinstance(model, str):
            opened.close()


class Told(TypedDict, total=False):
    """What somebody says of the prompts of recorded answers.

    prompts   texts of prompts that the files know by id: a table, or a mapping
    decoding  how they were asked, as far as known: 'interface=raw,temperature=0,...'
    """

    prompts: str | Path | Mapping[str, str] | None
    decoding: str | Decoding


def import_responses(
    files: str | Path | Sequence[str | Path],
    registry: Registry,
    assay: str | Assay = catalog.DEFAULT_ASSAY,
    *,
    model: str | None = None,
    columns: Mapping[str, str] | None = None,
    allow_sparse: bool = False,
    progress: Progress = silent,
    **told: Unpack[Told],
) -> Imported:
    """Import recorded responses and make DNA by an assay's method.

    `columns` maps a role (response, prompt, prompt_id, model, sample, state) to the column of
    the file that has it; `readings` of the result says how each file was understood. See `Told`
    for what may be said of the prompts, and `cladist.extraction.recorded.import_responses` for
    errors.

    Examples
    --------
    >>> import cladist, tempfile, pathlib
    >>> rows = "model,prompt,response\\n" + "".join(
    ...     f"{m},prompt {i},answer {i} of {m}\\n" for m in "abc" for i in range(12)
    ... )
    >>> with tempfile.TemporaryDirectory() as folder, cladist.open_registry(folder) as lab:
    ...     table = pathlib.Path(folder, "answers.csv")
    ...     _ = table.write_text(rows)
    ...     done = cladist.import_responses(table, lab)
    ...     [m.name for m in lab.models()]
    ['a', 'b', 'c']
    """
    paths = [files] if isinstance(files, str | Path) else list(files)
    chosen = catalog.assay(assay) if isinstance(assay, str) else assay
    prompts, decoding = told.get("prompts"), told.get("decoding", "")
    if isinstance(prompts, str | Path):
        prompts = read_prompts(Path(prompts))
    if isinstance(decoding, str):
        decoding = read_decoding(decoding) if decoding else RECORDED
    return run_import(
        registry,
        [Path(p) for p in paths],
        chosen.method,
        model=model,
        columns=columns,
        allow_sparse=allow_sparse,
        progress=progress,
        prompts=prompts,
        decoding=decoding,
    )
