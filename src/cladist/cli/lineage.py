"""cladist provenance lineage: facts on models that are known, and tables of them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cladist.cli.common import JsonOption, note, one_line, out, print_json, safe, table

if TYPE_CHECKING:
    from cladist.core.facts import Fact

WRONG = 10
"""Exit code of `check` for a table with something wrong in it; errors have 1 to 8."""

app = typer.Typer(
    help="Which model is which? Facts that ship with cladist, and tables of them.",
    no_args_is_help=True,
)


@app.command()
def show(
    models: Annotated[list[str], typer.Argument(help="Names, however they are written.")],
    json: JsonOption = False,
) -> None:
    """What is known of models: foundation, parent, maker, date, licence, and how surely?

    Names may be org/name, an address, a folder of a cache, a path or a file name. Corrections of
    your own are marked.

    Example: `cladist provenance lineage show hf.co/Qwen/Qwen2.5-7B-Instruct`
    """
    from cladist.core.facts import COLUMNS
    from cladist.errors import UsageError
    from cladist.known import known_models

    known = known_models()
    found: dict[str, tuple[Fact, ...]] = {m: known.candidates(m) for m in models}
    if json:
        print_json({m: [asdict(f) for f in fits] for m, fits in found.items()})
        return
    for name, fits in found.items():
        if not fits:
            note(f"nothing is known of '{name}'")
        elif len(fits) > 1:
            listed = ", ".join(f.hub_id or f.model for f in fits[:8])
            note(f"'{name}' may be any of {listed}; write its maker before it")
        for fact in fits if len(fits) == 1 else ():
            rows = table("", one_line(name, 60))
            for column in COLUMNS:
                if value := getattr(fact, column):
                    rows.add_row(column, one_line(value, 120))
            if fact.own:
                rows.add_row("", "with corrections of your own")
            out().print(rows)
    if not any(found.values()):
        raise UsageError("none of these models is known; a table of facts is in docs/lineage.md")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="CSV of lineage facts.")],
    json: JsonOption = False,
) -> None:
    """What is wrong with a table of facts?

    Says all of it, by line.

    Exit codes: 0 nothing, 10 something, 1 to 8 an error.

    Example: `cladist provenance lineage check mine.csv`
    """
    from cladist.formats.facts_table import check_facts

    facts, problems = check_facts(file)
    if json:
        print_json({"facts": len(facts), "problems": problems})
    else:
        for problem in problems:
            out().print(safe(problem))
        out().print(f"{len(facts)} facts can be used, {len(problems)} things are wrong")
    if problems:
        raise typer.Exit(WRONG)


@app.command()
def merge(
    sources: Annotated[list[Path], typer.Argument(help="CSV tables, the most trusted first.")],
    file: Annotated[Path, typer.Option("--out", "-o", help="Table to write (.csv).")],
    with_shipped: Annotated[
        bool, typer.Option("--with-shipped", help="Add what ships with cladist, last.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """How are several tables of facts made one?

    One line a model; conflicts are decided by confidence and told.

    Example: `cladist provenance lineage merge mine.csv theirs.csv --out all.csv`
    """
    from cladist.core.facts import merge_facts
    from cladist.formats.facts_table import read_facts, write_facts
    from cladist.formats.files import write_text
    from cladist.known import shipped_facts

    facts = [f for path in sources for f in read_facts(path)]
    if with_shipped:
        facts.extend(shipped_facts())
    made, conflicts = merge_facts(facts)
    write_text(file, write_facts(made))
    if json:
        print_json({"facts": len(made), "conflicts": [asdict(c) for c in conflicts]})
        return
    for conflict in conflicts:
        out().print(safe(conflict.message))
    note(f"wrote {len(made)} models to {file}; sources differ in {len(conflicts)} things")
