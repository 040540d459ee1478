"""What only the lab can see: next-byte distributions, and a sketch of the weights.

The functional distance of two models is that of arXiv 2509.24496, section 3, d_H = sqrt of the
mean over prompts of |f1(x) - f2(x)|^2, with f(x) the root of the distribution of the next byte:
256 numbers that every tokenizer has in common, so that all models are comparable. It is then
sqrt(2) times a mean Hellinger distance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import pre_tokenizers

from cladist import catalog
from cladist.core.hashing import key64
from cladist.lab.store import Loaded

Floats = NDArray[np.float64]

CUTS = (0.5, 0.75, 1.0)
"""Where the probes of the default assay are cut, at the end of a word, to make prompts."""

ENTRIES = 2048
"""Entries of a matrix in its sketch; cosines of two are then good to about 0.02."""

BATCH = 20
"""Prompts that are read at a time."""

ROWS = 257
"""Rows of embeddings that are read: those of the bytes, which every vocabulary begins with."""


def prompts() -> list[str]:
    """Three prompts a probe of the default assay."""
    out = []
    for probe in catalog.assay().protocol.probes.probes:
        for cut in CUTS:
            end = round(cut * len(probe.text))
            place = probe.text.rfind(" ", 1, end) if cut < 1 else end
            out.append(probe.text[: place if place > 0 else end])
    return out


@torch.no_grad()
def look_inside(loaded: Loaded) -> tuple[NDArray[np.float32], dict[str, NDArray[np.float32]]]:
    """Roots of next-byte distributions, float32 (prompts, 256), and sampled entries by matrix."""
    owner = torch.from_numpy(_first_bytes(loaded.tokenizer))
    rows = [loaded.tokenizer(t)["input_ids"] for t in prompts()]
    # Rows of a batch are padded to the longest: taken by length, half of the work falls away.
    order = sorted(range(len(rows)), key=lambda k: len(rows[k]))
    found = []
    for start in range(0, len(rows), BATCH):
        logits = _last_logits(loaded.model, [rows[k] for k in order[start : start + BATCH]])
        # A tokenizer may know tokens that the model never says, and the other way round.
        owner = owner[: logits.shape[1]]
        logits = logits[:, : len(owner)].masked_fill(owner < 0, -torch.inf)
        chance = logits.double().softmax(-1)
        mass = torch.zeros((len(chance), 256), dtype=torch.float64)
        mass.index_add_(1, owner.clamp(min=0), chance)
        found.append(mass.sqrt())
    place = np.argsort(order)
    return torch.cat(found).float().numpy()[place], sketch(loaded.model)


def _last_logits(model: Any, rows: Sequence[Sequence[int]]) -> torch.Tensor:
    """Logits after the last token of each row; padding comes later, so no causal model sees it."""
    longest = max(map(len, rows))
    ids = torch.zeros((len(rows), longest), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for k, row in enumerate(rows):
        ids[k, : len(row)] = torch.tensor(row)
        mask[k, : len(row)] = 1
    if model.config.is_encoder_decoder:
        start = torch.full((len(rows), 1), int(model.config.decoder_start_token_id))
        out = model(input_ids=ids, attention_mask=mask, decoder_input_ids=start).logits[:, 0]
    else:
        logits = model(input_ids=ids, use_cache=False).logits
        out = logits[torch.arange(len(rows)), mask.sum(1) - 1]
    found: torch.Tensor = out.float().clone()
    return found


def _first_bytes(tokenizer: Any) -> NDArray[np.int64]:
    """The first byte of every token, -1 for special ones."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    spare = iter(range(256, 512))
    place = {chr(b) if b in plain else chr(next(spare)): b for b in range(256)}
    if set(place) != set(pre_tokenizers.ByteLevel.alphabet()):
        raise AssertionError("the byte-level alphabet of this tokenizers is another one")
    special = set(tokenizer.all_special_tokens)
    tokens = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    return np.array([-1 if t in special else place.get(t[0], -1) for t in tokens])


def sketch(model: Any) -> dict[str, NDArray[np.float32]]:
    """ENTRIES sampled entries of every matrix, under 'SHAPE/number'; the same places a shape."""
    vocabulary = int(model.config.vocab_size)
    out: dict[str, NDArray[np.float32]] = {}
    count: dict[str, int] = {}
    for weight in model.parameters():
        if weight.ndim != 2 or min(weight.shape) < 4:
            continue
        values = weight.detach().numpy()
        shape = "x".join(map(str, values.shape))
        if values.shape[0] == vocabulary:
            values, shape = values[:ROWS], f"embedding-{values.shape[1]}"
        draw = np.random.default_rng(key64(shape))
        flat = values.ravel()
        number = count.get(shape, 0)
        count[shape] = number + 1
        out[f"{shape}/{number}"] = flat[draw.integers(0, flat.size, ENTRIES)].astype(np.float32)
    return out


def functional_distances(functions: NDArray[np.float32]) -> Floats:
    """d_H between all models, float64 (n, n), from (n, prompts, 256)."""
    x = functions.reshape(len(functions), -1).astype(np.float64)
    gram = x @ x.T
    own = np.diagonal(gram)
    square = np.maximum(own[:, None] + own - 2 * gram, 0.0) / functions.shape[1]
    np.fill_diagonal(square, 0.0)
    return np.asarray(np.sqrt(square))


def weight_similarities(sketches: Sequence[Mapping[str, NDArray[np.float32]]]) -> Floats:
    """Mean cosine of each matrix with its best match in the other model, float64 (n, n).

    Matches are sought among matrices of the same shape, so dropped and doubled layers find
    their own; matrices without such a match count as 0.
    """
    unit = [_by_shape(s) for s in sketches]
    n = len(unit)
    out = np.zeros((n, n))
    for i in range(n):
        for j in range(i, n):
            out[i, j] = out[j, i] = (_best(unit[i], unit[j]) + _best(unit[j], unit[i])) / 2
    return out


def _by_shape(found: Mapping[str, NDArray[np.float32]]) -> dict[str, Floats]:
    groups: dict[str, list[Floats]] = {}
    for key, values in found.items():
        x = values.astype(np.float64)
        norm = float(np.linalg.norm(x))
        groups.setdefault(key.partition("/")[0], []).append(x / norm if norm else x)
    return {k: np.stack(v) for k, v in groups.items()}


def _best(a: Mapping[str, Floats], b: Mapping[str, Floats]) -> float:
    scores = [
        float(s)
        for shape, rows in a.items()
        for s in ((rows @ b[shape].T).max(axis=1) if shape in b else np.zeros(len(rows)))
    ]
    return float(np.mean(scores))
