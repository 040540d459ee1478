"""DNAs of a registry in the form that analysis of single cells has made common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cladist.compare import resolved
from cladist.core.assay import Assay
from cladist.core.optional import needed
from cladist.core.results import pandas
from cladist.registry import Registry

if TYPE_CHECKING:
    from anndata import AnnData

__all__ = ["to_anndata"]


def to_anndata(
    registry: Registry, names: Sequence[str] | None = None, *, assay: str | Assay = ""
) -> AnnData:
    """The DNAs of a registry as an `AnnData`: a row a model, a column a dimension.

    `X` is float32 (n, L); `obs` has how much each DNA rests on and the metadata of the model;
    `uns` names the assay.

    Parameters
    ----------
    registry : Registry
        Whose DNAs are meant.
    names : sequence of str or None
        Only these, in this order.
    assay : str or Assay
        Which DNAs, where the registry has several.

    Raises
    ------
    UsageError
        For a model without a DNA.
    MissingExtraError
        Where anndata is missing.

    Examples
    --------
    >>> import cladist
    >>> with cladist.toy_registry() as lab:
    ...     table = cladist.to_anndata(lab)  # doctest: +SKIP
    """
    with needed("An AnnData", "exchange"):
        from anndata import AnnData

    chosen = resolved(registry, assay)
    dnas = registry.dnas(chosen, names)
    records = registry.models_named([d.model for d in dnas])
    rows: list[dict[str, Any]] = [
        {
            **records[d.model].metadata,
            "usable": d.usable,
            "probes": d.probes,
            "notes": ", ".join(d.notes),
            "digest": d.digest,
        }
        for d in dnas
    ]
    about = pandas().DataFrame(rows, index=[d.model for d in dnas])
    matrix = np.stack([d.vector for d in dnas]).astype(np.float32)
    return AnnData(X=matrix, obs=about, uns={"assay": chosen.short, "assay_digest": chosen.digest})
