"""What the page does where a server is: it asks, saves views, writes reports; and twelve views."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.atlas.conftest import REFERENCE, Lab
from tests.atlas.looks import STORED, differences, renewing, store, stored
from tests.atlas.test_asking import MODEL, answers_of
from tests.atlas.test_browser import drive, needs_browser, serving
from tests.support.answering_server import answering

pytest.importorskip("openai")
pytest.importorskip("weasyprint")

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def server(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    with serving(lab, tmp_path_factory.mktemp("cache")) as found:
        yield found


@pytest.fixture(scope="module")
def asked(server: tuple[str, str], lab: Lab) -> dict[str, Any]:
    with answering(answers_of(lab, MODEL), delay=0.05) as endpoint:
        return drive(*server, endpoint.base_url, by="asker")


@needs_browser
def test_an_endpoint_is_asked_and_placed(asked: dict[str, Any], lab: Lab) -> None:
    assert "--ask" in asked["bare"]
    assert asked["hash"] is False
    assert "never type a key" in asked["refused"] and "sk-" not in asked["refused"]
    assert asked["stop"] == 1
    assert asked["asked"]["name"] == "asked <b>model</b>"
    assert asked["asked"]["nearest"] == lab.models[MODEL].name
    assert asked["asked"]["kin"] == 10 and "Nothing was stored" in asked["asked"]["told"]


@needs_browser
def test_views_clades_and_reports(asked: dict[str, Any]) -> None:
    assert asked["view"]["query"] == "base" and "q=base" in asked["view"]["hash"]
    assert "model" in asked["clade"]["heading"] and asked["clade"]["members"] >= 2
    assert "no such clade" in asked["nowhere"]
    assert asked["busy"] == "true" and "refused" not in asked["report"], asked["report"]
    assert asked["report"]["head"] == "%PDF-" and asked["report"]["name"].endswith("-report.pdf")


@needs_browser
def test_nothing_is_wrong_with_dialogs_and_clades(asked: dict[str, Any]) -> None:
    assert {k: v for k, v in asked["axe"].items() if v} == {}
    # A refused request is told in the console of the browser as well.
    assert [e for e in asked["errors"] if "422" not in e] == []


@pytest.fixture(scope="module")
def chosen(lab: Lab, shelf_home: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What somebody sees who opens a reference from the page."""
    with serving(lab, tmp_path_factory.mktemp("cache"), shelf_home, asks=False) as found:
        return drive(*found, REFERENCE, lab.models[MODEL].name, by="chooser")


@needs_browser
def test_a_reference_is_chosen_on_the_page(chosen: dict[str, Any], lab: Lab) -> None:
    assert "token" in chosen["bare"] and chosen["hash"] is False
    assert chosen["listed"] == [REFERENCE] and f"{len(lab.models)} models" in chosen["row"]
    assert "torn" in chosen["broken"] and "add it again" in chosen["broken"]
    assert chosen["bar"] == 1 and "is made" in chosen["words"]
    assert re.fullmatch(r"/opened/[\w-]{20,}/", chosen["path"])
    assert chosen["title"] == "Our <b>own</b> models" and chosen["markup"] == 0
    assert chosen["placed"] == {"name": "newcomer", "nearest": lab.models[MODEL].name}
    assert chosen["now"] == "shown now" and chosen["back"] == "/"
    assert "--ask" in chosen["ask"]


@needs_browser
def test_what_goes_wrong_is_told_in_words(chosen: dict[str, Any]) -> None:
    assert "no reference 'ours' is installed" in chosen["gone"]
    assert "no atlas is open here" in chosen["closed"]
    assert {k: v for k, v in chosen["axe"].items() if v} == {}
    assert chosen["violations"] == []
    assert [e for e in chosen["errors"] if "422" not in e and "404" not in e] == []


@pytest.fixture(scope="module")
def views(server: tuple[str, str]) -> dict[str, Any]:
    """Twelve views at three widths in both themes."""
    return drive(server[0], *filter(None, [renewing()]), by="views")


@needs_browser
def test_twelve_views_at_three_widths_in_both_themes(views: dict[str, Any]) -> None:
    assert len(views) == 12 * 3 * 2
    for view, found in views.items():
        assert found["errors"] == [], view
        assert found["wide"] <= 0, view
        assert found["out"] == [], view
        assert found["cut"] == [], view
        assert found["small"] == [], view
        assert found["heading"], view
        if view.startswith(("card", "model", "pair")):
            assert found["verdict"], view


@needs_browser
def test_twelve_views_look_as_they_were_stored(views: dict[str, Any]) -> None:
    if renewing():
        store(views)
    was = stored()
    assert STORED.stat().st_size < 500_000
    assert was.keys() == views.keys()
    changed = {v: differences(v, was[v], views[v]) for v in was}
    assert {v: said for v, said in changed.items() if said} == {}


def test_a_view_that_changed_is_told() -> None:
    was = stored()
    for width in (1440, 1024, 390):
        for theme in ("light", "dark"):
            of = {v.split()[0]: v for v in was if v.endswith(f" {width} {theme}")}
            assert len(of) == 12
            for view, other in (("tree", "radial"), ("overview", "table"), ("model", "clade")):
                assert differences(view, was[of[view]], was[of[other]]), (view, width, theme)
            dark = was[of["card"].replace("light", "dark")]
            assert bool(differences("card", was[of["card"]], dark)) == (theme == "light")
    blank = {**was["map 1440 light"], "places": {"head": [0, 0, 100, 5]}}
    assert "'map' is gone" in differences("map", was["map 1440 light"], blank)
