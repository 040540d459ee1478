"""First tokens of deployments whose change is known, as probabilities: kept for other benchmarks.

Each reference, and each changed deployment of it, is asked for the twenty likeliest first tokens
after the same short contexts (`provenance/border/contexts.py`, a seed of this file). One `.npz` a
reference: `texts`, and for each deployment `tokens` and `log_probs` (contexts, 20).

    python benchmarks/first_tokens.py FOLDER [--contexts 500]
    python benchmarks/first_tokens.py FOLDER --table     # what the rungs of 'endpoint' make of them
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from first_tokens_table import table
from watching_servers import SYSTEM, rewritten

from cladist.core.next_token import Context
from cladist.models import open_model
from cladist.models.builtin import path_of
from cladist.models.requantize import Kind, requantize
from cladist.provenance.border.contexts import contexts

TOP, SEED = 20, 20_261_129
SYSTEMS = (SYSTEM, "Answer in rhyme.", "You are a strict reviewer of legal contracts. Be brief.")
QUANTISED: tuple[Kind, ...] = ("Q4_0", "Q4_1", "Q5_0")
TUNED = tuple(
    (corpus, steps, rate)
    for corpus in ("poems", "comedies", "docstrings")
    for steps, rate in ((20, 2e-5), (60, 2e-5))
)
"""Corpus, steps of one window of 32 tokens, learning rate."""


def told(uri: str, texts: list[str], system: str = "") -> dict[str, Any]:
    """The likeliest first tokens after each context."""
    model: Any = open_model(uri)
    tokens = np.full((len(texts), TOP), "", dtype=object)
    chances = np.full((len(texts), TOP), -np.inf)
    for i, said in model.next_tokens([Context(t, "raw", system, TOP) for t in texts]):
        count = len(said.tokens)
        tokens[i, :count] = [(t or b"<end>").decode("latin-1") for t in said.tokens]
        chances[i, :count] = said.log_probs
    model.close()
    return {"tokens": tokens.astype(str), "log_probs": chances}


def deployments(reference: Path, folder: Path) -> Iterator[tuple[str, str, str]]:
    """Kind, name and URI of each changed deployment; files are made as they are needed."""
    stem = reference.stem
    for kind in QUANTISED:
        path = folder / f"{stem}-{kind}.gguf"
        if not path.exists():
            requantize(reference, path, kind)
        if path.read_bytes() != reference.read_bytes():
            yield "quantisation", kind, f"gguf:{path}?threads=1"
    if stem.startswith("gemma"):
        return  # its weights are not read by the lab
    made = folder / f"{stem}-hf"
    for corpus, steps, rate in ((("", 0, 0.0)), *TUNED):
        path = folder / f"{stem}-{corpus}-{steps}-{rate:g}.gguf"
        if not path.exists():
            tune(reference, path, corpus, steps, rate, made)
        if steps:
            yield "tuning", f"{corpus}, {steps} steps at {rate:g}", f"gguf:{path}?threads=1"
        else:
            yield "nothing", "written again", f"gguf:{path}?threads=1"
    yield "another engine", "transformers, float32", f"hf:{made}?dtype=float32&device=cpu"


def tune(source: Path, target: Path, corpus: str, steps: int, rate: float, kept: Path) -> None:
    """The model after so many steps, in the precision of the source (8 bits)."""
    from cladist.lab.corpora import split
    from cladist.lab.store import load_gguf
    from cladist.lab.tokens import encode
    from cladist.lab.training import fit, windows

    model, tokenizer = load_gguf(source)
    if steps:
        draw = windows(encode(tokenizer, split(corpus)[0]), 32, 1, steps)
        fit(model, draw, steps, rate, name="tuned")
    else:
        model.save_pretrained(kept)
        tokenizer.save_pretrained(kept)
    wide = target.with_suffix(".wide")
    rewritten(source, model, wide)
    requantize(wide, target, "Q8_0")
    wide.unlink()


def collected(name: str, reference: Path, folder: Path, texts: list[str]) -> None:
    """All deployments of a reference, in one file."""
    out = folder / f"{name}.npz"
    if out.exists():
        return
    begun, kept = time.process_time(), {"texts": np.array(texts)}

    def add(kind: str, label: str, uri: str, system: str = "") -> None:
        for part, values in told(uri, texts, system).items():
            kept[f"{kind}|{label}|{part}"] = values
        print(f"{name}: {kind}, {label} ({time.process_time() - begun:.0f} s)", flush=True)

    add("reference", "", f"gguf:{reference}?threads=1")
    for system in SYSTEMS:
        add("system prompt", system, f"gguf:{reference}?threads=1", system + "\n")
    for kind, label, uri in deployments(reference, folder):
        add(kind, label, uri)
    for other in ("tiny-stage", "tiny-scripture", "tiny-scripture-poems", "smollm2"):
        if other != name:
            add("another model", other, f"gguf:{path_of(other)}?threads=1")
    np.savez_compressed(out, **kept)  # type: ignore[arg-type]


def main() -> None:
    """All references that are here."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--contexts", type=int, default=500)
    options.add_argument("--also", type=Path, nargs="*", default=[], help="other GGUF files")
    options.add_argument("--table", action="store_true", help="of what was collected")
    given = options.parse_args()
    if given.table:
        table(given.folder)
        return
    given.folder.mkdir(parents=True, exist_ok=True)
    texts = list(islice(contexts(SEED), given.contexts))
    for name in ("tiny-scripture", "tiny-stage", "tiny-scripture-poems", "smollm2"):
        eight = given.folder / f"{name}.gguf"
        if not eight.exists():
            requantize(path_of(name), eight, "Q8_0")
        collected(name, eight, given.folder, texts)
    for path in given.also:
        collected(path.stem, path, given.folder, texts)
    print(f"{time.process_time():.0f} s of processor", file=sys.stderr)


if __name__ == "__main__":
    main()
