"""How long the commands that people wait for take, the first time and again.

    OMP_NUM_THREADS=1 python benchmarks/waiting.py [--before CHECKOUT]

Registries are made of the recorded answers of `rand` (804 x 100), `alpaca` (125 x 805) and
`routing` (43 x 721). Each command runs twice in a process of its own, with an empty cache folder
at first, so that the second time shows what is kept. With --before the same is run on the sources
of another checkout in the same run, and the ratios are told: a busy machine makes both slow.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
BUILD = (
    "from pathlib import Path; from cladist.atlas.build import Wishes, build; "
    "from cladist.compare import resolve_assay; from cladist.registry import Registry; "
    "from cladist.registry.kept import Kept, default_folder; "
    "s = Registry.open(Path('rand'), create=False); "
    "build(s, resolve_assay(s), Wishes(labels=Path('families.csv')), "
    "kept=Kept(default_folder()))"
)
COMMANDS = {
    "report": (
        "report", "HuggingFaceTB_SmolLM2-135M-Instruct", "-r", "rand", "--labels", "families.csv",
        "--out", "report.html", "-q",
    ),
    "predict": (
        "predict", "FuseChat-Gemma-2-9B-Instruct", "-s", "scores.csv", "-r", "alpaca", "-q",
    ),
    "atlas as a folder": (
        "atlas", "-r", "rand", "--labels", "families.csv", "--out", "family", "-q",
    ),
    "route": (
        "route", "What is 12 * 13?", "--records", "records.csv", "--questions", "questions.csv",
        "-r", "routing", "-q",
    ),
}  # fmt: skip


def tables(folder: Path) -> None:
    """Write the tables that the commands read."""
    rand = pd.read_csv(DATA / "rand" / "lineage.csv").drop_duplicates("model")
    rand = rand[rand["usable"].astype(str) == "True"]
    rand[["model", "foundation", "superfamily"]].set_axis(
        ["model", "family", "group"], axis=1
    ).to_csv(folder / "families.csv", index=False)
    alpaca = pd.read_csv(DATA / "alpaca" / "lineage.csv").drop_duplicates("model")
    alpaca = alpaca[alpaca["usable"].astype(str) == "True"][["model", "win_rate"]]
    alpaca.iloc[1:].to_csv(folder / "scores.csv", index=False)
    right = pd.read_parquet(DATA / "routing" / "gsm_correct.parquet")
    long = right.melt(ignore_index=False, var_name="question", value_name="score").reset_index()
    long.dropna().to_csv(folder / "records.csv", index=False)
    asked = pd.read_parquet(DATA / "routing" / "gsm_questions.parquet")[["id", "question"]]
    asked.set_axis(["question", "text"], axis=1).to_csv(folder / "questions.csv", index=False)


def seconds(code: str, words: tuple[str, ...], folder: Path, source: Path, cache: Path) -> float:
    """Wall seconds of a Python process on another's sources; its errors end the benchmark."""
    env = {**os.environ, "PYTHONPATH": str(source), "XDG_CACHE_HOME": str(cache)}
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", code, *words], cwd=folder, env=env, check=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    return time.perf_counter() - start


def measured(folder: Path, source: Path) -> dict[str, tuple[float, float]]:
    """Seconds of every command, first and again; the registries are made anew."""
    main = "from cladist.cli.main import main; main()"
    for name in ("rand", "alpaca", "routing"):
        file = str(DATA / name / "responses.parquet")
        seconds(main, ("import", file, "-r", name, "-q"), folder, source, folder / "making")
    found = {}
    cache = folder / "cache"
    for name, words in COMMANDS.items():
        first, again = (seconds(main, words, folder, source, cache) for _ in range(2))
        found[name] = (first, again)
    first, again = (seconds(BUILD, (), folder, source, cache) for _ in range(2))
    found["serve, until it answers"] = (first, again)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", type=Path, help="A checkout to be compared with.")
    wanted = parser.parse_args().before
    sources = {"now": ROOT / "src", **({"before": wanted.resolve() / "src"} if wanted else {})}
    figures = {}
    for name, source in sources.items():
        with tempfile.TemporaryDirectory() as made:
            tables(Path(made))
            figures[name] = measured(Path(made), source)
    for command, (first, again) in figures["now"].items():
        line = f"{command}: first {first:.1f} s, again {again:.1f} s"
        if "before" in figures:
            old = figures["before"][command]
            line += f"; before {old[0]:.1f} and {old[1]:.1f} s, {old[1] / again:.1f} times again"
        print(line)


if __name__ == "__main__":
    main()
