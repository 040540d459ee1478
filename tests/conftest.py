"""Fixtures that many tests share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import settings

from cladist.core.assay import Assay, Decoding, EncoderSpec, Method, Projection, Protocol
from cladist.core.probes import Probe, ProbeSet
from cladist.core.responses import Response
from cladist.models.base import AskedInterface, Identity, Request
from cladist.registry import Registry

# A busy machine is no fault of what is tested; speed is measured in benchmarks/.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of recorded data; the test is skipped where it is absent."""
    data = SHARED / "data"
    if not data.is_dir():
        pytest.skip("the recorded responses in ../shared/data are not on this machine")
    return data


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with Registry.open(tmp_path / "registry") as store:
        yield store


@dataclass
class ScriptedModel:
    """A model whose answers a test writes; it counts what it is asked."""

    name: str
    answers: dict[str, Response]
    interfaces: frozenset[AskedInterface] = frozenset({"raw"})
    asked: list[Request] = field(default_factory=list)
    stop_after: int | None = None

    @property
    def identity(self) -> Identity:
        return Identity(self.name, f"scripted:{self.name}", f"scripted:{self.name}")

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        for number, request in enumerate(requests):
            if self.stop_after is not None and number >= self.stop_after:
                raise KeyboardInterrupt
            self.asked.append(request)
            yield number, self.answers[request.prompt]

    def close(self) -> None:
        pass


def small_assay(count: int = 8, metric: str = "euclidean", **decoding: object) -> Assay:
    """An assay of a few probes with a cheap encoder."""
    probes = ProbeSet("small", tuple(Probe(f"p{i}", f"prompt {i}") for i in range(count)))
    method = Method(
        "small",
        (EncoderSpec("alleles", {"length": 4}),),
        Projection(16),
        metric,  # type: ignore[arg-type]
    )
    return Assay("small", Protocol("small", probes, Decoding(**decoding)), method)  # type: ignore[arg-type]


def scripted(name: str, assay: Assay, **kwargs: object) -> ScriptedModel:
    """A model that answers every probe with its own name and the prompt."""
    answers = {p.text: Response.of(f"{name} says {p.text}") for p in assay.protocol.probes.probes}
    return ScriptedModel(name, answers, **kwargs)  # type: ignore[arg-type]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long begin first, so that at the end no worker waits for another."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session", autouse=True)
def cache_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fitted panels and maps of tests stay out of the user's cache folder."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield
