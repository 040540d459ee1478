"""Declared lineage from wherever it is written, under the names of a registry."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from cladist.core.facts import Fact
from cladist.core.lineage import Lineage, join
from cladist.core.names import parse_name
from cladist.core.settle import settle
from cladist.errors import InputError, MissingExtraError, ModelError
from cladist.formats._yaml import load_yamls
from cladist.formats.adapter import load_json, read_adapter
from cladist.formats.cards import read_card, read_text
from cladist.formats.declared_table import read_declared_table
from cladist.formats.gguf_lineage import lineage_of_header
from cladist.formats.mergekit import is_recipe, read_recipe
from cladist.registry import ModelRecord
from cladist.registry.names import name_index

__all__ = [
    "declared_by_registry", "names_in", "read_declared", "read_source", "under_names",
    "with_known_licences",
]  # fmt: skip

_CARDS = (
    "README.md", "adapter_config.json", "mergekit_config.yml", "mergekit_config.yaml",
    "mergekit_moe_config.yml", "mergekit_moe_config.yaml",
)  # fmt: skip


def read_declared(
    sources: Sequence[str], models: Sequence[ModelRecord] = (), *, own: bool = True
) -> Lineage:
    """Everything that files, folders and Hub names declare, with what the registry itself knows.

    Without `own` the registry gives names alone and none of its declarations.

    Names are brought to those of `models` where that is unmistakable (`under_names`), and what
    several documents say to one meaning (`core.settle`). Raises what `read_source` raises.
    """
    parts = [read_source(s) for s in sources]
    if own:
        parts.append(declared_by_registry(models))
    return settle(under_names(settle(join(parts)), models))


def read_source(source: str) -> Lineage:
    """One source: a path, `NAME=path` for a file that does not name its model, or hub:ORG/NAME.

    A CSV file is a table; a folder is a model with its README.md, adapter_config.json,
    mergekit_config.yml and GGUF files, or else a folder of such folders; .md is a card, .yml a
    merge recipe or a card's front matter, .json an adapter, .gguf a header. Errors: `InputError`
    for what cannot be read or declares nothing, `ModelError` for a Hub that cannot be reached,
    `MissingExtraError` for a package that is not installed.
    """
    name, mark, rest = source.partition("=")
    if not mark or not rest or Path(source).exists():
        name, rest = "", source
    if rest.startswith("hub:"):
        return _of_hub(rest.removeprefix("hub:"), name)
    path = Path(rest)
    if path.is_dir():
        return _of_folder(path, name)
    if not path.is_file():
        raise InputError(
            f"'{source}': there is no such file or folder; a model of the Hub is hub:ORG/NAME"
        )
    return _of_file(path, name or _name_of(path))


def declared_by_registry(models: Iterable[ModelRecord]) -> Lineage:
    """What headers told when models were asked: a parent, and a licence."""
    parts = []
    for record in models:
        about = dict(record.metadata)
        values: dict[str, str | int | float | bool] = {}
        if about.get("declared_parent"):
            values["general.base_model.0.name"] = about["declared_parent"]
        if about.get("license"):
            values["general.license"] = about["license"]
        if values:
            found = lineage_of_header(values, record.name, "header of the model's file")
            links = found.links
            if not record.uri.startswith("gguf:"):
                links = tuple(replace(k, held=False) for k in links)
            # Having a header that names no parent is no statement that there is none.
            parts.append(Lineage(links, found.licences))
    return join(parts)


def under_names(lineage: Lineage, models: Sequence[ModelRecord]) -> Lineage:
    """Names of declarations as the registry's, where exactly one model fits.

    What fits is for `core.name_index` to say. What fits nobody stays, as org/name; what fits
    several stays as well and is told in the remarks, never guessed. A child and its parent that
    are written as two models are not made one.
    """
    names = names_in(lineage)
    apart = [
        (k.child, k.parent)
        for k in lineage.links
        if parse_name(k.child).flat != parse_name(k.parent).flat
    ]
    matched = name_index(models).match(names, apart)
    new = {n: matched.found.get(n) or _plain(n) for n in names}
    renamed = lineage.renamed({n: m for n, m in new.items() if m != n})
    told = dict.fromkeys((*renamed.remarks, *(matched.remarks() if models else ())))
    return replace(renamed, remarks=tuple(told))


def with_known_licences(lineage: Lineage, facts: Mapping[str, Fact]) -> Lineage:
    """The same with licences that are known beforehand, of models for which none is declared.

    A remark says of how many.
    """
    added = {m: (f.licence,) for m, f in facts.items() if f.licence and not lineage.licences.get(m)}
    if not added:
        return lineage
    told = (
        f"licences of {len(added)} models, for which none is declared, are from the facts that "
        "ship with cladist and your corrections; 'cladist provenance lineage show MODEL' tells them"
    )
    return replace(
        lineage, licences={**lineage.licences, **added}, remarks=(*lineage.remarks, told)
    )


def names_in(lineage: Lineage) -> list[str]:
    """All names of models that declarations speak of, sorted."""
    linked = [n for k in lineage.links for n in (k.child, k.parent)]
    known = (*lineage.models, *lineage.licences, *lineage.dates, *lineage.founders)
    return sorted({*linked, *known})


def _plain(name: str) -> str:
    """org/name for an address or a cache that tells it; any other name as written."""
    parsed = parse_name(name)
    return parsed.text if parsed.org and not parsed.local else name


def _name_of(path: Path) -> str:
    """The model that a file speaks of: its own name, or its folder's for names all folders have."""
    return _named_after(path.absolute().parent) if path.name in _CARDS else path.stem


def _named_after(folder: Path) -> str:
    """A folder's name, or org/name in a cache of the Hub, whose files are links to elsewhere."""
    whole = os.path.normpath(folder.absolute())  # follows no links, unlike Path.resolve
    parsed = parse_name(whole)
    return parsed.text if parsed.org else Path(whole).name


def _of_file(path: Path, model: str) -> Lineage:
    where, ending = str(path), path.suffix.casefold()
    if ending == ".csv":
        return read_declared_table(path)
    if ending == ".gguf":
        from cladist.models._gguf_header import read_header

        return lineage_of_header(read_header(path).values, model, where)
    if ending in (".md", ".markdown"):
        return read_card(read_text(path), model, where)
    if ending == ".json":
        text = read_text(path)
        if is_recipe(load_json(text, where)):
            return read_recipe(text, model, where)
        return read_adapter(text, model, where)
    if ending in (".yml", ".yaml"):
        text = read_text(path)
        if is_recipe(load_yamls(text, where)):
            return read_recipe(text, model, where)
        found = read_card(f"---\n{text}\n---\n", model, where)
        if not found.links and not found.licences:
            raise InputError(f"{path}: neither a merge recipe nor the head of a model card")
        return found
    raise InputError(
        f"{path}: the ending tells the kind; known are .csv, .md, .yml, .json and .gguf"
    )


def _of_folder(folder: Path, name: str) -> Lineage:
    files = sorted(folder.glob("*.gguf"))
    # What stands beside GGUF files speaks of every one of them.
    models = [name] if name else [_named_after(folder), *(p.stem for p in files)]
    parts = [_of_file(folder / c, m) for c in _CARDS if (folder / c).is_file() for m in models]
    parts += [_of_file(p, name or p.stem) for p in files]
    if parts:
        return join([*parts, Lineage(remarks=tuple(_other_recipes(folder)))])
    inner = sorted(p for p in folder.iterdir() if p.is_dir())
    found = [p for p in inner if any((p / c).is_file() for c in _CARDS) or any(p.glob("*.gguf"))]
    if name or not found:
        raise InputError(
            f"{folder}: no {', '.join(_CARDS)} or GGUF file, there or one folder below"
        )
    return join(_of_folder(p, "") for p in found)


def _other_recipes(folder: Path) -> list[str]:
    """Files of a folder that look like merge recipes and are none that a folder is read for."""
    out = []
    for path in sorted([*folder.glob("*.yml"), *folder.glob("*.yaml")])[:50]:
        if path.name in _CARDS:
            continue
        try:
            known = is_recipe(load_yamls(read_text(path), str(path)))
        except InputError:
            continue  # configuration of something else, for all that is known
        if known:
            out.append(
                f"{path}: looks like a merge recipe and is not read with its folder; name it "
                f"as {_named_after(folder)}={path}"
            )
    return out


def _of_hub(repository: str, name: str) -> Lineage:
    """The card and adapter of a model of the Hub, through its own client and cache."""
    if not re.fullmatch(r"[\w.-]{1,96}/[\w.-]{1,96}", repository):
        raise InputError(f"'hub:{repository[:60]}': write hub:ORG/NAME")
    try:
        import huggingface_hub as hub
        from huggingface_hub import errors
    except ImportError:
        raise MissingExtraError("reading cards of the Hub", "standards") from None
    parts = []
    for file in _CARDS:
        try:
            path = hub.hf_hub_download(repository, file)
        except errors.LocalEntryNotFoundError:
            raise ModelError(
                f"hub:{repository}: the Hub cannot be reached and nothing of it is cached; fetch "
                "its README.md yourself and name that file"
            ) from None
        except errors.EntryNotFoundError:
            continue
        except (errors.RepositoryNotFoundError, errors.HfHubHTTPError) as problem:
            told = (str(problem).splitlines() or [""])[0][:160]
            raise ModelError(f"hub:{repository}: {told}") from None
        except (OSError, ValueError) as problem:
            # Without a network some versions raise what the HTTP library raised.
            raise ModelError(
                f"hub:{repository}: cannot be fetched ({type(problem).__name__})"
            ) from None
        parts.append(_of_file(Path(path), name or repository))
    if not parts:
        raise InputError(f"hub:{repository}: the repository has no model card")
    return join(parts)
