"""Prepared alleles give the figures of the full computation, and their files cannot be mixed up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cladist.core.responses import ResponseSet
from cladist.errors import InputError, NotComparableError
from cladist.kinship.evidence.alleles import local_alleles, relationship, whole_alleles
from cladist.kinship.evidence.corpus import read_corpus
from cladist.kinship.panel.allele_index import AlleleIndex, index_alleles, load_index, save_index
from cladist.kinship.panel.allele_scores import allele_scores
from tests.support.made_families import population

MODELS, _ = population(9, 3, 14)
ODD = ["a\U0001f600b", "\ud800x", "日本語の答え", "a" * 50, "x" * 32, "x" * 31, "y"]


def holed(models: list[ResponseSet], seed: int, odd: bool = True) -> list[ResponseSet]:
    """The same with answers missing, cut short, repeated, and in other scripts."""
    draw = np.random.default_rng(seed)
    out = []
    for r in models:
        texts: list[str | None] = []
        for text in r.texts():
            kind = draw.random()
            if kind < 0.1:
                texts.append(None)
            elif kind < 0.25 and text:
                texts.append(text[: int(draw.integers(1, 30))])
            elif kind < 0.35 and odd:
                texts.append(ODD[int(draw.integers(len(ODD)))])
            else:
                texts.append(text)
        out.append(ResponseSet.of_texts(r.model, texts, r.probe_ids))
    return out


def expected(members: list[ResponseSet], new: ResponseSet) -> np.ndarray:
    corpus = read_corpus([*members, ResponseSet("\0new", new.probe_ids, new.slots)])
    weight = np.ones(len(corpus))
    weight[-1] = 0
    both = sum(
        relationship(read(corpus), corpus.present, weight)
        for read in (whole_alleles, local_alleles)
    )
    return np.asarray(both)[-1, :-1] / 2


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_scores_are_those_of_the_full_computation(seed: int, odd: bool) -> None:
    models = holed(MODELS, seed, odd)
    members, outsiders = models[:-3], models[-3:]
    index = index_alleles(read_corpus(members))
    for new in (*outsiders, members[4]):
        if not any(new.texts()):
            continue
        np.testing.assert_allclose(
            allele_scores(index, new), expected(members, new), rtol=2e-4, atol=2e-5
        )


def test_characters_that_the_panel_lacks(tmp_path: Path) -> None:
    members = holed(MODELS, 1, odd=False)
    index = index_alleles(read_corpus(members))
    assert index.arrays["openings"].dtype.itemsize == 64
    texts = [(t or "")[:3] + "\U0001f600 and on" for t in members[0].texts()]
    new = ResponseSet.of_texts("new", texts, members[0].probe_ids)
    np.testing.assert_allclose(
        allele_scores(index, new), expected(members, new), rtol=2e-4, atol=2e-5
    )


def test_other_and_missing_probes() -> None:
    members = holed(MODELS, 2)
    index = index_alleles(read_corpus(members))
    ids = members[0].probe_ids
    texts = members[0].texts()
    new = ResponseSet.of_texts("new", ["elsewhere", *texts[3:]], ["other", *ids[3:]])
    part = ResponseSet.of_texts("new", texts[3:], ids[3:])
    np.testing.assert_allclose(allele_scores(index, new), expected(members, part), atol=2e-5)
    with pytest.raises(NotComparableError, match="shares no probe"):
        allele_scores(index, ResponseSet.of_texts("s", ["a"], ["elsewhere"]))
    with pytest.raises(InputError, match="more than 20"):
        index_alleles(read_corpus(members[:20]))


def test_files_hold_the_same_and_cannot_be_mixed_up(tmp_path: Path) -> None:
    index = index_alleles(read_corpus(MODELS[:-1]), "p" * 64)
    save_index(index, tmp_path / "i")
    save_index(index, tmp_path / "i")
    again = load_index(tmp_path / "i", "p" * 64)
    assert (again.models, again.probe_ids) == (index.models, index.probe_ids)
    np.testing.assert_array_equal(
        allele_scores(again, MODELS[-1]), allele_scores(index, MODELS[-1])
    )
    with pytest.raises(InputError, match="another panel"):
        load_index(tmp_path / "i", "q" * 64)
    with pytest.raises(InputError, match="no such index"):
        load_index(tmp_path / "j")
    path = tmp_path / "i" / "nats.npy"
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    with pytest.raises(InputError, match="was changed"):
        load_index(tmp_path / "i")
    path.unlink()
    with pytest.raises(InputError, match="cannot be read"):
        load_index(tmp_path / "i")
    (tmp_path / "i" / "head.json").write_text("{}")
    with pytest.raises(InputError, match="no index of a panel"):
        load_index(tmp_path / "i")


def test_every_array_is_documented() -> None:
    index = index_alleles(read_corpus(MODELS[:-1]))
    for name in index.arrays:
        assert name in (AlleleIndex.__doc__ or ""), name
