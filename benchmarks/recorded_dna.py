"""How fast recorded responses become DNA: encode, average, project, on one core.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/recorded_dna.py [--responses N]

Responses are made up here (seeded, words of a random vocabulary, about 400 characters), so the
figures need no data. Goals: 200,000 responses in under two minutes and 2 GB, and 5,000 a second
and core.
"""

from __future__ import annotations

import argparse
import json
import resource
import time

import numpy as np

from cladist.core.assay import EncoderSpec, Method, Projection
from cladist.core.dna import of_blocks
from cladist.core.projection import project
from cladist.core.responses import ResponseSet
from cladist.encoders import represent

METHODS = {
    "alleles": ((EncoderSpec("alleles"),), 1024),
    "prefixes": ((EncoderSpec("prefixes"),), 1024),
    "lexical char": ((EncoderSpec("lexical"),), 1024),
    "lexical word": ((EncoderSpec("lexical", {"kind": "word"}),), 1024),
    "as in cladist": (
        (
            EncoderSpec("prefixes", {"max_depth": 32, "growth": 0.0}, 0.7),
            EncoderSpec("lexical", {"shortest": 1, "longest": 4, "characters": 32}, 0.3),
        ),
        1024,
    ),
}


def make_responses(models: int, probes: int) -> list[ResponseSet]:
    """Models that answer with random words of a vocabulary of 20,000."""
    rng = np.random.default_rng(0)
    letters = np.array(list("etaoinshrdlucmfwyp"))
    words = ["".join(rng.choice(letters, rng.integers(2, 9))) for _ in range(20_000)]
    out = []
    for model in range(models):
        picks = rng.zipf(1.3, size=(probes, 64)) % len(words)
        texts = [" ".join(words[i] for i in row) for row in picks]
        out.append(ResponseSet.of_texts(f"model-{model}", texts))
    return out


def main() -> None:
    """Print one line a method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--responses", type=int, default=200_000)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    sets = make_responses(max(args.responses // 100, 1), 100)
    count = 100 * len(sets)
    rows = []
    for name, (encoders, dimension) in METHODS.items():
        method = Method(name, encoders, Projection(dimension))
        project(represent(sets[0], method), method.projection)  # draws the matrix
        encode = spent = 0.0
        for responses in sets:
            start = time.process_time()
            found = represent(responses, method)
            middle = time.process_time()
            blocks = project(found, method.projection)
            of_blocks(responses.model, method.digest, blocks, found.present, ())
            encode += middle - start
            spent += time.process_time() - middle
        rows.append(
            {
                "method": name,
                "responses": count,
                "dimension": dimension,
                "cpu_seconds": encode + spent,
                "encode_seconds": encode,
                "project_seconds": spent,
                "responses_per_second": count / (encode + spent),
                "times_the_goal_of_5000": count / (encode + spent) / 5000,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
        if not args.json:
            r = rows[-1]
            print(
                f"{name:20} L {dimension}  {r['cpu_seconds']:6.1f} CPU s "
                f"(encode {encode:.1f}, project {spent:.1f})  "
                f"{r['responses_per_second']:8.0f}/s  x{r['times_the_goal_of_5000']:.1f} of goal  "
                f"peak {r['peak_mb']:.0f} MB",
                flush=True,
            )
    if args.json:
        print(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
