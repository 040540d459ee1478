"""Merge recipes of mergekit: every model from outside that goes into a merge is a parent.

Read are whole models, slices, mixtures of experts, genomes of evolutionary merges and merges in
stages (several documents, or named ones in a list), with references as text
(`path@revision+lora`) or as keys (`{model: {path, revision}, lora: {path}}`), as mergekit documents
them (github.com/arcee-ai/mergekit, README.md and docs). A named stage is no parent; what it is
made of is. A LoRA applied to a model is a parent of its own. A tokenizer is no parent.
"""

from __future__ import annotations

from typing import Any

from cladist.core.lineage import DeclaredLink, Lineage
from cladist.errors import InputError
from cladist.formats._recipe_stages import Stage, final_parents, stages_of
from cladist.formats._yaml import load_yamls
from cladist.formats.cards import names_of

__all__ = ["is_recipe", "read_recipe"]

_MARKS = {
    "merge_method", "slices", "experts", "shared_experts", "modules", "genome", "merges", "stages",
    "models",
}  # fmt: skip


def is_recipe(data: Any) -> bool:
    """Whether plain data of one document, or of several in a list, looks like a merge recipe."""
    if isinstance(data, list):
        return any(is_recipe(d) for d in data[:1_000] if isinstance(d, dict | list))
    return isinstance(data, dict) and bool(_MARKS & {str(k) for k in data})


def read_recipe(text: str, model: str, where: str) -> Lineage:
    """Parents of the merged `model`.

    What looks like a reference to a model and could not be read is in the remarks. `InputError`
    when it is no recipe, names no model, or its stages are made of each other.
    """
    documents = load_yamls(text, where)
    if not is_recipe(documents):
        raise InputError(f"{where}: no merge recipe; it has none of {', '.join(sorted(_MARKS))}")
    stages: list[Stage] = []
    remarks: list[str] = []
    for document in [d for item in documents for d in (item if isinstance(item, list) else [item])]:
        if document is None:
            continue
        if not isinstance(document, dict):
            raise InputError(f"{where}: a document of a {type(document).__name__}, not of keys")
        stages.extend(stages_of(document, where, remarks))
    named = final_parents(stages, model, where, remarks)
    parents = names_of(named, where)
    if not parents:
        told = f" ({'; '.join(remarks)[:300]})" if remarks else ""
        raise InputError(f"{where}: the recipe names no model{told}")
    links = tuple(DeclaredLink(model, p, "merge", where, w) for p, w in parents.items())
    return Lineage(links, {}, {}, (model,), (), tuple(dict.fromkeys(remarks)))
