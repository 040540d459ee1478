from __future__ import annotations

from dataclasses import replace

import pytest

from cladist.core.assay import Decoding, Protocol
from cladist.core.comparable import READ_TOKENS, asking, assumptions, difference
from cladist.core.probes import Probe, ProbeSet
from cladist.errors import AssayError, NotComparableError

PROBES = ProbeSet("p", (Probe("0", "Once"), Probe("1", "Twice")))
OLD = Protocol("old", PROBES, Decoding("raw", max_tokens=1024, unknown=("temperature", "top_p")))


def test_hashes_of_asked_protocols_are_those_of_before() -> None:
    # Fixed by earlier releases; what only recorded answers have must not enter.
    assert Decoding().as_data() == {
        "interface": "auto", "temperature": 0.0, "top_p": 1.0, "max_tokens": 16, "samples": 1,
        "seed": 0,
    }  # fmt: skip
    assert OLD.digest != replace(OLD, decoding=replace(OLD.decoding, unknown=())).digest


def test_what_nobody_recorded_is_unsure() -> None:
    assert Decoding("recorded", max_tokens=1).unsure >= {"interface", "temperature", "max_tokens"}
    assert Decoding("raw").unsure == frozenset()
    assert OLD.decoding.told()["temperature"] == "not recorded"
    with pytest.raises(AssayError, match="'samples' cannot be unknown"):
        Decoding(unknown=("samples",))
    with pytest.raises(AssayError, match="below 0"):
        Decoding(cut=-1)


def test_asked_the_same_and_shorter_is_comparable() -> None:
    new = asking(OLD)
    assert new.decoding == Decoding("raw", max_tokens=READ_TOKENS)
    assert difference(new, OLD) == "" and new.digest != OLD.digest
    assert asking(OLD, limit=2000).decoding.max_tokens == 1024


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"interface": "chat"}, "through chat"),
        ({"temperature": 0.7}, "temperature 0.7"),
        ({"temperature": 0.7, "top_p": 0.5}, "temperature"),
    ],
)
def test_what_differs_where_it_is_known_is_not_comparable(
    change: dict[str, object], said: str
) -> None:
    known = replace(OLD, decoding=replace(OLD.decoding, unknown=("top_p",)))
    new = replace(known, decoding=replace(known.decoding, unknown=(), **change))  # type: ignore[arg-type]
    assert said in difference(new, known)


def test_top_p_matters_for_sampled_answers_alone() -> None:
    for temperature, differs in ((0.0, False), (0.7, True)):
        known = Protocol("k", PROBES, Decoding("raw", temperature, 0.9, unknown=("max_tokens",)))
        new = replace(known, decoding=Decoding("raw", temperature, 1.0))
        assert bool(difference(new, known)) is differs


def test_other_prompts_are_not_comparable() -> None:
    other = replace(OLD, probes=ProbeSet("p", (Probe("0", "Once"), Probe("1", "twice"))))
    assert "prompts" in difference(asking(other), OLD)


def test_what_cannot_be_asked_says_why() -> None:
    with pytest.raises(NotComparableError, match=r"1 of the 2 .* ids alone"):
        asking(replace(OLD, probes=ProbeSet("p", (Probe("0", "Once"), Probe("1", "")))))
    with pytest.raises(NotComparableError, match="through raw"):
        asking(OLD, "chat")
    unknown = replace(OLD, decoding=Decoding("recorded", max_tokens=1))
    with pytest.raises(NotComparableError, match="--interface"):
        asking(unknown)
    assert asking(unknown, "chat").decoding == Decoding("chat", max_tokens=READ_TOKENS)
    assert difference(asking(unknown, "chat"), unknown) == ""


def test_assumptions_are_told_in_words() -> None:
    told = " ".join(assumptions(OLD.decoding, asking(OLD).decoding))
    assert "temperature not recorded, 0 assumed" in told and "48 tokens" in told
    assert "interface" not in told
    cut = replace(OLD.decoding, cut=60, unknown=("system",))
    assert assumptions(cut) == (
        "system prompt not recorded, none assumed",
        "recorded answers were cut after 60 characters",
    )
    assert assumptions(Decoding("raw"), Decoding("raw")) == ()
