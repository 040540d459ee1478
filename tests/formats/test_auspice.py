from __future__ import annotations

import json
from typing import Any

import pytest
from tree_examples import HOSTILE, example, ladder, star

from cladist.core.text import printable
from cladist.errors import InputError
from cladist.formats.auspice import write_auspice


def walk(node: dict[str, Any]) -> list[dict[str, Any]]:
    out = [node]
    for child in node.get("children", []):
        out += walk(child)
    return out


def test_content() -> None:
    text = write_auspice(
        example(),
        "2026-01-31",
        "Models",
        {"family": {"d": "other", "b_c": "first"}},
        {"family": {"first": "#332288", "other": "#cc6677"}},
        {"d": 2025.5},
    )
    data = json.loads(text)
    assert data["version"] == "v2"
    assert data["meta"]["updated"] == "2026-01-31"
    assert data["meta"]["panels"] == ["tree"]
    assert data["meta"]["display_defaults"]["color_by"] == "family"
    keys = [c["key"] for c in data["meta"]["colorings"]]
    assert keys == ["family", "support"]
    nodes = {n["name"]: n for n in walk(data["tree"])}
    assert set(nodes) == {"NODE_0000000", "NODE_0000001", "base-1", "a model", "b_c", "it's", "d"}
    assert nodes["b_c"]["node_attrs"]["div"] == 2.75
    assert nodes["b_c"]["node_attrs"]["family"] == {"value": "first"}
    assert nodes["d"]["node_attrs"]["num_date"] == {"value": 2025.5}
    assert nodes["base-1"]["branch_attrs"]["labels"] == {"support": "50%"}
    assert text == write_auspice(
        example(),
        "2026-01-31",
        "Models",
        {"family": {"d": "other", "b_c": "first"}},
        {"family": {"other": "#cc6677", "first": "#332288"}},
        {"d": 2025.5},
    )


def test_valid_by_the_official_schema() -> None:
    pytest.importorskip("augur", reason="nextstrain-augur, which carries the schema, is not here")
    from augur.validate import (
        export_v2,  # noqa: F401
        load_json_schema,
        validate_json,
    )

    schema = load_json_schema("schema-export-v2.json")
    labels = {"family": dict.fromkeys(HOSTILE, "g")}
    validate_json(json.loads(write_auspice(star(HOSTILE), "2026-01-31", "t", labels)), schema, "x")


def test_hostile_names_stay_text() -> None:
    data = json.loads(write_auspice(star(HOSTILE), "2026-01-31", "\x1b[0m"))
    assert [n["name"] for n in data["tree"]["children"]] == [printable(n) for n in HOSTILE]


def test_names_made_up_do_not_clash() -> None:
    data = json.loads(write_auspice(star(["NODE_0000000", "b", "c"]), "2026-01-31"))
    assert data["tree"]["name"] == "NODE_0000001"


def test_bad_dates_and_keys_are_refused() -> None:
    with pytest.raises(InputError, match="YYYY-MM-DD"):
        write_auspice(example(), "31.1.2026")
    with pytest.raises(InputError, match="letters"):
        write_auspice(example(), "2026-01-31", labels={"a key": {}})


def test_depth_is_no_problem() -> None:
    assert (
        write_auspice(ladder(5000), "2026-01-31").count('"div"') == 9999 + 1
    )  # and the display default
