"""Lineage in the header of a GGUF file: general.base_model.* (ggml, docs/gguf.md).

The keys are copied from the card of the model that was converted, so a quantised file names the
parent of what it holds: its links are marked as `held`, and `core.settle` reads them beside what
the quantiser's card says. Which relation that is, the header does not say.
"""

from __future__ import annotations

from collections.abc import Mapping

from cladist.core.lineage import DeclaredLink, Lineage
from cladist.errors import InputError
from cladist.formats.cards import LONGEST_NAME, MOST_PARENTS, names_of

__all__ = ["lineage_of_header"]


def lineage_of_header(
    values: Mapping[str, str | int | float | bool], model: str, where: str
) -> Lineage:
    """What scalars of a header declare of `model`. `InputError` for a count out of reason."""
    count = values.get("general.base_model.count", 0)
    if not isinstance(count, int) or not 0 <= count <= MOST_PARENTS:
        raise InputError(f"{where}: general.base_model.count is {str(count)[:20]}")
    first = "general.base_model.0."
    if not count and (f"{first}name" in values or f"{first}repo_url" in values):
        count = 1
    named = []
    for k in range(count):
        key = f"general.base_model.{k}."
        repo = str(values.get(key + "repo_url", "")).strip()
        if repo:
            named.append(repo)
            continue
        name, maker = (str(values.get(key + part, "")) for part in ("name", "organization"))
        if name:
            named.append(f"{maker}/{name}" if maker and "/" not in name else name)
    if str(values.get("general.type", "")).casefold() == "adapter":
        word, held = "adapter", False
    else:
        word, held = "merge" if len(named) > 1 else "", True
    links = tuple(
        DeclaredLink(model, p, word, where, written, held)
        for p, written in names_of(named, f"{where}: general.base_model").items()
    )
    licence = str(values.get("general.license", ""))[:LONGEST_NAME]
    return Lineage(links, {model: (licence,)} if licence else {}, {}, (model,))
