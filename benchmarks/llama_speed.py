"""Tokens a second of a model in llama.cpp, reading and writing, by the engine's own clock.

    python benchmarks/llama_speed.py [--probes 10] [--threads 1 2]

SmolLM2-135M as it ships (Q4_1) and rewritten at other precisions, on the first probes of the
default assay. CPU seconds are of the whole process while it answers.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from measure import table

from cladist import catalog
from cladist.extraction.asking import requests_for
from cladist.models import open_model
from cladist.models.builtin import path_of
from cladist.models.llamacpp import _sampling
from cladist.models.requantize import requantize


def main() -> None:
    """Print one line a precision and number of threads."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--probes", type=int, default=10)
    parser.add_argument("--threads", type=int, nargs="*", default=[1])
    args = parser.parse_args()
    requests = requests_for(catalog.assay(), "raw", [(p, 0) for p in range(args.probes)])
    rows = []
    with tempfile.TemporaryDirectory(prefix="speed-") as made:
        files = {"Q4_1": path_of("smollm2")}
        for kind in ("Q8_0", "Q4_0"):
            files[kind] = Path(made) / f"{kind}.gguf"
            requantize(path_of("smollm2"), files[kind], kind)
        for kind, path in files.items():
            for threads in args.threads:
                model = open_model(f"gguf:{path}?threads={threads}")
                start, clocks = time.process_time(), []
                for request in requests:
                    body = {"prompt": request.prompt} | _sampling(request)
                    clocks.append(model._server.handle_completions(body)["timings"])
                spent = time.process_time() - start
                model.close()
                read, wrote = (
                    1000 * sum(c[f"{k}_n"] for c in clocks) / sum(c[f"{k}_ms"] for c in clocks)
                    for k in ("prompt", "predicted")
                )
                rows.append([kind, threads, len(requests), spent, read, wrote])
    print(table(["precision", "threads", "probes", "CPU s", "read tok/s", "write tok/s"], rows))


if __name__ == "__main__":
    main()
