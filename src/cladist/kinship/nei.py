"""Nei's similarity and distance of models, from the frequencies of their alleles.

PhyloLM (Yax et al., arXiv 2404.04671, section 3) after Nei (1972): with P_i(a|g) the share of
model i's samples at gene g that show allele a,

    J_ij = sum over g, a of P_i(a|g) P_j(a|g)
    S_ij = J_ij / sqrt(J_ii J_jj)            D_ij = -ln S_ij

The plain J_ii is biased upward for few samples, since a sample always agrees with itself. The
unbiased one is (n sum P^2 - 1) / (n - 1) at each gene with n samples (Nei, 1978).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from cladist.core.distances import DistanceMatrix, symmetric
from cladist.core.features import SparseFeatures
from cladist.core.representation import Representation
from cladist.errors import AssayError, InputError, NotComparableError

__all__ = ["nei_distances", "nei_similarities"]

Matrix = NDArray[np.float64]


def nei_distances(
    representations: Sequence[Representation], *, unbiased: bool = False, assay: str = ""
) -> DistanceMatrix:
    """D = -ln S for all pairs of n models; `assay` is the hash of the assay they rest on.

    A pair without a common allele has S = 0. It is put at the smallest S that could have been
    seen had they shared one: one sample of each agreeing at one of the g common genes, both
    models fixed everywhere, S = 1 / (g n_i n_j). With 128 genes and 32 samples the floor of
    the similarity is 1 / 131,072 and the largest distance 11.8. Estimates of S above 1, which
    the unbiased form allows, are at distance 0.

    Raises `InputError` for a pair without common genes, and what `nei_similarities` raises.
    """
    similarity, shared = _similarities(representations, unbiased)
    n = np.array([r.samples.max(initial=1) for r in representations], dtype=np.float64)
    floor = 1.0 / (shared * n[:, None] * n[None, :])
    distance = -np.log(np.clip(similarity, floor, 1.0))
    return symmetric([r.model for r in representations], distance, "nei", assay)


def nei_similarities(
    representations: Sequence[Representation], *, unbiased: bool = False
) -> Matrix:
    """S for all pairs, float64 (n, n), in the order given. Genes count where both models have them.

    Under `unbiased` a gene with a single sample says nothing about its own spread and counts
    as missing. Cost: one sparse product, O(sum over alleles of (models that have it)^2) time,
    O(n^2) memory.

    Raises `AssayError` when there is no 'alleles' channel, `NotComparableError` when genes
    differ, `InputError` when a pair has no gene in common, or when the unbiased form finds no
    allele twice in a model.
    """
    return _similarities(representations, unbiased)[0]


def _similarities(
    representations: Sequence[Representation], unbiased: bool
) -> tuple[Matrix, NDArray[np.int64]]:
    """Similarities, and in how many genes each pair meets."""
    if not representations:
        raise InputError("Nei's similarity: no model was given")
    genes = representations[0].probe_ids
    for other in representations[1:]:
        if other.probe_ids != genes:
            raise NotComparableError(
                f"'{representations[0].model}' and '{other.model}' were asked other probes; "
                "extract both with the same assay"
            )
    samples = np.stack([r.samples for r in representations])
    present = samples >= (2 if unbiased else 1)
    frequency, square = _frequencies(representations, present)
    if unbiased:
        count = np.maximum(samples, 2)
        square = np.where(present, (count * square - 1) / (count - 1), 0.0)
        square[square < 1e-12] = 0.0  # no allele twice: zero but for rounding
    mask = present.astype(np.float64)
    shared = (mask @ mask.T).astype(np.int64)
    _require(shared > 0, representations, "have no gene with enough usable answers in common")
    own = square @ mask.T
    scale = np.sqrt(own * own.T)
    _require(
        scale > 0,
        representations,
        "cannot be compared without bias: one of them never repeats an allele at their common "
        "genes. Take more samples a gene, or unbiased = false",
    )
    product = np.asarray((frequency @ frequency.T).toarray(), dtype=np.float64)
    return product / scale, shared


def _frequencies(
    representations: Sequence[Representation], present: NDArray[np.bool_]
) -> tuple[sparse.csr_array, Matrix]:
    """Shares of alleles (models x gene-and-allele), and their sums of squares (models x genes)."""
    genes = present.shape[1]
    square = np.zeros(present.shape)
    all_genes, all_keys, all_values, indptr = [], [], [], [0]
    for row, representation in enumerate(representations):
        features = _alleles(representation)
        gene = features.rows()
        kept = present[row][gene]
        gene, size = gene[kept], representation.samples[gene[kept]]
        # Shares are kept as float32; the counts behind them are whole numbers.
        value = np.rint(features.values[kept].astype(np.float64) * size) / size
        square[row] = np.bincount(gene, weights=value * value, minlength=genes)
        all_genes.append(gene)
        all_keys.append(features.keys[kept])
        all_values.append(value)
        indptr.append(indptr[-1] + len(gene))
    distinct, number = np.unique(np.concatenate(all_keys), return_inverse=True)
    pair = np.concatenate(all_genes) * max(len(distinct), 1) + number
    columns, column = np.unique(pair, return_inverse=True)
    matrix = sparse.csr_array(
        (np.concatenate(all_values), column, np.array(indptr)),
        shape=(len(representations), len(columns)),
    )
    return matrix, square


def _alleles(representation: Representation) -> SparseFeatures:
    for channel in representation.channels:
        if channel.encoder == "alleles" and isinstance(channel.features, SparseFeatures):
            return channel.features
    raise AssayError(
        f"Nei's similarity needs the encoder 'alleles'; '{representation.model}' was encoded by "
        f"{', '.join(c.encoder for c in representation.channels) or 'none'}"
    )


def _require(
    good: NDArray[np.bool_], representations: Sequence[Representation], problem: str
) -> None:
    if good.all():
        return
    i, j = np.argwhere(~good)[0]
    who = f"'{representations[i].model}' and '{representations[j].model}'"
    raise InputError(f"Nei's similarity: {who if i != j else who.split(' and ')[0]} {problem}")
