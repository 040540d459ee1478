from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from tree_examples import HOSTILE, example, ladder, star

from cladist.core.text import printable
from cladist.errors import InputError
from cladist.formats.trees.auspice import write_auspice


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


def official_schema() -> tuple[Any, Any]:
    """The schema as nextstrain-augur carries it, read from its files: importing it needs more."""
    jsonschema = pytest.importorskip("jsonschema")
    referencing = pytest.importorskip("referencing")
    found = find_spec("augur")
    if found is None or not found.submodule_search_locations:
        pytest.skip("the schema is not here: pip install --no-deps nextstrain-augur")
    folder = Path(next(iter(found.submodule_search_locations))) / "data"
    texts = [p.read_text(encoding="utf-8") for p in sorted(folder.glob("schema-*.json"))]
    schemas = [s for s in map(json.loads, texts) if "$id" in s]
    registry = referencing.Registry().with_resources(
        (s["$id"], referencing.Resource.from_contents(s)) for s in schemas
    )
    schema = json.loads((folder / "schema-export-v2.json").read_text(encoding="utf-8"))
    return jsonschema.validators.validator_for(schema), (schema, registry)


def test_valid_by_the_official_schema() -> None:
    make, (schema, registry) = official_schema()
    validator = make(schema, registry=registry)
    labels = {"family": dict.fromkeys(HOSTILE, "g")}
    colours = {"family": {"g": "#cc6677"}}
    for tree, dates in ((star(HOSTILE), {HOSTILE[0]: 2025.5}), (example(), [2020.0] * 7)):
        text = write_auspice(tree, "2026-01-31", "t", labels, colours, dates)
        assert [e.message for e in validator.iter_errors(json.loads(text))] == []
    assert not validator.is_valid({"version": "v2", "meta": {}, "tree": {}})


def test_dates_of_all_nodes_come_in_preorder() -> None:
    count = len(list(example().root.preorder()))
    when = [2000.0 + k for k in range(count)]
    data = json.loads(write_auspice(example(), "2026-01-31", dates=when))
    assert sorted(n["node_attrs"]["num_date"]["value"] for n in walk(data["tree"])) == when
    assert data["tree"]["node_attrs"]["num_date"]["value"] == 2000
    with pytest.raises(InputError, match="6 dates"):
        write_auspice(example(), "2026-01-31", dates=when[1:])


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
