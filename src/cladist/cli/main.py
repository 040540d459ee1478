"""The program `cladist`: collects the commands and turns errors into messages."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from cladist import __version__
from cladist.errors import CladistError

COMMANDS = {
    "demo": "demo:demo",
    "extract": "extract:extract",
    "import": "importing:import_file",
    "export": "export:export",
    "backup": "export:backup",
    "verify": "verify:verify",
    "statement": "statement:app",
    "verify-statement": "statement:verify_statement",
    "list": "listing:list_models",
    "show": "show:show",
    "distances": "distances:distances",
    "relatives": "relatives:relatives",
    "kinship": "kinship:kinship",
    "identify": "identify:identify",
    "same": "same:same",
    "tree": "tree:tree",
    "ancestry": "ancestry:ancestry",
    "place": "place:place",
    "map": "map:map_models",
    "serve": "serve:serve",
    "atlas": "atlas:atlas",
    "network": "network:network",
    "clock": "clock:clock",
    "compare-trees": "compare_trees:compare_trees",
    "watch": "watch:watch",
    "bom": "bom:bom",
    "croissant": "bom:croissant",
    "declared": "declared:declared",
    "lineage": "lineage:app",
    "report": "report:report",
    "audit": "audit:audit",
    "predict": "predict:predict",
    "route": "route:route",
    "portfolio": "portfolio:portfolio",
    "dedupe": "dedupe:dedupe",
    "assays": "assays:assays",
    "probes": "probes:probes",
    "doctor": "doctor:doctor",
    "panel": "panel:app",
    "reference": "reference:app",
    "lab": "lab:app",
}
"""Command -> module of this package and what it holds: a function, or an app of several.

A module is imported when its command is asked for, or when all are listed: starting up is half of
what a small command costs.
"""


class _Commands(TyperGroup):
    """The commands of `COMMANDS`, each made when it is needed."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        # Names alone, for what is suggested to somebody who mistypes one.
        self.commands = {name: TyperCommand(name) for name in COMMANDS}

    def list_commands(self, ctx: Any) -> list[str]:
        """Names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command with a name, None when there is none."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        found = getattr(import_module(f"cladist.cli.{module}"), name)
        if isinstance(found, typer.Typer):
            made: Any = typer.main.get_group(found)
        else:
            alone = typer.Typer(**_LOOKS, add_completion=False)
            alone.command(cmd_name)(found)
            made = typer.main.get_command(alone)
        made.name = cmd_name
        return made


_LOOKS: dict[str, Any] = {
    "context_settings": {"help_option_names": ["-h", "--help"]},
    "pretty_exceptions_enable": False,
    "rich_markup_mode": "markdown",
}
app = typer.Typer(
    name="cladist",
    cls=_Commands,
    help="Reads a language model's DNA from how it behaves, and tells whose descendant it is.",
    no_args_is_help=True,
    **_LOOKS,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cladist {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; leaves with the exit code of the error's kind."""
    try:
        app()
    except CladistError as problem:
        from cladist.cli.common import safe

        typer.echo(f"error: {safe(str(problem))}", err=True)
        sys.exit(problem.exit_code)
    except BrokenPipeError:
        # The reader of our output has gone, as `head` does; there is nobody left to tell.
        sys.stderr.close()
        sys.exit(0)
    except KeyboardInterrupt:
        typer.echo("stopped; what was answered is stored, run the same command to go on", err=True)
        sys.exit(130)


if __name__ == "__main__":
    main()
