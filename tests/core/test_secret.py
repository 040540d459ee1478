"""A draw follows from its seed alone, and its hash tells nothing before the seed is known."""

from __future__ import annotations

from collections import Counter

import pytest

from cladist.core.probes import Probe, ProbeSet
from cladist.core.responses import ResponseSet
from cladist.core.secret import LONGEST, SHORTEST, Secret, new_secret, restrict
from cladist.errors import InputError

POOL = ProbeSet("pool", tuple(Probe(f"{i:03d}", f"text {i}") for i in range(50)))
TEXT = " ".join(f"w{i}" for i in range(2_000))


def test_the_same_seed_the_same_draw() -> None:
    one = Secret("0" * 64, "pool", POOL.digest, 10)
    assert one.places(POOL) == Secret("0" * 64, "pool", POOL.digest, 10).places(POOL)
    assert one.places(POOL) != Secret("1" * 64, "pool", POOL.digest, 10).places(POOL)
    assert len(set(one.places(POOL))) == 10
    assert Secret.from_data(one.as_data(), "x") == one
    # Known values: a draw of today is checked by versions to come.
    assert one.places(POOL)[:4] == (40, 17, 41, 44)
    assert one.commitment.startswith("e79dd2f5e55b5503")


def test_every_probe_is_drawn_alike() -> None:
    counts = Counter(
        p for k in range(600) for p in Secret(f"{k:064x}", "pool", POOL.digest, 5).places(POOL)
    )
    assert len(counts) == 50 and 30 <= min(counts.values()) <= max(counts.values()) <= 95


def test_a_commitment_binds_everything() -> None:
    seen = {
        Secret(seed, way, source, count).commitment  # type: ignore[arg-type]
        for seed in ("0" * 64, "1" * 64)
        for way in ("pool", "passages")
        for source in ("a" * 64, "b" * 64)
        for count in (1, 2)
    }
    assert len(seen) == 16
    assert new_secret(POOL, 5).commitment != new_secret(POOL, 5).commitment


def test_passages_lie_in_the_text_and_apart() -> None:
    secret = new_secret(TEXT, 40)
    probes = secret.passages(TEXT)
    assert probes.digest == secret.passages(TEXT).digest and len(probes) == 40
    used: set[str] = set()
    for probe in probes.probes:
        words = probe.text.split()
        assert SHORTEST <= len(words) <= LONGEST and probe.text in TEXT
        assert not used & set(words)
        used |= set(words)


def test_what_is_refused() -> None:
    secret = Secret("0" * 64, "pool", POOL.digest, 10)
    with pytest.raises(InputError, match="not from the probe set 'pool:9'"):
        secret.places(POOL.first(9))
    with pytest.raises(InputError, match="draws 51 probes, and the pool has 50"):
        new_secret(POOL, 51)
    with pytest.raises(InputError, match="enough for 111 passages"):
        new_secret(TEXT, 112)
    with pytest.raises(InputError, match="not the text"):
        new_secret(TEXT, 5).passages(TEXT + " more")
    with pytest.raises(InputError, match="not the text"):
        secret.passages(TEXT)
    for bad in (
        {"seed": "0"}, {"way": "dice"}, {"source": "0"}, {"count": 0}, {"count": True},
        {"count": "5"}, {"format": "cladist-secret/9"}, {"more": 1}, {"seed": 7},
    ):  # fmt: skip
        with pytest.raises(InputError):
            Secret.from_data(secret.as_data() | bad, "x")
    with pytest.raises(InputError, match="no secret"):
        Secret.from_data([], "x")


def test_answers_that_were_drawn_and_no_others() -> None:
    secret = Secret("0" * 64, "pool", POOL.digest, 10)
    whole = ResponseSet.of_texts("m", [f"a{i}" for i in range(50)], POOL.ids)
    some = restrict(whole, secret, POOL)
    assert [k for k, slot in enumerate(some.slots) if slot] == sorted(secret.places(POOL))
    gone = secret.places(POOL)[0]
    lacking = ResponseSet("m", POOL.ids, (*whole.slots[:gone], (), *whole.slots[gone + 1 :]))
    with pytest.raises(InputError, match="was not asked 1 of the 10 probes"):
        restrict(lacking, secret, POOL)
    assert restrict(lacking, new_secret(TEXT, 5), POOL) == lacking
