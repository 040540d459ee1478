"""Alleles: rare shared choices count, common ones and shared length do not."""

from __future__ import annotations

import numpy as np

from cladist.core.responses import ResponseSet
from cladist.kinship.config import OPENINGS
from cladist.kinship.evidence.alleles import information, local_alleles, relationship, whole_alleles
from cladist.kinship.evidence.corpus import Corpus, read_corpus


def corpus(*rows: list[str | None]) -> Corpus:
    return read_corpus([ResponseSet.of_texts(f"m{k}", row) for k, row in enumerate(rows)])


def test_information_is_minus_log_share_of_those_who_stood_there() -> None:
    c = corpus(["ax"], ["ax"], ["ay"], ["b"])
    found = whole_alleles(c)
    nats = information(found, np.ones(4))
    shown = np.asarray(found.shown.sum(0)).ravel()
    stood = np.asarray(found.stood.sum(0)).ravel()[found.context]
    np.testing.assert_allclose(nats, np.log((stood + 0.5 + 2 / 4) / (shown + 0.5)), rtol=1e-6)
    # 'a' by three of four, 'b' by one, then 'x' by two of three and 'y' by one
    assert {(4, 3), (4, 1), (3, 2), (3, 1)} <= set(zip(stood.tolist(), shown.tolist()))


def test_a_rare_choice_binds_more_than_a_common_one() -> None:
    rows = [["common"] * 20 for _ in range(30)]
    rows[0] = rows[1] = ["seldom"] * 20
    rows[2] = ["once 2"] * 20
    found = corpus(*rows)
    k = relationship(whole_alleles(found), found.present, np.ones(30))
    assert k[0, 1] > 3 * k[3, 4] > 0
    assert k[0, 2] < 0 > k[0, 3]


def test_outsiders_change_nothing_among_members() -> None:
    rng = np.random.default_rng(0)
    rows: list[list[str | None]] = [
        ["".join(rng.choice(list("abcd"), 20)) for _ in range(15)] for _ in range(26)
    ]
    inner, outer = corpus(*rows[:24]), corpus(*rows)
    weight = np.r_[np.ones(24), 0, 0]
    for read in (whole_alleles, local_alleles):
        alone = relationship(read(inner), inner.present, np.ones(24))
        together = relationship(read(outer), outer.present, weight)
        np.testing.assert_allclose(together[:24, :24], alone, atol=1e-5)


def test_missing_answers_are_neither_agreement_nor_difference() -> None:
    said = [["north"] * 10, ["north"] * 10, ["south"] * 10, ["west"] * 10]
    full = corpus(*said, [None] * 10)
    k = relationship(whole_alleles(full), full.present, np.ones(5))
    np.testing.assert_allclose(k[4], 0, atol=1e-12)


def test_corpus_aligns_probes_by_name_and_marks_ends() -> None:
    a = ResponseSet.of_texts("a", [" one ", "two"], ["p", "q"])
    b = ResponseSet.of_texts("b", ["deux", "trois"], ["q", "r"])
    c = read_corpus([a, b])
    assert c.probe_ids == ("p", "q", "r")
    assert c.texts == (("one", "two", ""), ("", "deux", "trois"))
    assert c.length.tolist() == [[3, 3, 0], [0, 4, 5]]
    assert c.codes.shape == (2, 3, OPENINGS.depth)
    assert c.digests()[0] != c.digests()[1]
