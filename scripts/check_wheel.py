"""What is in a built wheel and sdist: everything that runs needs, and nothing else.

python scripts/check_wheel.py dist [--tag v0.2.0]
"""

from __future__ import annotations

import argparse
import re
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

NEEDED = (
    "cladist/py.typed",
    "cladist/atlas/page/index.html",
    "cladist/data/assays/cladist.toml",
    "cladist/data/assays/phylolm.toml",
    "cladist/data/assays/reptrace.toml",
    "cladist/data/lineage.csv",
    "cladist/data/probes/cladist-100.json",
    "cladist/data/models/tiny-stage.gguf",
    "cladist/data/references.toml",
    "cladist/data/report.css",
)
ALLOWED = re.compile(
    r"cladist/(?:[\w/]+\.py|py\.typed|atlas/page/app\.(?:js|css)|atlas/page/index\.html"
    r"|data/(?:[\w-]+/)?[\w.-]+\.(?:toml|csv|json|gguf|css|md))"
    r"|cladist-[\w.]+\.(?:dist-info/[\w/.]+|data/data/share/man/man1/cladist\.1)"
)
LARGEST = 12 << 20


def wrong_in_wheel(names: Iterable[str], sources: Iterable[str]) -> list[str]:
    """What is missing from a wheel with these names, and what should not be there."""
    there = set(names)
    wrong = [f"missing: {n}" for n in (*NEEDED, *sources) if n not in there]
    return wrong + [f"does not belong: {n}" for n in sorted(there) if not ALLOWED.fullmatch(n)]


def main(arguments: Sequence[str]) -> int:
    """Check a folder of built files; the number of things that are wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tag", default="")
    asked = parser.parse_args(arguments)
    root = Path(__file__).resolve().parents[1]
    sources = [str(p.relative_to(root / "src").as_posix()) for p in (root / "src").rglob("*.py")]
    (wheel,) = asked.folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        wrong = wrong_in_wheel(archive.namelist(), sources)
    if wheel.stat().st_size > LARGEST:
        wrong.append(f"{wheel.name} has {wheel.stat().st_size:,} bytes, {LARGEST:,} are the most")
    if asked.tag and f"-{asked.tag.removeprefix('v')}-" not in wheel.name:
        wrong.append(f"{wheel.name} is not of the version that {asked.tag} names")
    for sdist in asked.folder.glob("*.tar.gz"):
        with tarfile.open(sdist) as archive:
            inside = {n.partition("/")[2] for n in archive.getnames()}
        wrong += [f"sdist lacks {n}" for n in ("pyproject.toml", "LICENSE") if n not in inside]
        wrong += [f"sdist lacks src/{n}" for n in sources if f"src/{n}" not in inside]
        wrong += [
            f"sdist has {n}" for n in inside if n.startswith(("shared", ".venv", "web/node_"))
        ]
    for line in wrong:
        print(line, file=sys.stderr)
    print(f"{wheel.name}: {'good' if not wrong else f'{len(wrong)} things are wrong'}")
    return min(len(wrong), 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
