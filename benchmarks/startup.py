"""How long it takes to start: CPU seconds of a new interpreter, against llm-dna 1.0.1.

    python benchmarks/startup.py --llm-dna VENV [--runs 9]

Rounds alternate; figures are medians. "net" leaves out what the bare interpreter takes. Both
packages put off their imports, so the third pair imports what an extraction uses.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from functools import partial
from pathlib import Path

from measure import cost_of, in_turns, script, table

OURS = "import cladist; cladist.extract; cladist.open_registry"
THEIRS = """\
from llm_dna.api import calc_dna
from llm_dna.core import extraction
from llm_dna.models.ModelLoader import ModelLoader
from llm_dna.dna.TextDNAExtractor import TextDNAExtractor
from llm_dna.utils.DataUtils import setup_logging
"""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--llm-dna", type=Path, required=True, metavar="VENV")
    parser.add_argument("--runs", type=int, default=9)
    args = parser.parse_args()
    ours, theirs = Path(sys.executable), args.llm_dna.absolute() / "bin" / "python"
    cladist, calc_dna = script(ours, "cladist"), script(theirs, "calc-dna")
    with tempfile.TemporaryDirectory(prefix="speed-") as made:
        folder = Path(made)
        cost_of([cladist, "extract", "builtin:tiny-scripture", "--registry", "lab", "-q"], folder)
        commands: dict[str, list[str | Path]] = {
            "python -c pass (cladist's)": [ours, "-c", "pass"],
            "python -c pass (llm-dna's)": [theirs, "-c", "pass"],
            "import cladist": [ours, "-c", "import cladist"],
            "import llm_dna": [theirs, "-c", "import llm_dna"],
            "what cladist extract imports": [ours, "-c", OURS],
            "what calc-dna imports": [theirs, "-c", THEIRS],
            "cladist --version": [cladist, "--version"],
            "cladist registry list": [cladist, "list", "--registry", "lab"],
            "calc-dna --help": [calc_dna, "--help"],
        }
        found = in_turns(
            {name: partial(cost_of, command, folder) for name, command in commands.items()},
            args.runs,
        )
    bare = {
        ours: found["python -c pass (cladist's)"].cpu,
        theirs: found["python -c pass (llm-dna's)"].cpu,
    }
    of = {
        name: theirs if theirs in command or calc_dna in command else ours
        for name, command in commands.items()
    }
    rows = [
        [name, cost.cpu, max(cost.cpu - bare[of[name]], 0.0), cost.megabytes]
        for name, cost in found.items()
    ]
    print(table(["", "CPU s", "net", "peak MB"], rows))


if __name__ == "__main__":
    main()
