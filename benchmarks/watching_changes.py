"""Known changes of deployments, measured for `data/changes.json`; a part of `watching.py`."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from watching_servers import SYSTEM, Served, llama, tuned

from cladist.models.builtin import path_of
from cladist.models.requantize import requantize
from cladist.provenance.border.asking import Asker
from cladist.provenance.border.explaining import JOINED, explanations, known_from, observed
from cladist.provenance.border.learning import Effort, learn

SYSTEMS = (SYSTEM, "Answer in rhyme.", "You are a strict reviewer of legal contracts. Be brief.")
HEAT = (0.3, 0.7, 1.0)


def measured(
    model: str, interface: str, reference: Path, changed: Sequence[tuple[str, str, Path, Any]]
) -> list[dict[str, Any]]:
    """Counts of known changes of one model, as `data/changes.json` holds them."""
    rows: list[dict[str, Any]] = []
    with llama(reference) as url:
        effort = Effort(contexts=120, pool=30)
        asker = Asker(Served(url, interface))
        border = learn(asker, effort, 5)
    for kind, name, path, settings in changed:
        with llama(path) as url:
            served = Served(url, interface, **settings)
            asker = Asker(served, border.interface)
            rounds = [observed(asker, border, random.Random(k)) for k in range(2)]
            total = {
                part: [sum(n) for n in zip(*(getattr(r, part) for r in rounds), strict=True)]
                for part in ("border", "firm", "again")
            }
            rows.append({"kind": kind, "model": f"{model}, {interface}", "name": name, **total})
            print(json.dumps(rows[-1]), flush=True)
            served.close()
    return rows


def common_changes(path: Path) -> list[tuple[str, str, Path, Any]]:
    """Changes of a deployment that leave the weights alone."""
    return [
        *(("system prompt", s, path, {"system": s}) for s in SYSTEMS),
        *(("temperature", str(t), path, {"temperature": t}) for t in HEAT),
    ]


def explain(files: dict[str, Path], folder: Path, table: Path) -> None:
    """Measure known changes, write their table, and say how often kinds are told right."""
    rows: list[dict[str, Any]] = []
    scripture, stage = path_of("tiny-scripture"), path_of("tiny-stage")
    tiny = {"tiny-scripture": scripture, "tiny-stage": stage}
    for name, path in tiny.items():
        four = folder / f"{name}-Q4_0.gguf"
        other = "tiny-stage" if path is scripture else "tiny-scripture"
        requantize(path, four, "Q4_0")
        changed = [
            *common_changes(path), ("quantisation", "Q4_0", four, {}),
            ("another snapshot", "20 steps on verse", tuned(path, folder, 20), {}),
            ("another snapshot", "60 steps on verse", tuned(path, folder, 60), {}),
            ("another model", other, tiny[other], {}),
            ("another model", "SmolLM2", files["Q4_1"], {}),
        ]  # fmt: skip
        if path is scripture:
            verse = path_of("tiny-scripture-poems")
            changed.append(("another snapshot", "fine-tuned on verse", verse, {}))
        rows += measured(name, "completions", path, changed)
        kept(rows, table)
    plain = files["Q8_0"]
    rows += measured("SmolLM2-135M", "completions", plain, [
        *common_changes(plain), ("quantisation", "Q4_0", files["Q4_0"], {}),
        ("quantisation", "Q4_1", files["Q4_1"], {}),
        ("another snapshot", "20 steps on verse", tuned(plain, folder, 20), {}),
        ("another model", "tiny-stage", stage, {}),
        ("another model", "tiny-scripture", scripture, {}),
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
    print("\n| kind | deployments | told right by the rest | by other models |\n|---|---|---|---|")
    for kind in dict.fromkeys(k.kind for k in known):
        right = [0, 0]
        own = [k for k in known if k.kind == kind]
        for one in own:
            for i, rest in enumerate((
                [k for k in known if k is not one], [k for k in known if k.model != one.model],
            )):  # fmt: skip
                right[i] += explanations(one.seen, rest)[0][0] == JOINED.get(kind, kind)
        print(f"| {kind} | {len(own)} | {right[0]} | {right[1]} |")
