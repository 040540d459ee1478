"""Methods that kinship is measured beside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from kinship_sets import Labelled
from scipy import sparse

from cladist import catalog
from cladist.encoders import represent
from cladist.kinship.evidence.corpus import Corpus
from cladist.kinship.nei import nei_similarities

CHARACTERS = 400
"""Of an answer that TF-IDF reads."""

_MIX = np.uint64(0x9E3779B97F4A7C15)
_DENSE = 32


def baselines(d: Labelled, data: Path) -> dict[str, np.ndarray]:
    """Likeness by each method, larger is closer."""
    return {
        **published(d, data),
        "Nei, as in PhyloLM": nei(d),
        "TF-IDF, all answers together, centred": tfidf(d.corpus),
        "TF-IDF probe by probe, centred": tfidf_by_probe(d.corpus),
        "rarity of the shared prefix": prefix(d.corpus),
    }


def published(d: Labelled, data: Path) -> dict[str, np.ndarray]:
    """The vectors that the authors of LLM-DNA published, where they cover the set."""
    archive = data / d.name / "published_dna.npz"
    if not archive.exists():
        return {}
    with np.load(archive, allow_pickle=False) as z:
        place = {str(m): k for k, m in enumerate(z["models"])}
        vectors = z["vectors"].astype(np.float64)
    mine = np.stack([vectors[place[i]] if i in place else vectors.mean(0) for i in d.ids])
    square = (mine**2).sum(1)
    distance = np.sqrt(np.maximum(square[:, None] + square - 2 * mine @ mine.T, 0))
    return {"published DNA, Euclidean": -distance, "published DNA, centred": centred(mine)}


def centred(x: np.ndarray) -> np.ndarray:
    """Cosines without the mean."""
    x = x - x.mean(0)
    x = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    return np.asarray(x @ x.T, np.float64)


def nei(d: Labelled) -> np.ndarray:
    """Alleles of four characters, one sample a probe; models without answers score 0."""
    method = catalog.assay("phylolm").method
    common = [k for k, s in enumerate(d.sets) if s.usable().mean() > 0.5]
    out = np.zeros((len(d.sets), len(d.sets)))
    out[np.ix_(common, common)] = nei_similarities([represent(d.sets[k], method) for k in common])
    return out


def pieces(texts: list[str], lengths: range, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Owner and hash of every character n-gram of every text."""
    size = np.fromiter(map(len, texts), np.int64, len(texts))
    raw = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), "<u4")
    owner = np.repeat(np.arange(len(texts)), size)
    hashed = np.zeros(len(raw), np.uint64)
    owners, found = [], []
    for n in range(1, lengths.stop):
        hashed = hashed[: len(raw) - n + 1] * _MIX + raw[n - 1 :].astype(np.uint64) + np.uint64(n)
        if n in lengths:
            whole = owner[: len(hashed)] == owner[n - 1 :]
            owners.append(owner[: len(hashed)][whole])
            mixed = (hashed[whole] ^ (hashed[whole] >> np.uint64(31))) * _MIX
            found.append((mixed >> np.uint64(64 - bits)).astype(np.int64))
    return np.concatenate(owners), np.concatenate(found)


def tfidf(corpus: Corpus) -> np.ndarray:
    """Hashed character 1-3-grams of all answers of a model together."""
    x = np.empty((len(corpus), 1 << 15), np.float32)
    for i, row in enumerate(corpus.texts):
        _, found = pieces([t[:CHARACTERS] for t in row], range(1, 4), 15)
        x[i] = np.bincount(found, minlength=1 << 15)
    used = np.maximum((x > 0).sum(0), 1)
    return centred(np.log1p(x) * np.log((len(corpus) + 1) / used).astype(np.float32))


def tfidf_by_probe(corpus: Corpus) -> np.ndarray:
    """Hashed character 3-5-grams, with rarity, unit length and centre of each probe its own."""
    n = len(corpus)
    total = np.zeros((n, n))
    for j in range(len(corpus.probe_ids)):
        owner, found = pieces([row[j][:CHARACTERS] for row in corpus.texts], range(3, 6), 22)
        if not len(owner):
            continue
        key, count = np.unique((owner << 22) + found, return_counts=True)
        _, column = np.unique(key & ((1 << 22) - 1), return_inverse=True)
        models = np.bincount(column)
        weight = (1 + np.log(count)) * (np.log((1 + n) / (1 + models[column])) + 1)
        row = key >> 22
        weight /= np.sqrt(np.bincount(row, weight**2, n))[row]
        product = gram(row, column, weight.astype(np.float32), models, n)
        mean = product.mean(0)
        total += product - mean - mean[:, None] + mean.mean()
    norm = np.sqrt(np.maximum(np.diagonal(total), 1e-12))
    return np.asarray(total / norm / norm[:, None])


def gram(
    row: np.ndarray, column: np.ndarray, weight: np.ndarray, models: np.ndarray, n: int
) -> np.ndarray:
    """Products of rows, dense for columns that many models have."""
    out = np.diag(np.bincount(row, weight.astype(np.float64) ** 2, n))
    for kept, dense in (((models > 1) & (models <= _DENSE), False), (models > _DENSE, True)):
        use = kept[column]
        number = np.cumsum(kept) - 1
        x = sparse.csr_array(
            (weight[use], (row[use], number[column[use]])), shape=(n, int(kept.sum()))
        )
        y = x.toarray() if dense else x
        part = np.asarray((y @ y.T) if dense else sparse.csr_array(y @ y.T).toarray())
        np.fill_diagonal(part, 0.0)
        out += part
    return np.asarray(out)


def prefix(corpus: Corpus) -> np.ndarray:
    """-ln of the share of models that open as both of a pair do, mean over probes, z-scored.

    The share falls with every character that parts somebody; a step weighs by how far it falls.
    """
    n, p, depth = corpus.codes.shape
    total = np.zeros((n, n))
    for j in range(p):
        rows, columns, weights, first = [], [], [], 0
        group = np.zeros(n, np.int64)
        size = np.bincount(group)
        active = np.flatnonzero(corpus.length[:, j] > 0)
        for d in range(depth):
            key = group[active] * 0x110000 + corpus.codes[active, j, d]
            _, place, count = np.unique(key, return_inverse=True, return_counts=True)
            step = np.log(size[group[active]] / count[place])
            kept = (count[place] > 1) & (step > 0)
            rows.append(active[kept])
            columns.append(place[kept] + first)
            weights.append(np.sqrt(step[kept]))
            first += len(count)
            group[active], size = place, count
            active = active[count[place] > 1]
        cells = (np.concatenate(rows), np.concatenate(columns))
        x = sparse.csr_array((np.concatenate(weights), cells), shape=(n, first))
        total += (x @ x.T).toarray()
    np.fill_diagonal(total, np.nan)
    mean, spread = np.nanmean(total, 1), np.nanstd(total, 1)
    z = (total - mean[:, None]) / np.maximum(spread, 1e-9)[:, None]
    return np.asarray(np.nan_to_num((z + z.T) / 2))
