from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import pytest

from cladist.atlas.build import Atlas, Wishes, build
from cladist.atlas.server.service import AtlasService
from cladist.compare import resolve_assay
from cladist.formats.labels import DeclaredModel
from cladist.references.home import HOME
from cladist.references.installed import place
from cladist.references.labels import plain_name
from cladist.references.sharing import Terms, add_file, build_file
from cladist.registry import Registry
from tests.support.synthetic import Made, make_models, make_registry

COUNT = 72
REFERENCE = "ours"
FAMILIES = 50
"""Enough for verdicts at 1% on ten relatives together, which need 46."""


@dataclass(frozen=True)
class Lab:
    """A registry of made models, hostile names among them, and its atlas."""

    folder: Path
    models: list[Made]
    atlas: Atlas

    @property
    def service(self) -> AtlasService:
        return AtlasService(self.atlas, self.folder)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    folder = tmp_path_factory.mktemp("atlas") / "lab"
    make_registry(folder, COUNT, hostile=True, families=FAMILIES)
    models = make_models(COUNT, hostile=True, families=FAMILIES)
    labels = folder / "labels.csv"
    with labels.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [["model", "family"], *([m.name, m.family] for m in models if "\0" not in m.name)]
        )
    wishes = Wishes(
        title="made <up>",
        maps=("pcoa",),
        metadata=folder / "models.csv",
        declared=folder / "lineage.csv",
        labels=labels,
    )
    with Registry.open(folder, create=False) as store:
        made = build(store, resolve_assay(store), wishes)
    return Lab(folder, models, made)


@pytest.fixture(scope="session")
def shelf_home(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's data with a reference of the lab's models, and a damaged one."""
    folder = tmp_path_factory.mktemp("home")
    families = {plain_name(m.name): DeclaredModel(m.family) for m in lab.models}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME, str(folder))
        terms = Terms(REFERENCE, "CC0-1.0", "Our <b>own</b> models")
        build_file(lab.folder, folder / "ours.cladref", terms, lineage=families)
        add_file(folder / "ours.cladref")
        (place() / "torn").mkdir()
        (place() / "torn" / "reference.json").write_text("{")
    return folder
