"""Do two bytes tell more of kinship than the next one? On bred models, with lines left out.

    python benchmarks/functional_bytes.py ask MENAGERIE --keep FOLDER
    python benchmarks/functional_bytes.py score MENAGERIE --keep FOLDER
    python benchmarks/functional_bytes.py model URI

`ask` keeps the distribution of the next two bytes of every model after the contexts of
`functional-100`: from one token alone, and completed behind short tokens until 5% at most is not
known. `score` takes each as evidence, in the way of the assay and with panel weights of the next
byte, at several floors of probability. What a line left out would have had chosen by average
precision on the others is then scored on the pairs of that line, beside the assay as it is.
Quarter of an hour for the asking. `model` tells what one token of a model leaves open of two
bytes, at every fifth context with all tokens told, and what it takes to complete them.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from constants import changed
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from cladist import catalog
from cladist.core.next_bytes import NextBytes, next_bytes
from cladist.core.next_token import Context, NextToken
from cladist.kinship.config import EVIDENCE
from cladist.kinship.evidence import functional
from cladist.kinship.evidence.functional import Functions, lineage_weights, read_functions
from cladist.kinship.evidence.standard import Floats
from cladist.lab.asking import open_bred
from cladist.lab.figures import Pairs, figures, pairs_of
from cladist.lab.functional import told_functions
from cladist.lab.truth import Truth, read_truth
from cladist.models import open_model
from cladist.models.following import next_bytes_after

LENGTH, UNKNOWN, PASSES = 2, 0.05, 256
LEAST = 1e-4
"""Probability below which an outcome is not kept."""
FLOORS = (0.003, 0.001)
"""Of `EVIDENCE.unlikely`; outcomes that nobody gives the least of them are alike for all."""
HOW = ("one token", "completed")
ASSAY = ("next byte", EVIDENCE.unlikely)
Setting = tuple[str, float]


def outcomes(found: NextBytes) -> dict[int, float]:
    """Told probabilities of at least `LEAST` by a number; the end is a digit of its own."""
    told: dict[int, float] = {}
    for texts, tail in ((found.whole, ()), (found.ended, (256,))):
        for text, chance in texts.items():
            digits = [*text, *tail]
            code = sum(d * 257 ** (found.length - k) for k, d in enumerate(digits))
            told[code] = told.get(code, 0.0) + chance
    return {c: v for c, v in told.items() if v >= LEAST}


def flat(told: Sequence[NextBytes]) -> dict[str, NDArray[np.generic]]:
    """The distributions of one model as arrays."""
    rows = [(k, c, v) for k, found in enumerate(told) for c, v in outcomes(found).items()]
    return {
        "context": np.array([r[0] for r in rows], np.int32),
        "code": np.array([r[1] for r in rows], np.int32),
        "mass": np.array([r[2] for r in rows], np.float32),
        "unknown": np.array([f.unknown for f in told], np.float32),
    }


def ask(root: Path, keep: Path) -> None:
    """Keep what every model says of the next two bytes."""
    torch.set_num_threads(1)
    keep.mkdir(parents=True, exist_ok=True)
    assay = catalog.assay("functional-100")
    probes, top = assay.protocol.probes.probes, assay.protocol.decoding.top
    contexts = [Context(p.text, top=top) for p in probes]
    for name in told_functions(root, read_truth(root))[0]:
        if (keep / f"{name}.npz").exists():
            continue
        begun, model = time.process_time(), open_bred(root, name)
        plain = dict(model.next_tokens(contexts))  # type: ignore[attr-defined]
        alone = [next_bytes(plain[k], LENGTH) for k in range(len(contexts))]
        one = time.process_time() - begun
        whole = next_bytes_after(model, contexts, LENGTH, unknown=UNKNOWN, passes=PASSES)  # type: ignore[arg-type]
        model.close()
        spent = time.process_time() - begun - one
        arrays = {f"{how}/{k}": v for how, told in zip(HOW, (alone, whole), strict=True)
                  for k, v in flat(told).items()}  # fmt: skip
        np.savez_compressed(keep / f"{name}.npz", seconds=[one, spent], **arrays)
        print(f"{name}: unknown {np.mean([f.unknown for f in alone]):.2f} by one token, "
              f"{np.mean([f.unknown for f in whole]):.3f} completed; CPU {one:.1f} s and "
              f"{spent:.1f} s", flush=True)  # fmt: skip


def read_bytes(keep: Path, names: Sequence[str], how: str, contexts: int) -> Functions:
    """Roots over the outcomes that any model gives the least floor or more at a context."""
    kept = [np.load(keep / f"{n}.npz") for n in names]
    found = [{k: f[f"{how}/{k}"] for k in ("context", "code", "mass")} for f in kept]
    places: list[dict[int, int]] = [{} for _ in range(contexts)]
    for told in found:
        likely = told["mass"] >= min(FLOORS)
        for k, code in zip(
            told["context"][likely].tolist(), told["code"][likely].tolist(), strict=True
        ):
            places[k].setdefault(code, len(places[k]))
    width = max(len(p) for p in places)
    roots = np.zeros((len(names), contexts, width), np.float32)
    for row, (told, file) in enumerate(zip(found, kept, strict=True)):
        for k, code, mass in zip(
            told["context"].tolist(), told["code"].tolist(), told["mass"].tolist(), strict=True
        ):
            if code in places[k]:
                roots[row, k, places[k][code]] = mass
        roots[row] /= np.maximum(1 - file[f"{how}/unknown"], np.float32(1e-6))[:, None]
    present = np.stack([f[f"{how}/unknown"] for f in kept]) < 0.5
    roots = np.sqrt(roots) * present[:, :, None]
    digests = tuple(n.encode() for n in names)
    return Functions(tuple(names), (), roots, present, digests)


def evidence(read: Functions, rows: NDArray[np.int64], floor: float, weights: Floats) -> Floats:
    """Evidence of all pairs of some models, with everybody of them in the panel."""
    part = Functions(tuple(read.models[k] for k in rows), read.contexts, read.roots[rows],
                     read.present[rows], tuple(read.digests[k] for k in rows))  # fmt: skip
    with (
        changed(EVIDENCE, unlikely=floor),
        patch.object(functional, "lineage_weights", lambda *_: weights),
    ):
        return functional.functional_evidence(part, np.ones(len(rows), np.bool_)).combined


def row_of(values: Sequence[float]) -> str:
    """Numbers as cells."""
    return " | ".join(f"{v:.3f}" for v in values)


def score(root: Path, keep: Path) -> None:
    """Print figures of each setting, and those of what lines left out would have chosen."""
    truth = read_truth(root)
    names, answers = told_functions(root, truth)
    one = read_functions(answers)
    reads = {ASSAY[0]: one} | {how: read_bytes(keep, names, how, len(one.contexts)) for how in HOW}
    grid: list[Setting] = [(how, f) for how in reads for f in FLOORS]
    every = np.arange(len(names))
    lines = np.array([truth.family(n) for n in names])

    def scores(rows: NDArray[np.int64]) -> dict[Setting, Floats]:
        part = Functions(tuple(names[k] for k in rows), one.contexts, one.roots[rows],
                         one.present[rows], tuple(one.digests[k] for k in rows))  # fmt: skip
        weights = lineage_weights(part, np.ones(len(rows), np.bool_))
        return {(how, f): evidence(reads[how], rows, f, weights) for how, f in grid}

    whole = scores(every)
    chosen = {}
    for line in np.unique(lines):
        rows = np.flatnonzero(lines != line)
        found = scores(rows)
        ap = {g: _figures(truth, [names[k] for k in rows], m).ap for g, m in found.items()}
        chosen[str(line)] = max(grid, key=lambda g: ap[g])
    _tables(truth, names, lines, whole, chosen)


def _figures(truth: Truth, names: Sequence[str], likeness: Floats):  # type: ignore[no-untyped-def]
    own = truth.without(set(truth.scored()) - set(names))
    return figures(own, pairs_of(own, names), likeness)


def _tables(
    truth: Truth, names: Sequence[str], lines: NDArray[np.str_],
    whole: Mapping[Setting, Floats], chosen: Mapping[str, Setting],
) -> None:  # fmt: skip
    own = truth.without(set(truth.scored()) - set(names))
    pairs = pairs_of(own, names)
    count = Counter(chosen.values())
    print("| bytes | unlikely | AUC | AP | TPR at 1% | same text | nearest | chosen by |")
    print("|---" * 8 + "|")
    for (how, floor), likeness in whole.items():
        f = figures(own, pairs, likeness)
        cells = row_of([f.auc, f.ap, f.tpr, f.hard, f.nearest])
        print(f"| {how} | {floor:g} | {cells} | {count[how, floor]} |")
    print("\n| line left out | kin pairs | chosen without it | AUC | AP | assay: AUC | AP |")
    print("|---" * 7 + "|")
    for line, setting in chosen.items():
        told = _of_line(pairs, lines == line, whole[setting], whole[ASSAY])
        print(f"| {line} | {told[0]:.0f} | {setting[0]}, {setting[1]:g} | {row_of(told[1:])} |")


def _of_line(pairs: Pairs, own: NDArray[np.bool_], *likeness: Floats) -> tuple[float, ...]:
    """Kin pairs of a line, and AUC and AP of them against its strangers by each likeness."""
    used = (own[pairs.a] | own[pairs.b]) & (pairs.kin | (pairs.kind == "nothing shared"))
    kin = pairs.kin[used]
    out = [float(kin.sum())]
    for x in likeness:
        value = x[pairs.a, pairs.b][used]
        out += [float(roc_auc_score(kin, value)), float(average_precision_score(kin, value))]
    return tuple(out)


class Counted:
    """A model whose forward passes are counted."""

    def __init__(self, uri: str) -> None:
        self._model, self.passes = open_model(uri), 0
        self.gives = self._model.gives  # type: ignore[attr-defined]

    def next_tokens(self, contexts: Sequence[Context]) -> Iterator[tuple[int, NextToken]]:
        """Those of the model."""
        self.passes += len(contexts)
        yield from self._model.next_tokens(contexts)  # type: ignore[attr-defined]


def of_model(uri: str) -> None:
    """Print what one token leaves open, and what completing it takes."""
    model, probes = Counted(uri), catalog.assay("functional-100").protocol.probes.probes[::5]
    contexts = [Context(p.text) for p in probes]
    begun = time.process_time()
    alone = [next_bytes(said, LENGTH).unknown for _, said in model.next_tokens(contexts)]
    one, model.passes = time.process_time(), 0
    told = next_bytes_after(model, contexts, LENGTH, unknown=UNKNOWN, passes=PASSES)
    whole = [f.unknown for f in told]
    print(f"{uri}: unknown {np.mean(alone):.3f} by one token, {max(alone):.2f} at most; completed "
          f"{np.mean(whole):.3f} and {max(whole):.2f}, by {model.passes / len(probes):.2f} passes "
          f"a context; CPU {one - begun:.0f} s and {time.process_time() - one:.0f} s")  # fmt: skip


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("what", choices=("ask", "score", "model"))
    parser.add_argument("menagerie", help="folder of a menagerie; with 'model' the URI of one")
    parser.add_argument("--keep", type=Path, default=Path("bytes"))
    options = parser.parse_args()
    if options.what == "model":
        of_model(options.menagerie)
        return
    (ask if options.what == "ask" else score)(Path(options.menagerie), options.keep)


if __name__ == "__main__":
    main()
