"""Models behind a system prompt or another sampling setting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from cladist.core.responses import Response
from cladist.errors import UsageError
from cladist.models import parse_uri
from cladist.models.base import AskedInterface, Identity, Request
from cladist.models.disguise import disguised


@dataclass
class Listener:
    """Keeps what it was asked."""

    identity: Identity = field(
        default_factory=lambda: Identity("plain", "fake:x", "f" * 8, {"a": "b"})
    )
    interfaces: frozenset[AskedInterface] = frozenset({"raw"})
    heard: list[Request] = field(default_factory=list)
    closed: bool = False

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        self.heard.extend(requests)
        yield from ((i, Response.of("yes")) for i in range(len(requests)))

    def close(self) -> None:
        self.closed = True


def test_nothing_worn_is_the_model_itself() -> None:
    model = Listener()
    assert disguised(model, parse_uri("fake:x")) is model


def test_a_name_alone_changes_the_name_alone() -> None:
    model = Listener()
    named = disguised(model, parse_uri("fake:x#called"))
    assert named.identity.name == "called"
    assert named.identity.fingerprint == model.identity.fingerprint
    asked = Request("hi", 4, temperature=0.5, system="keep")
    list(named.answer([asked]))
    assert model.heard == [asked]


def test_settings_reach_the_model() -> None:
    model = Listener()
    worn = disguised(model, parse_uri("fake:x?system=Be+rude&temperature=0.7&top_p=0.9"))
    list(worn.answer([Request("hi", 4, system="be kind", seed=3)]))
    assert model.heard == [Request("hi", 4, temperature=0.7, top_p=0.9, seed=3, system="Be rude")]


def test_identity_follows_the_settings() -> None:
    plain = Listener().identity
    hot, hotter, spoken = (
        disguised(Listener(), parse_uri(f"fake:x?{q}")).identity
        for q in ("temperature=0.7", "temperature=0.8", "system=hi")
    )
    prints = {plain.fingerprint, hot.fingerprint, hotter.fingerprint, spoken.fingerprint}
    assert len(prints) == 4
    assert hot.name != hotter.name != plain.name
    assert hot.metadata == {"a": "b", "disguise.temperature": "0.7"}


def test_closing_closes_the_model_within() -> None:
    model = Listener()
    worn = disguised(model, parse_uri("fake:x?system=s"))
    assert worn.interfaces == {"raw"}
    worn.close()
    assert model.closed


@pytest.mark.parametrize("query", ["temperature=hot", "temperature=9", "top_p=-1", "top_p="])
def test_settings_out_of_range(query: str) -> None:
    with pytest.raises(UsageError, match=query.partition("=")[0]):
        disguised(Listener(), parse_uri(f"fake:x?{query}"))
