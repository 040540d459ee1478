"""Keys and packs to check, made once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from made_families import population

from cladist.attestation.case import Case
from cladist.attestation.keys import load_private, load_public, make_key
from cladist.attestation.of_panel import Ask, kinship_case
from cladist.attestation.writing import write_statement
from cladist.core.assay import Decoding, Protocol
from cladist.core.probes import Probe, ProbeSet
from cladist.kinship.inference.decision import Policy
from cladist.kinship.inference.facts import gatherer
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.pairs import pair_evidence

CREATED = "2026-01-31T12:00:00Z"


@dataclass(frozen=True)
class Keys:
    """A private key and its public one, as files."""

    private: Path
    public: Path

    def sign(self, path: Path, case: Case) -> Path:
        write_statement(path, case, [load_private(self.private)], CREATED)
        return path

    @property
    def trusted(self) -> tuple:  # type: ignore[type-arg]
        return (load_public(self.public),)


def made_keys(folder: Path) -> Keys:
    make_key(folder / "k.pem")
    return Keys(folder / "k.pem", folder / "k.pub.pem")


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return made_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def other_keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return made_keys(tmp_path_factory.mktemp("other"))


def protocol_of(probes: int) -> Protocol:
    texts = tuple(Probe(f"{i:04d}", f"What of {i}?") for i in range(probes))
    return Protocol("made", ProbeSet("made", texts), Decoding("chat", max_tokens=32))


@pytest.fixture(scope="session")
def kin_case() -> Case:
    models, names = population(families=12, members=2, kept=0.8, probes=24)
    labels = Labels(tuple(names))
    protocol = protocol_of(24)
    made = gatherer(
        models, pair_evidence(models), labels, prompts=[p.text for p in protocol.probes.probes]
    )
    return kinship_case(made, protocol, [Ask("f0-m0", ("f0-m1", "f3-m0"))], Policy(0.1))
