"""One new model against a panel of 100,000: building the index, opening it, asking it.

    python benchmarks/panel.py --models 100000 --probes 100

Answers are made up: per probe a member keeps its founder's opening up to a random place and goes
on with an answer that many give, or with words of its own, drawn by Zipf's law; a fiftieth of the
answers is missing. Wall time and CPU seconds are medians over new models of known founders.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from measure import table
from numpy.typing import NDArray

from cladist.core.responses import ResponseSet
from cladist.kinship.config import OPENINGS
from cladist.kinship.evidence.corpus import Corpus
from cladist.kinship.panel.allele_index import index_alleles, load_index, save_index
from cladist.kinship.panel.allele_scores import allele_scores

WORD = 4
FOUNDERS = 1000
POPULAR = 12
VOCABULARY = 5000


class World:
    """Words, popular answers and founders, the same for one seed."""

    def __init__(self, probes: int, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.words = rng.integers(97, 123, (VOCABULARY, WORD)).astype(np.uint32)
        self.words[:, -1] = 32
        self.weight = 1 / np.arange(1, VOCABULARY + 1)
        self.weight /= self.weight.sum()
        self.long = OPENINGS.depth // WORD
        self.popular = self.draw(rng, (probes, POPULAR, self.long))
        own = self.draw(rng, (probes, FOUNDERS, self.long))
        cut = rng.integers(0, self.long, (probes, FOUNDERS, 1))
        begun = self.popular[
            np.arange(probes)[:, None], rng.integers(POPULAR, size=(probes, FOUNDERS))
        ]
        self.founders = np.where(np.arange(self.long) < cut, begun, own)

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.int64]:
        return rng.choice(VOCABULARY, size=shape, p=self.weight)

    def answers(self, probe: int, founder: NDArray[np.int64], rng: np.random.Generator):
        """Codes uint32 (n, depth) and lengths of one probe for models of these founders."""
        n = len(founder)
        kept = rng.geometric(0.15, size=(n, 1)) - 1
        popular = self.popular[probe][rng.integers(POPULAR, size=n)]
        rest = np.where(rng.random((n, 1)) < 0.5, popular, self.draw(rng, (n, self.long)))
        said = np.where(np.arange(self.long) < kept, self.founders[probe][founder], rest)
        codes = self.words[said].reshape(n, OPENINGS.depth)
        length = np.where(rng.random(n) < 0.02, 0, 60).astype(np.int32)
        codes[length == 0] = 0
        return codes, length


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int, default=100_000)
    parser.add_argument("--probes", type=int, default=100)
    parser.add_argument("--folder", type=Path)
    args = parser.parse_args()
    m, p = args.models, args.probes
    rng = np.random.default_rng(1)
    world = World(p)
    founder = rng.integers(FOUNDERS, size=m)
    codes = np.zeros((m, p, OPENINGS.depth), np.uint32)
    length = np.zeros((m, p), np.int32)
    for j in range(p):
        codes[:, j], length[:, j] = world.answers(j, founder, rng)
    names = tuple(f"m{k}" for k in range(m))
    ids = tuple(f"{j:04d}" for j in range(p))
    folder = Path(tempfile.mkdtemp(dir=args.folder))
    try:
        start, cpu = time.perf_counter(), time.process_time()
        index = index_alleles(Corpus(names, ids, (), codes, length))
        save_index(index, folder / "index")
        built = (time.perf_counter() - start, time.process_time() - cpu)
        size = sum(f.stat().st_size for f in (folder / "index").iterdir()) / 1e6
        del codes, index
        start, cpu = time.perf_counter(), time.process_time()
        index = load_index(folder / "index")
        opened = (time.perf_counter() - start, time.process_time() - cpu)
        spent, right = [], 0
        for own in rng.integers(FOUNDERS, size=24):
            texts = []
            for j in range(p):
                code, _ = world.answers(j, np.array([own]), rng)
                texts.append("".join(map(chr, code[0])) + "and so on")
            new = ResponseSet.of_texts("new", texts, ids)
            start, cpu = time.perf_counter(), time.process_time()
            scores = allele_scores(index, new)
            spent.append((time.perf_counter() - start, time.process_time() - cpu))
            right += int(founder[int(np.argmax(scores))] == own)
    finally:
        shutil.rmtree(folder)
    walls, cpus = zip(*spent[4:], strict=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{m:,} members, {p} probes; the index takes {size:.0f} MB, this process {peak:.0f} MB\n")
    asked = (1000 * statistics.median(walls), 1000 * min(walls), 1000 * statistics.median(cpus))
    print(
        table(
            ["step", "wall ms", "best wall ms", "CPU ms"],
            [
                ("building and writing", 1000 * built[0], "", 1000 * built[1]),
                ("opening, hashes checked", 1000 * opened[0], "", 1000 * opened[1]),
                ("one new model against all", *asked),
            ],
        )
    )
    print(f"\nThe nearest member has the same founder for {right} of 24.")


if __name__ == "__main__":
    main()
