"""What is known of where a model comes from that was asked the prompts of a reference?"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Unpack

from cladist.core.progress import NOBODY, Listener
from cladist.provenance.material import ReportScope
from cladist.references.installed import find
from cladist.registry import Registry
from cladist.workflows.named import LabelsLike
from cladist.workflows.reporting import Reported, ReportOptions, report
from cladist.workflows.world import beside_reference

__all__ = ["report_beside"]


def report_beside(
    reference: str,
    model: str,
    *,
    asked: Path | None = None,
    keep: ExitStack | None = None,
    declared: Sequence[str | Path] = (),
    labels: LabelsLike = None,
    alpha: float = 0.01,
    listener: Listener = NOBODY,
    **options: Unpack[ReportOptions],
) -> Reported:
    """A report on a model that `identify` asked, among all models of an installed reference.

    All answers are read as far as its own mostly go, which the listener is told.

    Parameters
    ----------
    reference : str
        Name of an installed reference.
    model : str
        The model, by the name that `identify` gave it.
    asked : Path or None
        Folder of the registry with its answers, where `identify` was told another than its own.
    keep : ExitStack or None
        Keeps the registry of the report open, for a statement that reads its answers again.
    declared, labels, alpha, listener, **options
        As `cladist.report` takes them; without `labels` those of the reference count.

    Raises
    ------
    UsageError
        Where the reference is not installed, or the model was not held against it.
    InputError
        As `cladist.report` raises it.

    Examples
    --------
    >>> import cladist
    >>> made = cladist.report_beside("dna-web-rand", "smollm2", alpha=0.05)  # doctest: +SKIP
    >>> made.save("report.html")  # doctest: +SKIP
    """
    installed = find(reference)
    place = beside_reference(installed, model, asked=asked, progress=listener.progress)
    if place.length:
        listener.hear(
            f"all answers are read to {place.length} characters, as far as its own mostly go"
        )
    options["reading"] = ReportScope(place.length, place.others)
    with ExitStack() as here:
        registry = (keep or here).enter_context(Registry.open(place.folder, create=False))
        return report(
            registry,
            place.name,
            declared=declared,
            labels=labels or installed.labels,
            assay=installed.assay(),
            alpha=alpha,
            listener=listener,
            **options,
        )
