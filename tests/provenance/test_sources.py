"""Folders and files as people have them: one parent is one, and nothing is lost without a word."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hostile_readers import gguf
from typer.testing import CliRunner

from cladist.cli.main import app
from cladist.core.facts import Fact
from cladist.core.lineage import DeclaredLink, Lineage
from cladist.errors import InputError
from cladist.provenance.sources import (
    names_in,
    read_declared,
    read_source,
    under_names,
    with_known_licences,
)
from cladist.registry import ModelRecord

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def pairs(lineage: Lineage) -> set[tuple[str, str]]:
    return {(k.child, k.parent) for k in lineage.links}


def header(**values: str) -> bytes:
    def text(word: str) -> bytes:
        return struct.pack("<Q", len(word)) + word.encode()

    return gguf([(k.replace("__", "."), 8, text(v)) for k, v in values.items()])


def folder(tmp_path: Path, **files: str | bytes) -> Path:
    made = tmp_path / "m"
    made.mkdir(exist_ok=True)
    for name, content in files.items():
        raw = content.encode() if isinstance(content, str) else content
        (made / name.replace("__", ".")).write_bytes(raw)
    return made


@pytest.mark.parametrize(
    "written",
    [
        "acme/bird-7b@0a1b2c3",
        "https://huggingface.co/acme/bird-7b/tree/main",
        "hf.co/acme/Bird-7B",
        f"/root/.cache/huggingface/hub/models--acme--bird-7b/snapshots/{COMMIT}",
        "C:\\models\\bird-7b",
        "../models/bird-7b",
        "ACME/Bird-7B",
        "bird-7b",
    ],
)
def test_a_recipe_and_an_adapter_name_what_the_card_names(tmp_path: Path, written: str) -> None:
    recipe = f"merge_method: passthrough\nmodels:\n- model: {json.dumps(written)}\n"
    card = "---\nbase_model: acme/bird-7b\n---\n"
    made = folder(tmp_path, README__md=card, mergekit_config__yml=recipe)
    found = read_declared([str(made)])
    assert pairs(found) == {("m", "acme/bird-7b")} and found.disagreements() == []
    (told,) = [k.written for k in found.links if "mergekit" in k.source]
    assert told == ("" if written == "ACME/Bird-7B" else written)
    (made / "mergekit_config.yml").unlink()
    (made / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": written}))
    found = read_declared([str(made)])
    assert pairs(found) == {("m", "acme/bird-7b")} and found.disagreements() == []


def test_a_file_of_a_quantiser(tmp_path: Path) -> None:
    made = folder(
        tmp_path,
        README__md="---\nbase_model: acme/Bird-8B-Chat\nbase_model_relation: quantized\n---\n",
        bird__gguf=header(
            general__base_model__0__name="Bird 8B",
            general__base_model__0__organization="Acme",
            general__license="mit",
        ),
        mergekit_config__yml="merge_method: slerp\nmodels: [zoo/x, zoo/y]\n",
    )
    found = read_declared([f"q4={made}"])
    assert pairs(found) == {
        ("q4", "acme/Bird-8B-Chat"),
        ("acme/Bird-8B-Chat", "Acme/Bird 8B"),
        ("acme/Bird-8B-Chat", "zoo/x"),
        ("acme/Bird-8B-Chat", "zoo/y"),
    }
    assert [d.models[0] for d in found.disagreements()] == ["acme/Bird-8B-Chat"]
    (made / "mergekit_config.yml").unlink()
    assert read_declared([f"q4={made}"]).disagreements() == []
    # What the registry took from the header when it asked the model reads the same way.
    asked = ModelRecord(1, "q4", "gguf:q4.gguf", "f", {"declared_parent": "Bird 8B"})
    found = read_declared([f"q4={made / 'README.md'}"], [asked])
    assert pairs(found) == {("q4", "acme/Bird-8B-Chat"), ("acme/Bird-8B-Chat", "Bird 8B")}
    assert found.disagreements() == []


def test_a_card_speaks_of_every_file_beside_it(tmp_path: Path) -> None:
    held = header(general__base_model__0__repo_url="https://huggingface.co/acme/Bird")
    made = folder(
        tmp_path,
        README__md="---\nbase_model: acme/Bird-Chat\n---\n",
        a_Q4_0__gguf=held,
        a_Q8_0__gguf=held,
    )
    found = read_declared([str(made)])
    children = {"m", "a_Q4_0", "a_Q8_0"}
    wanted = {(c, "acme/Bird-Chat") for c in children} | {("acme/Bird-Chat", "acme/Bird")}
    assert pairs(found) == wanted and found.disagreements() == []


def test_a_cache_of_the_hub_tells_whose_files_these_are(tmp_path: Path) -> None:
    blobs = tmp_path / "models--acme--bird" / "blobs"
    inside = tmp_path / "models--acme--bird" / "snapshots" / COMMIT
    blobs.mkdir(parents=True)
    inside.mkdir(parents=True)
    (blobs / "0a").write_text("---\nbase_model: zoo/fox\n---\n")
    (inside / "README.md").symlink_to(blobs / "0a")
    for source in (inside, inside / "README.md"):
        assert pairs(read_declared([str(source)])) == {("acme/bird", "zoo/fox")}


def test_a_lora_in_gguf_names_its_base(tmp_path: Path) -> None:
    file = tmp_path / "lora.gguf"
    file.write_bytes(
        header(
            general__type="adapter",
            general__base_model__0__repo_url="https://huggingface.co/acme/bird",
        )
    )
    (link,) = read_source(str(file)).links
    assert (link.parent, link.relation, link.held) == ("acme/bird", "adapter", False)


def record(number: int, name: str, uri: str = "recorded:x") -> ModelRecord:
    return ModelRecord(number, name, uri, "f")


def test_declared_names_come_under_those_of_the_registry() -> None:
    models = [
        record(1, "acme_bird-7b"),
        record(2, "chat", "hf:acme/bird-7b-chat@v1"),
        record(3, "zoo_fox"),
        record(4, "fox"),
        record(5, "pirate", "hf:acme/bird-7b-chat?system=arr"),
    ]
    found = under_names(
        Lineage(
            (
                DeclaredLink("acme/bird-7b-chat", "https://hf.co/acme/bird-7b/tree/main"),
                DeclaredLink("x", "Zoo/Fox"),
                DeclaredLink("y", "https://huggingface.co/out/side@v2"),
            ),
            models=("acme/Bird-7B",),
        ),
        models,
    )
    assert pairs(found) == {("chat", "acme_bird-7b"), ("x", "zoo_fox"), ("y", "out/side")}
    assert found.models == ("acme_bird-7b",) and found.remarks == ()


def test_two_measured_models_that_fit_are_told(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("model,parent\nacme/bird,acme/base\n")
    found = read_declared([str(table)], [record(1, "Acme_bird"), record(2, "acme_Bird")])
    assert pairs(found) == {("acme/bird", "acme/base")}
    assert "'Acme_bird' and 'acme_Bird'" in found.remarks[0]


def test_a_measured_copy_is_not_taken_for_its_own_parent() -> None:
    link = DeclaredLink("bird-7b", "acme/bird-7b", "quantized", "card")
    found = under_names(Lineage((link,)), [record(1, "bird-7b", "gguf:/x/bird-7b.Q4_0.gguf")])
    assert pairs(found) == {("bird-7b", "acme/bird-7b")} and found.disagreements() == []


def test_nothing_declared_is_not_no_parent(tmp_path: Path) -> None:
    made = folder(tmp_path, README__md="# Words\n\nNothing is declared here.\n")
    assert read_declared([str(made)]).silent() == ("m",)
    table = tmp_path / "t.csv"
    table.write_text("Model,Parent\nfounder,\nunknown,?\n")
    found = read_declared([str(table)])
    assert found.founders == ("founder",) and found.silent() == ("unknown",)
    out = tmp_path / "out.csv"
    told = run("provenance", "declared", made, table, "--out", out, "--json")
    assert told["no_parent"] == ["founder"] and told["nothing_declared"] == ["m", "unknown"]
    again = read_declared([str(out)])
    assert again.founders == ("founder",) and set(again.silent()) == {"m", "unknown"}
    shown = CliRunner().invoke(app, ["provenance", "declared", str(made), str(table)]).output
    assert "(none, it says)" in shown and "(nothing declared)" in shown


def test_one_line_of_a_model_on_itself_is_told_with_its_number(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("model,parent\na,b\norg/x,https://hf.co/Org/X\n,z\n")
    found = read_declared([str(table)])
    assert [r.split(": ")[0][-6:] for r in found.remarks] == ["line 3", "line 4"]
    assert [d.kind for d in found.disagreements()] == ["itself"]
    assert pairs(found.without_circles()) == {("a", "b")}


def test_recipes_elsewhere_in_a_folder_are_told(tmp_path: Path) -> None:
    made = folder(
        tmp_path,
        README__md="---\nlicense: mit\n---\n",
        other__yml="merge_method: linear\nmodels: [a/b, c/d]\n",
        training__yaml="lr: 1\n",
        broken__yml="a: [",
    )
    (told,) = read_declared([str(made)]).remarks
    assert "other.yml" in told and "not read with its folder" in told


def test_a_recipe_as_json(tmp_path: Path) -> None:
    file = tmp_path / "recipe.json"
    file.write_text(json.dumps({"merge_method": "linear", "models": [{"model": "a/b"}]}))
    assert pairs(read_source(f"m={file}")) == {("m", "a/b")}
    file.write_text("{}")
    with pytest.raises(InputError, match="no configuration of an adapter"):
        read_source(str(file))


def test_known_licences_fill_what_nobody_declares() -> None:
    lineage = Lineage((DeclaredLink("a", "b"),), {"a": ("mit",)})
    facts = {"a": Fact("a", licence="gemma"), "b": Fact("b", licence="llama2"), "c": Fact("c")}
    made = with_known_licences(lineage, facts)
    assert made.licences == {"a": ("mit",), "b": ("llama2",)}
    assert "licences of 1 models" in made.remarks[0]
    assert with_known_licences(lineage, {}) is lineage and names_in(lineage) == ["a", "b"]


def run(*arguments: str | Path) -> Any:
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)
