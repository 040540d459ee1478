"""Nei's similarity against values worked out by hand from the formula."""

from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cladist.core.assay import EncoderSpec, Method
from cladist.core.responses import Response, ResponseSet
from cladist.encoders import represent
from cladist.errors import AssayError, InputError, NotComparableError
from cladist.kinship.nei import nei_distances, nei_similarities

METHOD = Method("phylolm", (EncoderSpec("alleles", {"length": 4}),))


def model(name, *genes, method=METHOD):
    """A model from one string a gene; every letter is one sample with that letter as allele."""
    slots = tuple(tuple(Response.of(letter) for letter in gene) for gene in genes)
    ids = tuple(f"g{i}" for i in range(len(genes)))
    return represent(ResponseSet(name, ids, slots), method)


def test_two_genes_by_hand():
    # gene 0: P1 = (x 3/4, y 1/4), P2 = (x 1/2, y 1/2); gene 1: P1 = (x 1), P2 = (x 1/4, z 3/4)
    # J12 = 3/4 1/2 + 1/4 1/2 + 1 1/4 = 3/4
    # J11 = 9/16 + 1/16 + 1 = 26/16; J22 = 1/4 + 1/4 + 1/16 + 9/16 = 18/16
    # S = (12/16) / sqrt(26 18 / 256) = 12 / sqrt(468)
    pair = [model("1", "xxxy", "xxxx"), model("2", "xxyy", "xzzz")]
    s = nei_similarities(pair)
    np.testing.assert_allclose(s, [[1, 12 / sqrt(468)], [12 / sqrt(468), 1]], rtol=1e-6)
    d = nei_distances(pair, assay="digest")
    assert d.matrix[0, 1] == pytest.approx(log(sqrt(468) / 12), rel=1e-6)
    assert (d.ids, d.metric, d.assay) == (("1", "2"), "nei", "digest")


def test_two_genes_without_bias_by_hand():
    # With n = 4, (4 sum P^2 - 1) / 3 at each gene:
    # J11 = (10/4 - 1)/3 + (4 - 1)/3 = 1/2 + 1; J22 = (2 - 1)/3 + (10/4 - 1)/3 = 1/3 + 1/2
    # S = (3/4) / sqrt(3/2 5/6) = (3/4) / sqrt(5/4)
    pair = [model("1", "xxxy", "xxxx"), model("2", "xxyy", "xzzz")]
    s = nei_similarities(pair, unbiased=True)
    assert s[0, 1] == pytest.approx(0.75 / sqrt(1.25), rel=1e-6)


def test_the_same_allele_at_another_gene_is_another_allele():
    # x at gene 0 against x at gene 1 only: J12 = 0.
    pair = [model("1", "x", "y"), model("2", "y", "x")]
    assert nei_similarities(pair)[0, 1] == 0


def test_the_floor():
    # Nothing shared: S is put at 1 / (g n1 n2) = 1 / (2 4 2) = 1/16.
    pair = [model("1", "xxxx", "xxxx"), model("2", "yy", "yy")]
    assert nei_distances(pair).matrix[0, 1] == pytest.approx(log(16))
    # One sample of each agreeing at one gene, all else fixed, is not below the floor.
    close = [model("1", "xxxx", "yxxx"), model("2", "yy", "yz")]
    assert nei_similarities(close)[0, 1] > 1 / 16
    assert nei_distances(close).matrix[0, 1] < log(16)


def test_only_common_genes_count():
    # Of three genes models 1 and 2 share the first alone: P1 = (x 1/2, y 1/2), P2 = (x 1).
    # J12 = 1/2, J11 = 1/2, J22 = 1: S = 1/2 / sqrt(1/2).
    three = [model("1", "xy", "zz", ""), model("2", "xx", "", "zz"), model("3", "xx", "zz", "zz")]
    s = nei_similarities(three)
    assert s[0, 1] == pytest.approx(sqrt(0.5))
    # 1 and 3 share genes 0 and 1: J13 = 1/2 + 1, J11 = 1/2 + 1, J33 = 2.
    assert s[0, 2] == pytest.approx(1.5 / sqrt(3))
    assert s[1, 2] == pytest.approx(1)


def test_unequal_numbers_of_samples():
    # n1 = 2: (2 1 - 1)/1 = 1; n2 = 5, P = (x 3/5, y 2/5): (5 13/25 - 1)/4 = 2/5; J12 = 3/5.
    pair = [model("1", "xx"), model("2", "xxxyy")]
    assert nei_similarities(pair, unbiased=True)[0, 1] == pytest.approx(0.6 / sqrt(0.4))


def test_similarity_above_one_is_distance_zero():
    # n = 2, P = (x 1/2, y 1/2) at one gene and fixed at another, twice the same model:
    # J12 = 1/2 + 1; without bias J11 = J22 = 0 + 1: S = 3/2.
    pair = [model("1", "xy", "zz"), model("2", "xy", "zz")]
    assert nei_similarities(pair, unbiased=True)[0, 1] == pytest.approx(1.5)
    assert nei_distances(pair, unbiased=True).matrix[0, 1] == 0


def test_without_bias_the_mean_is_right():
    # Drawn from P = 1/8 each: J = 1/8. The plain estimate has mean 1/8 + (1 - 1/8)/n.
    rng = np.random.default_rng(0)
    one = model("1", *("".join(rng.choice(list("abcdefgh"), 4)) for _ in range(4000)))
    fixed = model("2", *["a" * 4] * 4000)
    # J12 = 1/8 a gene and J22 = 1, so J11 = (J12 / S)^2 a gene.
    plain, unbiased = (nei_similarities([one, fixed], unbiased=u)[0, 1] for u in (False, True))
    assert (plain, unbiased) == (
        pytest.approx(1 / 8 / sqrt(1 / 8 + 7 / 32), rel=0.05),
        pytest.approx(1 / 8 / sqrt(1 / 8), rel=0.05),
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(1, 5), st.booleans())
def test_against_the_formula_in_loops(seed, n, genes, unbiased):
    rng = np.random.default_rng(seed)
    texts = [
        ["".join(rng.choice(list("abc"), rng.integers(0, 6))) for _ in range(genes)] + ["aa"]
        for _ in range(n)
    ]
    found = nei_similarities([model(str(i), *t) for i, t in enumerate(texts)], unbiased=unbiased)
    least = 2 if unbiased else 1

    def homozygosity(gene):
        total, size = sum((gene.count(a) / len(gene)) ** 2 for a in set(gene)), len(gene)
        return (size * total - 1) / (size - 1) if unbiased else total

    for i in range(n):
        for j in range(n):
            common = [
                (a, b)
                for a, b in zip(texts[i], texts[j], strict=True)
                if min(len(a), len(b)) >= least
            ]
            top = sum(a.count(x) / len(a) * b.count(x) / len(b) for a, b in common for x in set(a))
            below = sum(homozygosity(a) for a, _ in common) * sum(
                homozygosity(b) for _, b in common
            )
            assert found[i, j] == pytest.approx(top / sqrt(below), rel=1e-5)
    if not unbiased:
        assert found.max() <= 1 + 1e-6
        d = nei_distances([model(str(i), *t) for i, t in enumerate(texts)]).matrix
        assert exp(-d.max()) >= min(found[found > 0].min(), 1 / ((genes + 1) * 36)) * 0.999


def test_what_cannot_be_compared():
    with pytest.raises(InputError, match="no model"):
        nei_similarities([])
    with pytest.raises(InputError, match="'1' and '2' have no gene"):
        nei_similarities([model("1", "x", ""), model("2", "", "x")])
    with pytest.raises(InputError, match="never repeats"):
        nei_similarities([model("1", "xyz"), model("2", "xxx")], unbiased=True)
    with pytest.raises(InputError, match="no gene with enough"):
        nei_similarities([model("1", "x"), model("2", "x")], unbiased=True)
    with pytest.raises(NotComparableError, match="other probes"):
        nei_similarities([model("1", "x"), model("2", "x", "y")])
    lexical = Method("m", (EncoderSpec("lexical"),))
    with pytest.raises(AssayError, match="needs the encoder 'alleles'; '1' was encoded by lexical"):
        nei_similarities([model("1", "x", method=lexical)])
