"""Write the probe sets that cladist ships, or check that the files on disk are what this writes.

python scripts/make_probes.py            write src/cladist/data/probes/*.json
python scripts/make_probes.py --check    exit with 1 if a file differs, is missing or left over
python scripts/make_probes.py --out DIR  use another folder
"""

import argparse
import sys
from pathlib import Path

from probegen.mixed import cladist_100, contexts_100, contexts_256, mini_12
from probegen.plain import NAMES, genes_128, random_set
from probegen.probe import ProbeSet
from probegen.questions import questions_600

TARGET = Path(__file__).resolve().parent.parent / "src" / "cladist" / "data" / "probes"


def all_sets() -> list[ProbeSet]:
    """Every probe set, made anew."""
    return [
        cladist_100(),
        *(random_set(language) for language in NAMES),
        genes_128(),
        questions_600(),
        mini_12(),
        contexts_256(),
        contexts_100(),
    ]


def differences(folder: Path, wanted: dict[str, bytes]) -> list[str]:
    """What is wrong with the files of a folder, one line each."""
    found = {path.name: path.read_bytes() for path in folder.glob("*.json")}
    problems = [f"missing: {name}" for name in sorted(wanted.keys() - found.keys())]
    problems += [f"left over: {name}" for name in sorted(found.keys() - wanted.keys())]
    problems += [
        f"differs: {name}"
        for name in sorted(wanted.keys() & found.keys())
        if wanted[name] != found[name]
    ]
    return problems


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Write or check the probe sets of cladist.")
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    parser.add_argument("--out", type=Path, default=TARGET, help="folder of the files")
    options = parser.parse_args()
    sets = all_sets()
    wanted = {f"{made.name}.json": made.render() for made in sets}
    if options.check:
        problems = differences(options.out, wanted)
        for problem in problems:
            print(problem, file=sys.stderr)
        return 1 if problems else 0
    options.out.mkdir(parents=True, exist_ok=True)
    for name, data in wanted.items():
        (options.out / name).write_bytes(data)
    for made in sets:
        print(f"{made.name:16} {len(made.probes):4} {made.content_hash()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
