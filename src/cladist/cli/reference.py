"""cladist reference: public collections of recorded answers to hold models against."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    AssayOption,
    JsonOption,
    QuietOption,
    RegistryOption,
    note,
    one_line,
    out,
    print_json,
    progress_bars,
    table,
)

if TYPE_CHECKING:
    from cladist.references.catalogue import Collection
    from cladist.references.installed import Reference

app = typer.Typer(
    name="reference",
    help="References: models of the world, with recorded answers, to hold a model against.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
CatalogueOption = Annotated[
    Path | None, typer.Option("--catalogue", help="A catalogue of your own, in TOML.")
]
SHOWN = 12


def _known(path: Path | None) -> tuple[Collection, ...]:
    from cladist.references.catalogue import catalogue, read_catalogue

    return catalogue() if path is None else read_catalogue(path)


@app.command("list")
def list_references(catalogue: CatalogueOption = None, json: JsonOption = False) -> None:
    """Which references are installed, and which can be had?

    Example: `cladist reference list`
    """
    from cladist.references.installed import broken, installed

    here = {r.name: r for r in installed()}
    known = _known(catalogue)
    if json:
        print_json(
            {
                "installed": [asdict(r.facts) for r in here.values()],
                "catalogue": [{**asdict(c), "installed": c.name in here} for c in known],
                "broken": dict(broken()),
            }
        )
        return
    rows = table("reference", "models", "prompts", "MB", "licence", "installed", "what it is",
                 right=("models", "prompts", "MB"))  # fmt: skip
    for r in here.values():
        f = r.facts
        rows.add_row(r.name, str(f.models), str(f.prompts), f"{r.bytes / 1e6:.0f}",
                     one_line(f.licence), "yes", one_line(f.title))  # fmt: skip
    for c in known:
        if c.name not in here:
            rows.add_row(c.name, str(c.models), str(c.prompts), f"{c.size / 1e6:.0f}",
                         c.licence, "", c.title)  # fmt: skip
    out().print(rows)
    for name, problem in broken():
        note(f"{name}: cannot be used: {problem}")
    note("'cladist reference add NAME' installs one; MB before that are an estimate")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Name in the catalogue, or a file by 'build'.")],
    clone: Annotated[
        Path | None, typer.Option("--from", help="A clone that is already here; no network.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="CSV of families (model,family) or of lineage.")
    ] = None,
    prompts: Annotated[
        Path | None, typer.Option(help="Texts of prompts that the collection lacks.")
    ] = None,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="You accept the terms of the collection.")
    ] = False,
    unpinned: Annotated[
        bool, typer.Option("--unpinned", help="With --from: use another commit, and say so.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Make an installed reference anew.")
    ] = False,
    catalogue: CatalogueOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """How is a collection of known models installed?

    Fetches its recorded answers, checks them, and installs them as a reference.

    It comes from the one address in the catalogue, at the pinned commit, and is checked against
    the hash that the catalogue has. What is installed is whole or not there at all; a download
    that was stopped goes on where it was when the same command is given again.

    Examples: `cladist reference add dna-web-rand`,
    `cladist reference add dna-web-rand --from ~/dna-web --labels lineage.csv`,
    `cladist reference add ours.cladref`
    """
    from cladist.errors import UsageError
    from cladist.formats.prompts import read_prompts
    from cladist.references.catalogue import find_collection
    from cladist.references.labels import read_lineage
    from cladist.references.obtaining import obtain
    from cladist.references.sharing import add_file

    if Path(name).is_file():
        if clone or unpinned or labels or prompts:
            raise UsageError(f"{name} is a whole reference; leave the other options out")
        with progress_bars(quiet) as bars:
            _added(add_file(Path(name), over=replace, progress=bars), json)
        return
    collection = find_collection(name, _known(catalogue))
    if unpinned and clone is None:
        raise UsageError("--unpinned is for --from; what is fetched is always checked")
    accepted = accept_licence or (bool(collection.consent) and _asked(collection))
    with progress_bars(quiet) as bars:
        made = obtain(
            collection,
            clone=clone,
            unpinned=unpinned,
            accepted=accepted,
            lineage=read_lineage(labels) if labels else None,
            prompts=read_prompts(prompts) if prompts else None,
            over=replace,
            progress=bars,
        )
    _added(made, json)


def _asked(collection: Collection) -> bool:
    """Ask a person at a terminal; nobody else can agree to anything."""
    import sys

    if not sys.stdin.isatty():
        return False
    note(f"{collection.name}: {collection.licence}. {collection.consent}")
    return typer.confirm("Do you accept this?", default=False, err=True)


def _added(made: Reference, json: bool) -> None:
    f = made.facts
    if json:
        print_json(asdict(f))
        return
    out().print(
        f"{made.name}: {f.models} models, {f.prompts} prompts, {f.labelled} with a known family; "
        f"{made.bytes / 1e6:.0f} MB in {made.folder}"
    )
    if not f.pinned:
        note("its content is not the catalogued one: results say so")
    for remark in f.remarks:
        note(remark)
    for source, reason in list(f.skipped.items())[:SHOWN]:
        note(f"left out: {source}: {reason}")
    if len(f.skipped) > SHOWN:
        note(f"left out: {len(f.skipped) - SHOWN} more; 'cladist reference show' has them all")
    note("next: cladist identify gguf:model.gguf")


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="An installed reference, or one of the catalogue.")],
    catalogue: CatalogueOption = None,
    json: JsonOption = False,
) -> None:
    """What is a reference, where is it from, and how were its models asked?

    Example: `cladist reference show dna-web-rand`
    """
    from cladist.references.catalogue import find_collection
    from cladist.references.installed import find, place

    console = out()
    if (place() / name).exists():
        found = find(name)
        data = {**asdict(found.facts), "folder": str(found.folder), "bytes": found.bytes}
    else:
        known = find_collection(name, _known(catalogue))
        data = {**asdict(known), "asked": known.asked.told(), "installed": False}
    if json:
        print_json(data)
        return
    for key, value in data.items():
        if isinstance(value, dict):
            value = ", ".join(f"{k}: {v}" for k, v in value.items())
        if isinstance(value, list | tuple):
            value = " ".join(map(str, value))
        if value not in ("", None):
            console.print(f"{key:10} {one_line(str(value))}", soft_wrap=True)


@app.command()
def remove(name: Annotated[str, typer.Argument(help="An installed reference.")]) -> None:
    """How is an installed reference removed?

    What you asked of models yourself is not touched.

    Example: `cladist reference remove dna-web-rand`
    """
    from cladist.references.installed import remove as take_away

    freed = take_away(name)
    out().print(f"{one_line(name)} is removed; {freed / 1e6:.0f} MB are free again")


@app.command()
def build(
    file: Annotated[Path, typer.Argument(help="The file to write, for example ours.cladref.")],
    licence: Annotated[str, typer.Option(help="Under which others may use it.")],
    name: Annotated[str, typer.Option(help="Name of the reference; else that of the file.")] = "",
    title: Annotated[str, typer.Option(help="What it is, in a few words.")] = "",
    content_version: Annotated[str, typer.Option("--content-version", help="Yours.")] = "1",
    labels: Annotated[
        Path | None, typer.Option(help="CSV of families (model,family) or of lineage.")
    ] = None,
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: AssayOption = "",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """How do I share the answers of a registry as one file?

    'add FILE' installs it anywhere.

    Models are in it by their names alone, without addresses or paths.

    Example: `cladist reference build ours.cladref --registry lab --licence CC-BY-4.0`
    """
    from cladist.references.labels import read_lineage
    from cladist.references.sharing import Terms, build_file

    with progress_bars(quiet) as bars:
        built = build_file(
            registry,
            file,
            Terms(name or file.stem, licence, title, content_version),
            assay=assay,
            lineage=read_lineage(labels) if labels else None,
            progress=bars,
        )
    if json:
        print_json(asdict(built.facts))
        return
    out().print(
        f"wrote {built.facts.models} models, {built.facts.prompts} prompts to {file} "
        f"({built.bytes / 1e6:.1f} MB, {one_line(built.facts.licence)})"
    )
