"""What is known of where a model comes from, and how surely?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cladist.compare import resolved
from cladist.core.assay import Assay
from cladist.core.progress import NOBODY, Listener
from cladist.core.results import Result, plain
from cladist.formats.files import write_text
from cladist.provenance.material import Material, gather
from cladist.provenance.page import html_page
from cladist.provenance.report import FORMAT, Report, build_report
from cladist.provenance.sources import read_declared
from cladist.registry import Registry
from cladist.workflows.named import LabelsLike, families_here, tell

__all__ = ["Reported", "report"]


@dataclass(frozen=True, repr=False)
class Reported(Result):
    """A report on one model: claims with how sure they are, and all that they rest on."""

    model: str
    found: Report
    material: Material

    def rows(self) -> list[dict[str, Any]]:
        """A row a claim."""
        return [plain(asdict(c)) for c in self.found.claims]

    def to_dict(self) -> dict[str, Any]:
        """The whole report as plain data; numbers that are not there are None."""
        made = self.found
        fields = {k: getattr(made, k) for k in made.__dataclass_fields__ if k != "tree"}
        shown = {k: plain(_data(v)) for k, v in fields.items()}
        shown["tree"] = made.tree.newick().strip() if made.tree is not None else None
        return {"format": FORMAT, **shown}

    def to_json(self) -> str:
        """The report as JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2) + "\n"

    def to_html(self) -> str:
        """The page of the report: it holds no scripts and loads nothing."""
        return html_page(self.found)

    def save(self, path: str | Path) -> None:
        """Write the page. Raises `InputError` for a place that cannot be written."""
        write_text(Path(path), self.to_html())

    def headline(self) -> str:
        """On which model it is, and how many claims it makes."""
        return f"report on {self.model}, {len(self.found.claims)} claims"


def report(
    registry: Registry,
    model: str,
    *,
    declared: Sequence[str | Path] = (),
    labels: LabelsLike = None,
    assay: str | Assay = "",
    alpha: float = 0.01,
    seed: int = 0,
    listener: Listener = NOBODY,
) -> Reported:
    """Everything that is known of where a model comes from, and how surely.

    Parameters
    ----------
    registry : Registry
        Where the model is, beside those it is held against.
    model : str
        The model in question.
    declared : sequence of str or Path
        Tables, model cards, recipes, folders of these.
    labels : path, mapping or None
        Families of the models.
    assay : str or Assay
        What to compare by, where the registry has several.
    alpha : float
        False-positive rate of verdicts.
    seed : int
        Of everything that is resampled.
    listener : Listener
        Told of progress and remarks.

    Raises
    ------
    UsageError
        For an unknown model.
    InputError
        For fewer than two models, or a source that cannot be read.

    Examples
    --------
    >>> import cladist
    >>> with cladist.toy_registry() as lab:
    ...     made = cladist.report(lab, "m00-chat", labels=cladist.toy_families())
    >>> made.to_html().startswith("<!doctype html>")
    True
    """
    chosen = resolved(registry, assay)
    registry.model(model)
    models = registry.models()
    lineage = read_declared([str(d) for d in declared], models)
    tell(lineage, listener.hear)
    families = families_here(labels, models, listener.hear)
    material = gather(registry, chosen, lineage, families, listener.progress)
    table = [Path(labels)] if isinstance(labels, str | Path) else []
    given = {"--declared": [str(d) for d in declared], "--labels": table}
    found = build_report(
        registry,
        material,
        model,
        alpha=alpha,
        sources=given,
        seed=seed,
        progress=listener.progress,
    )
    return Reported(model, found, material)


def _data(value: Any) -> Any:
    """Plain data of dataclasses, also within tuples and mappings."""
    if hasattr(value, "__dataclass_fields__"):
        return asdict(value)
    if isinstance(value, tuple | list):
        return [_data(v) for v in value]
    return dict(value) if hasattr(value, "keys") else value
