"""Which settings of a deployment can be told from its distributions: on bred and built-in models.

    python benchmarks/likely_settings.py MENAGERIE --keep FOLDER [--more FOLDER]
    python benchmarks/likely_settings.py MENAGERIE --unrelated

Every model of a menagerie (`cladist lab grow`) is asked the 100 contexts as it is, at seven
temperatures, three top-p, behind three system prompts, and with its matrices rounded to 8 to 3
bits; its children are what changed weights look like. Lines of founders are dealt into two halves.
Roots of distributions are kept in FOLDER, a file a model; `--more` reads such files of other
models. Four seconds a tiny model. `--unrelated` reads what the menagerie's registry has (`cladist
lab score --functional`) and counts how many pairs that share nothing look like a setting.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cladist import catalog
from cladist.core.distributions import masses_of
from cladist.core.next_token import Context, NextToken, as_sampled, next_byte
from cladist.kinship.inference.likely_setting import marks_of, setting_of
from cladist.lab.asking import open_bred
from cladist.lab.figures import pairs_of
from cladist.lab.functional import told_functions
from cladist.lab.operations.quantise import rounded
from cladist.lab.truth import Truth, read_truth
from cladist.models.base import TellsNextToken

TEMPERATURES, TOP_P, BITS, TOP = (
    (0.3, 0.5, 0.7, 0.85, 1.2, 1.5, 2.0),
    (0.5, 0.8, 0.95),
    (8, 6, 5, 4, 3),
    1000,
)
SYSTEMS = (
    "You are a helpful assistant.",
    "Answer in one short sentence.\n",
    "You are a pirate. Talk like one at all times, and never break character.\n\n",
)
KINDS = {"T": "temperature", "P": "top-p", "S": "system prompt", "B": "rounding", "W": "weights"}
Roots = dict[str, np.ndarray]


def roots(said: dict[int, NextToken]) -> np.ndarray:
    """Roots of next-byte distributions in the order of contexts."""
    mass = np.stack([next_byte(said[k]).mass for k in sorted(said)])
    return np.asarray(np.sqrt(mass / mass.sum(axis=1, keepdims=True)), np.float32)


def asked(root: Path, name: str, texts: list[str]) -> Roots | None:
    """A model as it is and with every setting; None where it tells no distributions."""
    model: Any = open_bred(root, name)
    if not isinstance(model, TellsNextToken):
        return None
    whole = dict(model.next_tokens([Context(t) for t in texts]))
    ways = {"self": (1.0, 1.0)}
    ways |= {f"T{t}": (t, 1.0) for t in TEMPERATURES} | {f"P{p}": (1.0, p) for p in TOP_P}
    found = {
        k: roots({i: as_sampled(s, *w, TOP) for i, s in whole.items()}) for k, w in ways.items()
    }
    for number, system in enumerate(SYSTEMS):
        contexts = [Context(t, top=TOP, system=system) for t in texts]
        found[f"S{number}"] = roots(dict(model.next_tokens(contexts)))
    network = model._model
    state = {k: v.clone() for k, v in network.state_dict().items()}
    for bits in BITS:
        with torch.no_grad():
            for weight in network.parameters():
                if weight.ndim == 2:
                    weight.copy_(rounded(weight, bits))
        found[f"B{bits}"] = roots(dict(model.next_tokens([Context(t, top=TOP) for t in texts])))
        network.load_state_dict(state)
    return found


def cases(
    truth: Truth, told: dict[str, Roots]
) -> Iterator[tuple[str, str, np.ndarray, np.ndarray]]:
    """Reference, setting, and both functions; 'W' for a child with changed weights."""
    for name, found in told.items():
        for setting in [k for k in found if k != "self"]:
            yield name, setting, found["self"], found[setting]
        if name in truth.by_name:
            for parent in truth.by_name[name].parents:
                if parent in told and truth.by_name[name].operation not in ("merge", "noise"):
                    yield parent, "W", told[parent]["self"], found["self"]


def unrelated(root: Path, truth: Truth) -> None:
    """Print what unrelated models, each way, are taken for."""
    names, answers = told_functions(root, truth)
    own = truth.without(set(truth.scored()) - set(names))
    pairs = pairs_of(own, names)
    apart = pairs.kind == "nothing shared"
    told = [masses_of(a) for a in answers]
    whole = [mass / mass.sum(axis=1, keepdims=True) for mass, _ in told]
    count: Counter[str] = Counter()
    for i, j in zip(pairs.a[apart].tolist(), pairs.b[apart].tolist(), strict=True):
        for a, b in ((i, j), (j, i)):
            found = setting_of(marks_of(whole[a], whole[b], told[b][1]))
            count[found.setting if found else "nothing"] += 1
    total = sum(count.values())
    print(f"{total} pairs: " + ", ".join(f"{k} {v / total:.0%}" for k, v in sorted(count.items())))


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("menagerie", type=Path)
    parser.add_argument("--keep", type=Path, default=Path("settings"))
    parser.add_argument("--unrelated", action="store_true")
    parser.add_argument("--more", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    truth = read_truth(options.menagerie)
    if options.unrelated:
        unrelated(options.menagerie, truth)
        return
    texts = [p.text for p in catalog.probe_set("contexts-100").probes]
    told: dict[str, Roots] = {}
    for one in truth.individuals:
        if one.series or one.operation in ("disguise", "quantise"):
            continue
        file = options.keep / f"{one.name}.npz"
        if not file.exists():
            made = asked(options.menagerie, one.name, texts)
            if made is None:
                continue
            np.savez(file, **made)
        told[one.name] = dict(np.load(file))
    more = sorted(options.more.glob("*.npz")) if options.more else []
    told |= {f.stem: dict(np.load(f)) for f in more}
    lines = sorted({truth.family(n) for n in told if n in truth.by_name})
    half = {line: ("lines looked at", "lines left out")[k % 2] for k, line in enumerate(lines)}
    rows: dict[tuple[str, str], list[tuple[str, str, float]]] = {}
    for name, setting, a, b in cases(truth, told):
        found = setting_of(marks_of(a.astype(np.float64) ** 2, b.astype(np.float64) ** 2))
        where = half[truth.family(name)] if name in truth.by_name else name
        said = "nothing" if found is None else found.setting
        value = float("nan") if found is None else found.value
        rows.setdefault((where, KINDS[setting[0]]), []).append((setting, said, value))
    print("| models | setting | cases | temperature named | top-p named | nothing |")
    print("|---|---|---|---|---|---|")
    for (where, kind), each in sorted(rows.items()):
        share = [
            f"{np.mean([s == w for _, s, _ in each]):.0%}"
            for w in ("temperature", "top-p", "nothing")
        ]
        print(f"| {where} | {kind} | {len(each)} | " + " | ".join(share) + " |")
    print("\n| models | temperature | told: 5% | median | 95% |\n|---|---|---|---|---|")
    for (where, kind), each in sorted(rows.items()):
        for t in TEMPERATURES if kind == "temperature" else ():
            values = [v for s, w, v in each if s == f"T{t}" and w == "temperature"]
            if values:
                q = " | ".join(f"{v:.2f}" for v in np.quantile(values, [0.05, 0.5, 0.95]))
                print(f"| {where} | {t} | {q} |")


if __name__ == "__main__":
    main()
