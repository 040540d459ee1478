"""What the pipeline costs on top of the engine that answers.

    python benchmarks/overhead.py [--probes 20] [--runs 5] [--models NAME ...]

The pipeline asks, stores every answer in a registry on the disk, and makes the DNA; the bare loop
hands the same requests to the same open engine and throws the answers away. Both run in this
process, after a round that warms both up, in turns, on one thread; figures are medians of CPU
seconds. The projection's matrix, drawn once a process whatever the number of models, is told
apart. `transformers` is a checkpoint of 60 million random weights against a hand-written batched
`generate` with padding on the left and the same batches.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from measure import ONE_THREAD, table

os.environ.update(ONE_THREAD)  # before numpy and torch are imported

from cladist import catalog
from cladist.core.assay import Assay
from cladist.core.projection import gaussian_matrix
from cladist.extraction.asking import choose_interface, requests_for
from cladist.extraction.opening import open_any
from cladist.extraction.run import extract
from cladist.models.llamacpp import _sampling
from cladist.registry import Registry


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of this process, all threads."""
    start = time.process_time()
    work()
    return time.process_time() - start


def first(assay: Assay, count: int) -> Assay:
    """The assay on its first probes."""
    protocol = replace(assay.protocol, probes=assay.protocol.probes.first(count))
    return assay.on(protocol)


def llama_loop(model, assay: Assay) -> Callable[[], object]:
    """Request after request to the server that the model holds."""
    slots = [(p, 0) for p in range(len(assay.protocol.probes))]
    bodies = [
        {"prompt": r.prompt} | _sampling(r)
        for r in requests_for(assay, choose_interface(model, assay), slots)
    ]
    return lambda: [model._server.handle_completions(b)["choices"][0]["text"] for b in bodies]


def generate_loop(model, assay: Assay) -> Callable[[], object]:
    """Batched greedy `generate`, the longest prompts first."""
    import torch

    tokenizer, network = model._tokenizer, model._model
    tokenizer.padding_side, tokenizer.pad_token = "left", tokenizer.eos_token
    texts = [p.text for p in assay.protocol.probes.probes]
    texts.sort(key=lambda t: -len(tokenizer(t)["input_ids"]))

    def run() -> list[str]:
        found: list[str] = []
        for low in range(0, len(texts), model.batch):
            batch = tokenizer(texts[low : low + model.batch], padding=True, return_tensors="pt")
            with torch.inference_mode():
                out = network.generate(
                    input_ids=batch["input_ids"],
                    attention_mask=batch["attention_mask"],
                    max_new_tokens=assay.protocol.decoding.max_tokens,
                    do_sample=False,
                    pad_token_id=tokenizer.pad_token_id,
                )
            found += tokenizer.batch_decode(out[:, batch["input_ids"].shape[1] :])
        return found

    return run


def checkpoint(folder: Path, assay: Assay) -> str:
    """A checkpoint large enough for its arithmetic to count."""
    import tiny_checkpoint

    tiny_checkpoint.WIDTH, tiny_checkpoint.HIDDEN = 768, 2048
    tiny_checkpoint.LAYERS, tiny_checkpoint.HEADS = 8, 12
    tiny_checkpoint.write_checkpoint(folder, [p.text for p in assay.protocol.probes.probes])
    return f"hf:{folder}"


def main() -> None:
    """Print one line a model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--probes", type=int, default=20)
    parser.add_argument("--runs", type=int, default=5)
    known = ["builtin:tiny-scripture", "builtin:smollm2", "transformers"]
    parser.add_argument("--models", nargs="*", default=known, choices=known)
    args = parser.parse_args()
    projection = catalog.assay().method.projection
    drawn = seconds(lambda: gaussian_matrix(projection.buckets, projection))
    rows = []
    with tempfile.TemporaryDirectory(prefix="speed-") as made:
        for name in args.models:
            # A tiny model answers all probes in a second; a large one is given fewer.
            assay = catalog.assay() if "tiny" in name else first(catalog.assay(), args.probes)
            local = name == "transformers"
            model = open_any(checkpoint(Path(made) / "model", assay) if local else name)
            loop = (generate_loop if local else llama_loop)(model, assay)
            spent: dict[str, list[float]] = {"bare": [], "whole": []}
            for number in range(args.runs + 1):
                bare = seconds(loop)
                folder = Path(made) / f"{name.rpartition(':')[2]}-{number}"
                with Registry.open(folder) as registry:
                    whole = seconds(lambda m=model, a=assay, r=registry: extract(m, a, r))
                if number:  # the first round draws the matrix and imports what is left to import
                    spent["bare"].append(bare)
                    spent["whole"].append(whole)
            model.close()
            bare, whole = (statistics.median(spent[k]) for k in ("bare", "whole"))
            more = statistics.median(
                w / b - 1 for w, b in zip(spent["whole"], spent["bare"], strict=True)
            )
            each = 1000 * (whole - bare) / len(assay.protocol.probes)
            rows.append([name, len(assay.protocol.probes), bare, whole, f"{more:.1%}", each])
    header = ["model", "probes", "bare CPU s", "pipeline CPU s", "overhead", "ms a probe"]
    print(table(header, rows))
    print(f"\nDrawing the projection's matrix, once a process: {drawn:.3g} CPU s")


if __name__ == "__main__":
    main()
