"""The functional assay from asking to distances, on models whose descent is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from old_registries import write_version

from cladist import catalog
from cladist.compare import distances
from cladist.core.assay import Protocol
from cladist.core.distributions import unpack
from cladist.core.dna import require_one_assay
from cladist.core.next_token import Context, NextToken, next_byte
from cladist.core.probes import Probe, ProbeSet
from cladist.core.responses import State
from cladist.errors import AssayError, ModelError, NotComparableError
from cladist.extraction.derive import derive
from cladist.extraction.run import extract
from cladist.extraction.verify import verify
from cladist.models import open_model
from cladist.models.budget import Budget, Limits
from cladist.models.recorded import RecordedModel
from cladist.registry import Registry
from cladist.registry.check import check

NAMES = ("m0", "m1", "m2", "m3")
URI = "simulated:7/{}?models=12&founders=2&shape=balanced"


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with Registry.open(tmp_path / "reg") as opened:
        yield opened


def asked(registry: Registry, names: Sequence[str] = NAMES) -> None:
    for name in names:
        made = extract(open_model(URI.format(name)), catalog.assay("functional"), registry)
        assert made.dna is not None
        assert (made.asked, made.failed) == (256, 0)


def test_what_is_stored_is_what_the_model_told(registry: Registry) -> None:
    asked(registry, ["m0"])
    assay = catalog.assay("functional")
    (answers,) = registry.responses(assay.protocol)
    model = open_model(URI.format("m0"))
    contexts = [Context(p.text, top=1000) for p in assay.protocol.probes.probes]
    for index, said in model.next_tokens(contexts):  # type: ignore[attr-defined]
        stored = unpack(answers.slots[index][0].distribution)
        assert stored.mass == pytest.approx(next_byte(said).mass, abs=4e-5)


def test_a_second_run_asks_nothing(registry: Registry) -> None:
    asked(registry, ["m0"])
    again = extract(open_model(URI.format("m0")), catalog.assay("functional"), registry)
    assert (again.asked, again.known) == (0, 256)


def test_adding_a_model_changes_nobody(registry: Registry) -> None:
    assay = catalog.assay("functional")
    asked(registry, NAMES[:2])
    before = registry.dnas(assay)
    asked(registry, NAMES[2:])
    assert [d.digest for d in registry.dnas(assay)][:2] == [d.digest for d in before]


def test_distances_of_dna_are_near_those_of_functions(registry: Registry) -> None:
    asked(registry)
    assay = catalog.assay("functional")
    exact, projected = distances(registry, assay), distances(registry, assay, None, "euclidean")
    assert exact.metric == "hellinger"
    assert projected.condensed() == pytest.approx(exact.condensed(), rel=0.25)
    assert distances(registry, assay, ["m2", "m0"]).ids == ("m2", "m0")


def test_the_registry_is_sound_and_dna_can_be_derived_again(registry: Registry) -> None:
    asked(registry, NAMES[:2])
    assert check(registry._db).findings == ()
    assert verify(registry).same == 2
    made, refused = derive(registry, catalog.assay("functional"))
    assert len(made) == 2
    assert not refused


def test_a_registry_of_the_version_before_still_opens(tmp_path: Path) -> None:
    with Registry.open(tmp_path / "new") as store:
        extract(open_model(URI.format("m0")), catalog.assay("cladist"), store)
        before = store.dnas(catalog.assay("cladist"))[0].digest
    (file,) = (p for p in (tmp_path / "new").iterdir() if p.suffix in (".sqlite", ".db"))
    (tmp_path / "old").mkdir()
    write_version(3, file, tmp_path / "old" / file.name)
    with Registry.open(tmp_path / "old") as store:
        assert store.dnas(catalog.assay("cladist"))[0].digest == before
        asked(store, ["m1"])
        assert check(store._db).findings == ()


def test_models_that_tell_no_probabilities_are_refused_with_a_way_out(registry: Registry) -> None:
    texts = {p.text: None for p in catalog.assay("functional").protocol.probes.probes}
    silent = RecordedModel("r", {}, "recorded:r")
    assert texts
    with pytest.raises(ModelError, match="--assay cladist"):
        extract(silent, catalog.assay("functional"), registry)
    assert registry.count_models() == 0


class _Scarce:
    """Tells `most` tokens and fails where it is told to."""

    def __init__(self, most: int, broken: int) -> None:
        self._inner = open_model(URI.format("m0"))
        self._most, self._broken = most, broken
        self.identity, self.interfaces = self._inner.identity, self._inner.interfaces
        self.gives = "top"
        self.answer, self.close = self._inner.answer, self._inner.close

    def next_tokens(self, contexts: Sequence[Context]) -> Iterator[tuple[int, NextToken]]:
        few = [Context(c.text, c.interface, top=self._most) for c in contexts]
        for index, said in self._inner.next_tokens(few):  # type: ignore[attr-defined]
            yield index, NextToken.failed("NaN") if index < self._broken else said


def test_what_was_not_told_is_missing_and_asked_again_only_where_it_failed(
    registry: Registry,
) -> None:
    assay = catalog.assay("functional")
    made = extract(_Scarce(2, 3), assay, registry)  # type: ignore[arg-type]
    assert made.dna is None
    assert made.failed == 3
    (answers,) = registry.responses(assay.protocol)
    states = answers.states()
    assert states[State.ERROR] == 3
    assert states[State.TRUNCATED] + states.get(State.REFUSED, 0) == 253
    again = extract(open_model(URI.format("m0")), assay, registry)
    assert again.asked == 3


def test_texts_are_no_distributions(registry: Registry) -> None:
    assay = catalog.assay("functional")
    extract(open_model(URI.format("m0")), catalog.assay("cladist"), registry)
    (answers,) = registry.responses(catalog.assay("cladist").protocol)
    from cladist.encoders import represent

    with pytest.raises(AssayError, match="reads distributions"):
        represent(answers, assay.method)
    asked(registry, ["m1"])
    (told,) = registry.responses(assay.protocol)
    with pytest.raises(AssayError, match="reads texts"):
        represent(told, catalog.assay("cladist").method)


def test_protocols_of_texts_keep_their_hashes() -> None:
    """Hashes of released assays, as registries hold them."""
    assert "asks" not in catalog.assay("cladist").protocol.decoding.as_data()
    assert np.isclose(catalog.assay("functional").method.encoders[0].weight, 1 / 256)


@pytest.mark.parametrize("text", ["", "The sea ", "x =\n"])
def test_contexts_that_end_with_a_blank_are_refused(text: str) -> None:
    probes = ProbeSet("mine", (Probe("a", "The sea"), Probe("b", text)))
    with pytest.raises(AssayError, match="ends with a blank"):
        Protocol("mine", probes, catalog.assay("functional").protocol.decoding)


@pytest.mark.parametrize(
    "changes",
    [{"samples": 2}, {"temperature": 0.0}, {"interface": "recorded"}, {"asks": "thoughts"},
     {"top": -1}, {"asks": "text"}],
)  # fmt: skip
def test_decodings_that_make_no_sense_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(AssayError):
        replace(catalog.assay("functional").protocol.decoding, **changes)  # type: ignore[arg-type]


def test_a_budget_leaves_the_rest_for_a_later_run(registry: Registry) -> None:
    assay = catalog.assay("functional")
    few = extract(open_model(URI.format("m0")), assay, registry, budget=Budget(Limits(calls=40)))
    assert (few.asked, few.left, few.dna) == (40, 216, None)
    rest = extract(open_model(URI.format("m0")), assay, registry)
    assert (rest.asked, rest.known) == (216, 40)
    assert rest.dna is not None


def test_the_shorter_assay_asks_a_hundred_contexts_and_is_compared_with_itself_alone(
    registry: Registry,
) -> None:
    short, long = catalog.assay("functional-100"), catalog.assay("functional")
    assert np.isclose(short.method.encoders[0].weight, 1 / 100)
    texts = [[p.text for p in a.protocol.probes.probes] for a in (short, long)]
    assert sum(map(len, texts[0])) * 4 < sum(map(len, texts[1]))
    made = extract(open_model(URI.format("m0")), short, registry)
    assert (made.asked, made.failed) == (100, 0)
    assert made.dna is not None
    other = extract(open_model(URI.format("m0")), long, registry)
    assert other.dna is not None
    with pytest.raises(NotComparableError):
        require_one_assay([made.dna, other.dna])
