"""cladist provenance trends: what the logs of watches say over time, as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cladist.cli.common import note, one_line, out


def trends(
    logs: Annotated[list[Path], typer.Argument(help="Logs of watches by token: JSON lines.")],
    page: Annotated[Path, typer.Option("--out", "-o", help="The page to write.")],
) -> None:
    """How have watched endpoints fared over time?

    Draws the evidence of each endpoint over time, with its looks, queries and alarms, on one page
    without scripts. `cladist map serve --watched LOG` shows the same beside the atlas, as it grows.

    Example: `cladist provenance trends watch.jsonl --out watch.html`
    """
    from cladist.formats.files import write_text
    from cladist.provenance.service.trends import read_trends
    from cladist.provenance.service.trends_page import trends_page

    found, remarks = read_trends(logs)
    write_text(page, trends_page(found, remarks))
    for remark in remarks:
        note(remark)
    for trend in found:
        last = trend.points[-1]
        out().print(
            f"{one_line(trend.name)}: {len(trend.points)} looks, "
            f"{sum(p.queries for p in trend.points)} queries, {len(trend.alarms)} changes called; "
            f"last {last.status}"
        )
    note(f"wrote {page}")
