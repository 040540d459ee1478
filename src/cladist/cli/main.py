"""The program `cladist`: collects the commands and turns errors into messages."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cladist import __version__
from cladist.cli import (
    ancestry,
    assays,
    atlas,
    audit,
    bom,
    clock,
    compare_trees,
    declared,
    dedupe,
    demo,
    distances,
    doctor,
    export,
    extract,
    identify,
    importing,
    kinship,
    lab,
    listing,
    network,
    panel,
    place,
    portfolio,
    predict,
    probes,
    relatives,
    report,
    route,
    same,
    serve,
    show,
    tree,
    verify,
    watch,
)
from cladist.cli.map import map_models
from cladist.errors import CladistError

app = typer.Typer(
    name="cladist",
    help="Reads a language model's DNA from how it behaves, and tells whose descendant it is.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)

for name, function in (
    ("demo", demo.demo),
    ("extract", extract.extract),
    ("import", importing.import_file),
    ("export", export.export),
    ("backup", export.backup),
    ("verify", verify.verify),
    ("list", listing.list_models),
    ("show", show.show),
    ("distances", distances.distances),
    ("relatives", relatives.relatives),
    ("kinship", kinship.kinship),
    ("identify", identify.identify),
    ("same", same.same),
    ("tree", tree.tree),
    ("ancestry", ancestry.ancestry),
    ("place", place.place),
    ("map", map_models),
    ("serve", serve.serve),
    ("atlas", atlas.atlas),
    ("network", network.network),
    ("clock", clock.clock),
    ("compare-trees", compare_trees.compare_trees),
    ("watch", watch.watch),
    ("bom", bom.bom),
    ("croissant", bom.croissant),
    ("declared", declared.declared),
    ("report", report.report),
    ("audit", audit.audit),
    ("predict", predict.predict),
    ("route", route.route),
    ("portfolio", portfolio.portfolio),
    ("dedupe", dedupe.dedupe),
    ("assays", assays.assays),
    ("probes", probes.probes),
    ("doctor", doctor.doctor),
):
    app.command(name)(function)
app.add_typer(panel.app)
app.add_typer(lab.app)


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
