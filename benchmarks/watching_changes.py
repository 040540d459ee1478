"""Known changes of deployments, measured for `data/changes.json`; a part of `watching.py`."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from watching_servers import SYSTEM, Served, llama, transformers_server, tuned

from cladist.models.builtin import path_of
from cladist.models.requantize import Kind, requantize
from cladist.provenance.border.asking import Asker
from cladist.provenance.border.explaining import explanations, known_from, observed, told_as
from cladist.provenance.border.learning import Effort, learn

SYSTEMS = (SYSTEM, "Answer in rhyme.", "You are a strict reviewer of legal contracts. Be brief.")
HEAT = (0.3, 0.7, 1.0)
QUANTISED: tuple[Kind, ...] = ("Q4_0", "Q4_1", "Q5_0")
APART = {
    "quantisation": "rounded weights", "another snapshot": "tuned or another engine",
    "another engine": "tuned or another engine",
}  # fmt: skip
"""Kinds that the package tells as one, under names of their own: could they be told apart?"""
Change = tuple[str, str, Path, dict[str, Any]]
"""Kind, name, file or folder that is served, and how it is served."""


def measured(
    model: str, interface: str, reference: Path, changed: Sequence[Change]
) -> list[dict[str, Any]]:
    """What is seen of known changes of one model, as `data/changes.json` holds it."""
    rows: list[dict[str, Any]] = []
    with llama(reference) as url:
        effort = Effort(contexts=120, pool=30)
        asker = Asker(Served(url, interface))
        border = learn(asker, effort, 5)
    for kind, name, path, settings in changed:
        with serving(path) as url:
            served = Served(url, interface, **settings)
            asker = Asker(served, border.interface)
            without = replace(border, profile=())  # probabilities are read once
            rounds = [observed(asker, b, random.Random(k)) for k, b in enumerate((border, without))]
            row: dict[str, Any] = {"kind": kind, "model": f"{model}, {interface}", "name": name}
            for part in ("border", "firm", "again"):
                row[part] = [sum(n) for n in zip(*(getattr(r, part) for r in rounds), strict=True)]
            moved = rounds[0].shift
            assert moved is not None
            row["shift"] = [round(moved.size, 5), round(moved.shared, 4)]
            rows.append(row)
            print(json.dumps(row), flush=True)
            served.close()
    return rows


def serving(path: Path) -> AbstractContextManager[str]:
    """llama.cpp's server on a file, the second engine on a folder."""
    return transformers_server(path) if path.is_dir() else llama(path)


def common_changes(eight: Path, folder: Path, steps: Sequence[int]) -> list[Change]:
    """Changes of a deployment that every model has: of its weights, and beside them."""
    rows: list[Change] = [("the same", "asked again", eight, {})]
    rows.append(("another engine", "transformers, float32", folder / f"hf-{eight.stem}", {}))
    rows += [("system prompt", s, eight, {"system": s}) for s in SYSTEMS]
    rows += [("temperature", str(t), eight, {"temperature": t}) for t in HEAT]
    for kind in QUANTISED:
        path = folder / f"{eight.stem}-{kind}.gguf"
        requantize(eight, path, kind)
        rows.append(("quantisation", kind, path, {}))
    for count in steps:
        path = tuned(eight, folder, count)
        rows.append(("another snapshot", f"{count} steps on verse", path, {}))
    return rows


def explain(files: dict[str, Path], folder: Path, table: Path) -> None:
    """Measure known changes, write their table, and say how often kinds are told right.

    References are in 8 bits, as their tunings are, so that each change is one alone.
    """
    rows: list[dict[str, Any]] = []
    scripture, stage = path_of("tiny-scripture"), path_of("tiny-stage")
    for path, others in ((scripture, (stage,)), (stage, (scripture,))):
        eight = folder / f"{path.stem}-8.gguf"
        requantize(path, eight, "Q8_0")
        again = tuned(eight, folder, 0)
        changed = common_changes(eight, folder, (20, 60, 200))
        changed.append(("the same", "written again", again, {}))
        changed += [("another model", o.stem, o, {}) for o in (*others, files["Q4_1"])]
        if path is scripture:
            verse = path_of("tiny-scripture-poems")
            changed.append(("another snapshot", "fine-tuned on verse", verse, {}))
        rows += measured(path.stem, "completions", eight, changed)
        kept(rows, table)
    eight = files["Q8_0"]
    again = tuned(eight, folder, 0)
    rows += measured("SmolLM2-135M", "completions", eight, [
        *common_changes(eight, folder, (20,)), ("the same", "written again", again, {}),
        *(("another model", o.stem, o, {}) for o in (stage, scripture)),
    ])  # fmt: skip
    kept(rows, table)
    judged(table)


def kept(rows: list[dict[str, Any]], table: Path) -> None:
    """Write the table so far."""
    lines = ",\n".join(json.dumps(r) for r in rows)
    table.write_text(f'{{"deployments": [\n{lines}\n]}}\n')


def judged(table: Path) -> None:
    """Each deployment explained by the others: those of its model, and those of other models."""
    known = [known_from(r) for r in json.loads(table.read_text())["deployments"]]
    blind = [replace(k, seen=replace(k.seen, shift=None)) for k in known]
    apart = [replace(k, kind=APART.get(k.kind, k.kind)) for k in known]
    for title, rows in (
        ("with log-probabilities", known), ("tokens alone", blind),
        ("with log-probabilities, held apart", apart),
    ):  # fmt: skip
        print(f"\n| kind, {title} | deployments | told right by the rest | by other models |")
        print("|---|---|---|---|")
        wrong = []
        for kind in dict.fromkeys(k.kind for k in rows):
            own, right = [k for k in rows if k.kind == kind], [0, 0]
            for one in own:
                for i, rest in enumerate((
                    [k for k in rows if k is not one], [k for k in rows if k.model != one.model],
                )):  # fmt: skip
                    told = explanations(one.seen, rest)[0][0]
                    right[i] += told == told_as(kind)
                    if told != told_as(kind) and i:
                        wrong.append(f"{one.model}, {one.name}: {told}")
            print(f"| {kind} (as {told_as(kind)}) | {len(own)} | {right[0]} | {right[1]} |")
        print("\nby other models told wrong:\n" + "\n".join(wrong))
