"""Who answered and what was not taken is kept, and registries of earlier versions open."""

from __future__ import annotations

from pathlib import Path

import pytest
from old_registries import write_version

from cladist.core.assay import Decoding, Protocol
from cladist.core.origins import UNTOLD, Origin
from cladist.core.responses import Response, State
from cladist.registry import Registry, schema
from cladist.registry.archive import write_archive
from cladist.registry.asked import in_doubt, refuse_settings, refused_settings
from cladist.registry.connection import FILE
from cladist.registry.merge import import_archive
from tests.conftest import small_assay

OLD, NEW = Origin("m-1", "fp_1", "one"), Origin("m-2", "", "two")
ASSAY = small_assay(4)


def told(text: str, origin: Origin, thoughts: str = "") -> Response:
    return Response(text, State.OK, 2, "", origin, thoughts)


def origins(registry: Registry) -> dict[Origin, int]:
    (found,) = registry.responses(ASSAY.protocol)
    return found.origins()


def asked(folder: Path) -> None:
    with Registry.open(folder) as registry:
        model = registry.add_model("m", "openai:m", "openai:x")
        row = registry.add_protocol(ASSAY.protocol)
        registry.set_interface(row, model, "chat")
        slots = [
            (0, 0, told("a", OLD)),
            (1, 0, told("b", OLD, "let me see")),
            (2, 0, Response("", State.ERROR, None, "lost", NEW)),
            (3, 0, Response.of("d")),
        ]
        registry.write_responses(row, model, slots)
        refuse_settings(registry, row, model, {"temperature": "no such thing"})
        refuse_settings(registry, row, model, {"temperature": "other words", "seed": "neither"})


def test_who_answered_is_read_back(tmp_path: Path) -> None:
    asked(tmp_path)
    with Registry.open(tmp_path, create=False) as registry:
        model = registry.model("m")
        (found,) = registry.responses(ASSAY.protocol)
        assert [r.origin for (r,) in found.slots] == [OLD, OLD, NEW, UNTOLD]
        assert [r.thoughts for (r,) in found.slots] == ["", "let me see", "", ""]
        by_slot = registry.answers_by_slot(ASSAY.protocol, model)
        assert by_slot[1, 0] == told("b", OLD, "let me see")
        assert origins(registry) == {OLD: 2, UNTOLD: 1}
        assert refused_settings(registry, ASSAY.protocol, model) == {
            "seed": "neither",
            "temperature": "no such thing",
        }
        row = registry.add_protocol(ASSAY.protocol)
        registry.write_responses(row, model, [(2, 0, told("c", NEW, "hm"))])
        registry.write_responses(row, model, [(0, 0, told("other", NEW))])
        assert registry.answers_by_slot(ASSAY.protocol, model)[2, 0] == told("c", NEW, "hm")
        assert origins(registry) == {OLD: 2, UNTOLD: 1, NEW: 1}


def test_archives_and_merging_keep_it(tmp_path: Path) -> None:
    asked(tmp_path / "one")
    write_archive(tmp_path / "one", tmp_path / "one.zip")
    with Registry.open(tmp_path / "two") as registry:
        registry.add_model("other", "u", "f")
    import_archive(tmp_path / "one.zip", tmp_path / "two")
    with Registry.open(tmp_path / "two") as registry:
        model = registry.model("m")
        assert origins(registry) == {OLD: 2, UNTOLD: 1}
        assert registry.answers_by_slot(ASSAY.protocol, model)[1, 0].thoughts == "let me see"
        assert set(refused_settings(registry, ASSAY.protocol, model)) == {"seed", "temperature"}


def test_a_silent_model_is_forgotten_with_what_its_server_refused(registry: Registry) -> None:
    model = registry.add_model("m", "u", "f")
    row = registry.add_protocol(ASSAY.protocol)
    refuse_settings(registry, row, model, {"seed": "no"})
    registry.forget_if_silent(model)
    assert registry.models() == []
    assert refused_settings(registry, ASSAY.protocol, model) == {}


@pytest.mark.parametrize("version", range(1, schema.VERSION))
def test_earlier_versions_open_with_nothing_known_of_who_answered(
    tmp_path: Path, version: int
) -> None:
    asked(tmp_path / "new")
    (tmp_path / "old").mkdir()
    write_version(version, tmp_path / "new" / FILE, tmp_path / "old" / FILE)
    with Registry.open(tmp_path / "old") as registry:
        model = registry.model("m")
        assert registry._one("PRAGMA user_version") == (schema.VERSION,)
        (found,) = registry.responses(ASSAY.protocol)
        assert [r.text for (r,) in found.slots] == ["a", "b", "", "d"]
        known_then = version >= 3
        assert all(r.origin == UNTOLD for (r,) in found.slots) is not known_then
        assert bool(refused_settings(registry, ASSAY.protocol, model)) is known_then
        row = registry.add_protocol(ASSAY.protocol)
        registry.write_responses(row, model, [(2, 0, told("c", NEW))])
        assert origins(registry)[NEW] == 1


def test_whose_settings_may_differ(tmp_path: Path) -> None:
    asked(tmp_path / "refusing")
    with Registry.open(tmp_path / "refusing", create=False) as registry:
        other = registry.add_model("other", "openai:o", "openai:o")
        registry.write_responses(
            registry.add_protocol(ASSAY.protocol), other, [(0, 0, Response.of("a"))]
        )
        assert in_doubt(registry, ASSAY.protocol) == {"m": ("temperature",)}
    old = Protocol(
        "old", ASSAY.protocol.probes, Decoding("raw", max_tokens=99, unknown=("temperature",))
    )
    new = Protocol("new", ASSAY.protocol.probes, Decoding("raw", max_tokens=48))
    with Registry.open(tmp_path / "standing") as registry:
        for name, protocol in (("recorded", old), ("asked", new)):
            model = registry.add_model(name, f"x:{name}", name)
            row = registry.add_protocol(protocol)
            registry.set_interface(row, model, "raw")
            registry.write_responses(row, model, [(0, 0, Response.of("a"))])
        assert in_doubt(registry, old) == in_doubt(registry, new) == {}
        registry.set_interface(registry.add_protocol(old), registry.model("asked"), "raw")
        assert in_doubt(registry, old) == {"asked": ("temperature",)}
        assert in_doubt(registry, new) == {}
