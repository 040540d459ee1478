"""What kin and strangers show of themselves when they were asked by other settings than assumed.

    python benchmarks/assumed.py ask rand smollm2 --prompts 40 --out FOLDER
    python benchmarks/assumed.py show --out FOLDER [--write]

`ask` puts prompts of a recorded set of ../shared/data to a built-in model at several settings and
keeps the answers in FOLDER; a run that was stopped goes on. `show` holds them against the recorded
models, as `identify` does: with the model's kin among them, and with its whole maker taken away.
All settings of one model are read to the same length. With --write the table goes into
docs/identify.md, between its marks.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
from identify import LENGTHS, ask, load, remembered, spread
from verdicts import ROOT, write

from cladist.core.responses import Response, ResponseSet
from cladist.extraction.like import cut_to, reading_length
from cladist.extraction.opening import open_any
from cladist.formats.labels import DeclaredModel
from cladist.kinship.inference.sequential import first_probes
from cladist.kinship.panel.outsider import beside, fit_members
from cladist.models.base import Request
from cladist.references.labels import known_labels
from cladist.workflows.placing import Placement
from cladist.workflows.reference_fit import fit_reference, judge

SETTINGS = {"0": (0.0, 1.0), "0.7": (0.7, 1.0), "1": (1.0, 1.0), "0.7, top-p 0.9": (0.7, 0.9)}
"""Temperature and top-p, by what the table calls them."""
ASKED = {
    ("rand", "smollm2"): ("0", "0.7", "1"), ("rand", "gemma3-270m"): ("0", "0.7"),
    ("bench6", "smollm2"): ("0.7, top-p 0.9", "0"),
    ("bench6", "gemma3-270m"): ("0.7, top-p 0.9", "0"),
}  # fmt: skip
"""Settings asked, that of the recorded answers first."""
ARE = {
    "smollm2": DeclaredModel("HuggingFaceTB/SmolLM2-135M", "smollm"),
    "gemma3-270m": DeclaredModel("google/gemma-3-270m", "gemma"),
}
"""Family and maker, as the table that ships writes them."""
TOKENS, PROMPTS, LEAST = 48, 100, 10


@dataclass(frozen=True)
class Shown:
    """What a model showed at one setting: evidence with its family, with kin there, and without."""

    setting: str
    family: str
    own: float
    kin: Placement
    alone: Placement


def asked_prompts(folder: Path) -> list[tuple[str, str]]:
    """Ids and texts of the prompts that `benchmarks/identify.py` reads, in its order."""
    texts = pd.read_parquet(folder / "prompts.parquet").set_index("prompt_id")["prompt"]
    answered = pd.read_parquet(folder / "responses.parquet", columns=["prompt_id"])
    ids = spread(sorted(answered["prompt_id"].unique()), PROMPTS)
    return [(str(i), str(texts[i])) for i in ids]


def put(data: Path, name: str, model: str, prompts: int, out: Path) -> None:
    """Ask what is not there yet, prompt by prompt."""
    path = out / f"{name}-{model}.jsonl"
    done = {(r["id"], r["set"]) for r in said(path)}
    opened, start = open_any(f"builtin:{model}"), time.process_time()
    with path.open("a", encoding="utf-8") as file:
        for number, (key, text) in enumerate(asked_prompts(data / name)[:prompts]):
            for setting in ASKED[name, model]:
                if (key, setting) in done:
                    continue
                request = Request(text, TOKENS, *SETTINGS[setting], seed=1000 + number)
                ((_, r),) = opened.answer([request])
                row = {"id": key, "set": setting, "text": r.text, "state": r.state.value}
                file.write(json.dumps(row) + "\n")
                file.flush()
    opened.close()
    print(f"{path.name}: {time.process_time() - start:.0f} CPU s")


def said(path: Path) -> list[dict[str, str]]:
    """Rows that are kept."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def sets_of(
    rows: Sequence[Mapping[str, str]], settings: Sequence[str], ids: Sequence[str]
) -> dict[str, ResponseSet]:
    """Answers by setting, to the prompts that were asked at every one."""
    by = {(r["id"], r["set"]): Response.of(r["text"], truncated=True) for r in rows}
    whole = [i for i in ids if all((i, s) in by for s in settings)]
    return {s: ResponseSet("\0asked", tuple(whole), tuple((by[i, s],) for i in whole))
            for s in settings}  # fmt: skip


def compared(
    data: Path, name: str, model: str, rows: Sequence[Mapping[str, str]]
) -> tuple[int, int, list[Shown]]:
    """Prompts, characters, and what was shown at each setting."""
    every = load(data / name, PROMPTS)
    keys = [key for key, _ in asked_prompts(data / name)]
    asked = sets_of(rows, ASKED[name, model], keys)
    ids = next(iter(asked.values())).probe_ids
    assert tuple(keys[: len(ids)]) == ids
    length = max(reading_length(a) for a in asked.values())
    length = next((n for n in LENGTHS if n >= length), 0)
    left = [cut_to(replace(first_probes(r, len(ids)), probe_ids=ids), length) for r in every]
    left = [r for r in left if int(r.usable().sum()) >= LEAST]
    labels = {
        **known_labels([r.model for r in left]),
        "\0asked": ARE[model],
    }
    family = ARE[model].family
    members = fit_members(left)
    fit = fit_reference(members, labels, cut=length, accused=lambda i, j: True)
    assert fit.labels is not None and fit.calibration is not None
    accused = remembered(judge(members, fit.labels, fit.calibration))
    out = []
    for setting, answers in asked.items():
        cut = cut_to(answers, length)
        pairs = beside(members, replace(cut, model="\0new"))
        own = [float(pairs.combined[-1, k]) for k, r in enumerate(left)
               if r.model in labels and labels[r.model].family == family]  # fmt: skip
        found = ask(fit, cut, labels, accused, False)
        out.append(Shown(setting, family, max(own, default=math.nan), found["kin"], found["maker"]))
    return len(ids), length, out


def table(data: Path, out: Path) -> str:
    """All that was asked, a row a setting; that of the recorded answers first."""
    lines = [
        "| recorded | asked | temperature | evidence with its family | p | its family would be "
        "| p, its maker taken away |",
        "|---|---|---|---|---|---|---|",
    ]
    notes = []
    for name, model in ASKED:
        rows = said(out / f"{name}-{model}.jsonl")
        if not rows:
            continue
        prompts, length, found = compared(data, name, model, rows)
        notes.append(f"{name}, {model}: {prompts} prompts, read to {length or 'all'} characters")
        for s in found:
            kept, here = s.kin.kept, not math.isnan(s.own)
            stays = "-"
            if here and kept is not None:
                stays = "kept" if s.family in kept.families else "excluded"
                stays += f", {len(kept.families)} of {len(kept.p_values)} are"
            own = f"{s.own:.1f}" if here else "none recorded"
            lines.append(
                f"| {name} | {model} | {s.setting} | {own} | {s.kin.p:.3f} | {stays} | "
                f"{s.alone.p:.3f} |"
            )
    return "\n".join([*lines, "", "; ".join(notes) + "."])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["ask", "show"])
    parser.add_argument("name", nargs="?", choices=["rand", "bench6"])
    parser.add_argument("model", nargs="?", choices=sorted(ARE))
    parser.add_argument("--prompts", type=int, default=40)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    if args.what == "ask":
        put(args.data, args.name, args.model, args.prompts, args.out)
        return
    text = table(args.data, args.out)
    print(text)
    if args.write:
        write(ROOT / "docs" / "identify.md", {"assumed": text})


if __name__ == "__main__":
    main()
