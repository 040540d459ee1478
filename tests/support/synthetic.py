"""Registries of any size whose family tree is known, with small answers and real DNA.

    python tests/support/synthetic.py --models 10000 --out DIR [--probes 24] [--hostile] [--seed 0]

DIR gets the registry, `models.csv` (metadata) and `lineage.csv` (declared parents: true but for
one in twenty, which names a stranger). Families differ in size as real ones do; a child keeps
each answer of its parent, or leaves it half way as a continuation does.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cladist import catalog
from cladist.core.assay import Assay, Decoding, EncoderSpec, Method, Projection, Protocol
from cladist.core.progress import Progress, silent
from cladist.core.responses import Response
from cladist.extraction.derive import derive
from cladist.registry import Registry

SYLLABLES = ("ka", "lo", "mi", "ten", "ru", "sa", "vor", "pel", "na", "ti", "sor", "ven", "da")
ORGANISATIONS = ("Aster", "Borealis", "Cinder", "Delta Lab", "Ember", "Fjord", "Gale")
ARCHITECTURES = ("llama", "mistral", "qwen2", "gemma", "gpt2")
HOSTILE = (
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(2)>",
    "right\u202eto\u2066left\u2069",
    "null\x00byte\x1b[31mred",
    "line\u2028separator\nand\ttabs",
    "m0",
    "'quo\"ted', (new:1)ick;[x]",
    "../../etc/passwd",
    "=cmd|' /C calc'!A0",
    "\U0001f9ec" * 40,
    "x" * 5_000,
)


@dataclass(frozen=True)
class Made:
    """A made model: its place in the family tree and what it says.

    parent  number of its parent among all models, -1 for a founder
    """

    name: str
    family: str
    parent: int
    metadata: dict[str, str]
    answers: tuple[str, ...]


def synthetic_assay(probes: int = 24, dimension: int = 64, metric: str = "kinship") -> Assay:
    """A small assay over the first probes of the default one, cheap enough for 10,000 models."""
    chosen = catalog.probe_set(f"cladist-100:{probes}")
    encoders = (EncoderSpec("lexical", {"shortest": 1, "longest": 3, "characters": 48}),)
    method = Method("synthetic", encoders, Projection(dimension, buckets=1 << 12), metric)  # type: ignore[arg-type]
    description = "Made up for tests and benchmarks."
    return Assay("synthetic", Protocol("synthetic", chosen, Decoding()), method, description)


def make_models(
    count: int, probes: int = 24, seed: int = 0, hostile: bool = False, families: int = 0
) -> list[Made]:
    """`count` models in families of very different size, parents before children."""
    draw = np.random.default_rng(seed)
    words = ["".join(draw.choice(SYLLABLES, 2)) for _ in range(400)]

    def sentence(length: int = 6) -> list[str]:
        return [words[k] for k in draw.integers(0, len(words), length)]

    common = [[sentence() for _ in range(5)] for _ in range(probes)]
    families = families or max(2, round(count**0.6 / 2))
    share = 1 / np.arange(1, families + 1) ** 0.8
    family_of = draw.choice(families, count, p=share / share.sum())
    family_of[:families] = np.arange(families)
    said: list[list[list[str]]] = []
    members: list[list[int]] = [[] for _ in range(families)]
    year: list[float] = []
    made: list[Made] = []
    for number, family in enumerate(family_of[:count].tolist()):
        kin = members[family]
        if not kin:
            parent = -1
            own = [
                common[p][draw.integers(5)] if draw.random() < 0.2 else sentence()
                for p in range(probes)
            ]
            year.append(2020.0 + 4 * draw.random())
        else:
            parent = kin[int(len(kin) * draw.random() ** 2)]
            change = draw.uniform(0.02, 0.3)
            own = []
            for p, answer in enumerate(said[parent]):
                if draw.random() >= change:
                    own.append(answer)
                elif draw.random() < 0.3:
                    own.append(common[p][draw.integers(5)])
                else:
                    kept = int(draw.integers(0, 5))
                    own.append(answer[:kept] + sentence(6 - kept))
            year.append(min(year[parent] + draw.exponential(0.4), 2026.5))
        kin.append(number)
        said.append(own)
        home = ORGANISATIONS[family % len(ORGANISATIONS)]
        month = int(year[-1] % 1 * 12) + 1
        metadata = {
            "foundation": f"fam{family:03d}",
            "organisation": home if draw.random() < 0.6 else str(draw.choice(ORGANISATIONS)),
            "architecture": ARCHITECTURES[family % len(ARCHITECTURES)],
            "released": f"{int(year[-1])}-{month:02d}-{int(draw.integers(1, 29)):02d}",
            "parameters": str(int(10 ** draw.uniform(8, 11))),
            "score": f"{float(np.clip(draw.normal(50 + 4 * (year[-1] - 2020), 10), 0, 100)):.1f}",
        }
        name = f"{metadata['foundation']}-{'base' if parent < 0 else number}"
        answers = tuple(" " + " ".join(a) for a in own)
        if hostile and number < len(HOSTILE):
            name = HOSTILE[number]
            metadata["organisation"] = HOSTILE[(number + 1) % len(HOSTILE)][:200]
            answers = (*answers[:-1], HOSTILE[number])
        made.append(Made(name, metadata["foundation"], parent, metadata, answers))
    return made


def declared_lineage(models: list[Made], wrong: float = 0.05, seed: int = 1) -> Iterator[list[str]]:
    """Rows (model, parent): nearly all true; a share of `wrong` names a model of strangers."""
    draw = np.random.default_rng(seed)
    for number, model in enumerate(models):
        parent = model.parent
        if number and draw.random() < wrong:
            # An earlier model can be no descendant, so no cycle comes of it.
            other = int(draw.integers(0, number))
            parent = other if models[other].family != model.family else parent
        yield [model.name, models[parent].name if parent >= 0 else ""]


def make_registry(
    folder: Path,
    count: int,
    *,
    probes: int = 24,
    dimension: int = 64,
    seed: int = 0,
    hostile: bool = False,
    families: int = 0,
    metric: str = "kinship",
    progress: Progress = silent,
) -> Assay:
    """Fill `folder` with a registry of `count` made models, `models.csv` and `lineage.csv`."""
    models = make_models(count, probes, seed, hostile, families)
    assay = synthetic_assay(probes, dimension, metric)
    with Registry.open(folder) as store:
        protocol = store.add_protocol(assay.protocol)
        for number, model in enumerate(models):
            progress("storing models", number + 1, count)
            kept = {k: v for k, v in model.metadata.items() if k in ("architecture", "parameters")}
            record = store.add_model(
                model.name, f"synthetic:{number}", f"synthetic:{seed}:{number}", kept, sync=False
            )
            slots = [(p, 0, Response.of(text)) for p, text in enumerate(model.answers)]
            store.write_responses(protocol, record, slots, sync=False)
        derive(store, assay, blocks=False, progress=progress)
    with (folder / "models.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        columns = [c for c in models[0].metadata if c not in ("architecture", "parameters")]
        table.writerow(["model", *columns])
        # A name with a NUL is in the registry; no table of people can hold one.
        named = [m for m in models if "\0" not in m.name]
        rows = ([m.name, *(m.metadata[c] for c in columns)] for m in named)
        table.writerows([cell.replace("\0", "") for cell in row] for row in rows)
    with (folder / "lineage.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["model", "parent"])
        links = ((m, "" if "\0" in p else p) for m, p in declared_lineage(models))
        table.writerows([m, p] for m, p in links if "\0" not in m)
    return assay


if __name__ == "__main__":
    from cladist.cli.common import progress_bars

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--probes", type=int, default=24)
    parser.add_argument("--dimension", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--hostile", action="store_true")
    parser.add_argument("--out", type=Path, required=True)
    told = parser.parse_args()
    with progress_bars() as bars:
        make_registry(
            told.out,
            told.models,
            probes=told.probes,
            dimension=told.dimension,
            seed=told.seed,
            hostile=told.hostile,
            progress=bars,
        )
