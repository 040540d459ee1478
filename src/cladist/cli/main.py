"""The program `cladist`: collects the commands and turns errors into messages."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from cladist import __version__
from cladist.cli.commands import COMMANDS, RETIRED, SHORT
from cladist.cli.groups import LOOKS, LazyGroup
from cladist.errors import CladistError


class _Commands(LazyGroup):
    """All commands and groups of the program."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(members=COMMANDS, retired=RETIRED, short=SHORT, **settings)


app = typer.Typer(
    name="cladist",
    cls=_Commands,
    help="Whose descendant is a language model? cladist reads its DNA from how it behaves.",
    no_args_is_help=True,
    **LOOKS,
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


STOPPED = 130
"""Exit status of what Ctrl-C ended."""


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
    except (KeyboardInterrupt, SystemExit) as ended:
        # Ctrl-C within a command comes as its exit status alone.
        if isinstance(ended, SystemExit) and ended.code != STOPPED:
            raise
        typer.echo(
            "stopped; answers that were given and what was fitted by then are kept, and the same "
            "command goes on from there. No file was left half written",
            err=True,
        )
        sys.exit(STOPPED)


if __name__ == "__main__":
    main()
