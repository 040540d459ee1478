"""What questions of kinship cost: first, of another model, and asked again.

    python benchmarks/questions.py [--runs 3]

A registry is made of the recorded answers of `rand` (804 models x 100 probes) with declared
families, and a panel is frozen from it. Each question is a command in a process of its own, on one
thread; figures are CPU seconds of the whole process, user and system. "first" is the first
question of all, with an empty cache folder. "another model" finds the panel fitted, and was not
asked before. "again" is the median of --runs further times.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from measure import cost_of, table
from waiting import DATA, tables

BASE = "HuggingFaceTB_SmolLM2-135M"
ASKED = f"{BASE}-Instruct"
OTHERS = "Qwen_Qwen2.5-0.5B-Instruct", "Qwen_Qwen2.5-0.5B"
LABELS = ("--labels", "families.csv")
QUESTIONS = {
    "compare kinship": ("compare", "kinship", "MODEL", "CANDIDATE", *LABELS),
    "compare relatives": ("compare", "relatives", "MODEL", *LABELS),
    "identify": ("identify", "MODEL", *LABELS),
    "compare kinship --panel": (
        "compare", "kinship", "MODEL", "CANDIDATE", "--panel", "panel.parquet",
    ),
}  # fmt: skip
FITTING = ("compare kinship", "compare kinship --panel")
"""Questions that find no panel fitted by those before them."""


def costs(folder: Path, runs: int) -> list[list[object]]:
    """A row a question, with the registry and the panel made beforehand."""

    def cpu(*words: str) -> float:
        command = [sys.executable, "-m", "cladist", *words]
        return cost_of(command, folder, {"XDG_CACHE_HOME": str(folder / "cache")}).cpu

    def ask(question: str, model: str, candidate: str) -> float:
        named = {"MODEL": model, "CANDIDATE": candidate}
        return cpu(*(named.get(word, word) for word in QUESTIONS[question]), "-r", "rand")

    cpu("registry", "import", str(DATA / "rand" / "responses.parquet"), "-r", "rand")
    cpu("reference", "panel", "build", "panel.parquet", "-r", "rand", *LABELS)
    rows: list[list[object]] = []
    for question in QUESTIONS:
        first = ask(question, ASKED, BASE) if question in FITTING else ""
        other = ask(question, *OTHERS)
        ask(question, ASKED, BASE)
        again = statistics.median(ask(question, ASKED, BASE) for _ in range(runs))
        rows.append([f"`{question}`", first, other, again])
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory(prefix="questions-") as made:
        tables(Path(made))
        rows = costs(Path(made), runs)
    print(table(["question", "first", "another model", "again"], rows))


if __name__ == "__main__":
    main()
