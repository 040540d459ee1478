"""Trends over time from the logs of watches: bad lines named, hostile names shown as text."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cladist.cli.main import app
from cladist.errors import InputError
from cladist.provenance.service.trends import read_trends
from cladist.provenance.service.trends_page import MOST_POINTS, trends_page

HOSTILE = "</title><script>alert(1)</script>\u202e\x1b[2J"


def line(hour: int, status: str = "same", name: str = "shop", **more: object) -> str:
    look = {
        "model": name, "time": f"2026-01-{1 + hour // 24:02d}T{hour % 24:02d}:00:00+00:00",
        "status": status, "value": 0.5, "threshold": 125.0, "queries": 4, "departed": 0,
        "asked": 4, "reason": "0 of 4 depart", **more,
    }  # fmt: skip
    return json.dumps(look)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen += [tag, *(k for k, _ in attrs)]


def test_looks_by_endpoint_and_time(tmp_path: Path) -> None:
    log = tmp_path / "w.jsonl"
    rows = [line(3, "changed", value=300.0), line(1), line(2, "failed", asked=0), line(0, "learnt")]
    rows += [line(4, "changed", asked=0, queries=0), line(1, name=HOSTILE)]
    rows += ["{", "[]", '{"status": "same"}', line(5, value=float("nan")), line(6, queries=-1),
             line(7, "odd"), line(8, time="no time")]  # fmt: skip
    log.write_text("\n".join(rows) + "\n")
    found, remarks = read_trends([log])
    assert [t.name for t in found] == [HOSTILE, "shop"]
    shop = found[1]
    assert [p.status for p in shop.points] == ["learnt", "same", "failed", "changed", "changed"]
    assert len(shop.alarms) == 1 and sum(p.queries for p in shop.points) == 16
    assert remarks == ("w.jsonl: 7 lines are no looks by token and are left out",)


def test_logs_that_hold_no_look_say_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        read_trends([tmp_path / "none"])
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(InputError, match="no looks by token"):
        read_trends([tmp_path / "empty"])


def test_a_page_holds_nothing_that_acts(tmp_path: Path) -> None:
    log = tmp_path / "w.jsonl"
    rows = [line(h % 600, value=0.4 + (h == 900), name=HOSTILE) for h in range(2 * MOST_POINTS)]
    log.write_text("\n".join([*rows, line(700, "changed", name=HOSTILE, reason=HOSTILE)]) + "\n")
    assert CliRunner().invoke(
        app, ["provenance", "trends", str(log), "-o", str(tmp_path / "p.html")]
    )
    page = (tmp_path / "p.html").read_text("utf-8")
    tags = Tags()
    tags.feed(page)
    assert not {"script", "img", "a", "style=", "onload", "href", "src"} & set(tags.seen)
    assert "\u202e" not in page and "\x1b" not in page and "&lt;script&gt;" in page
    assert "default-src 'none'" in page and tags.seen.count("circle") <= MOST_POINTS + 1
    assert "changed, evidence" in page  # what called the change is never thinned away
    served = trends_page(*read_trends([log]), sheet="trends.css")
    assert "<style>" not in served and 'href="trends.css"' in served
