"""Make the table of lineage facts that ships, from the labels of recorded collections.

    python scripts/make_lineage.py ../shared/data --out src/cladist/data/lineage.csv

Every folder with a `lineage.csv` is read (model, hf_id, foundation, root, parent, relation, org,
superfamily, release_date, confidence, evidence_kind). What they say of one model is merged by
confidence; conflicts are printed, and so is what is left out: names that are a path of somebody's
machine. Licences come from `lineage_licences.csv` beside this file, for repositories of makers
themselves, as their cards state them. No answers are read.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from cladist.core.facts import Conflict, Fact, merge_facts
from cladist.core.names import may_be_same, parse_name, variant
from cladist.formats.facts_table import write_facts
from cladist.formats.files import write_text

ORDER = ("rand", "bench6", "eqbench", "can_ai_code_senior", "can_ai_code", "alpaca")
EVIDENCE = {
    "recalled": "public facts, recalled",
    "name": "the name",
    "looked-up": "public facts, looked up",
    "shape/weak": "its shape, weak",
}
RELATIONS = {"continued-pretrain": "continued", "unknown": ""}


def facts_of(folder: Path, left: Counter[str]) -> Iterator[Fact]:
    """Facts of one collection; `left` counts what is left out, by reason."""
    with (folder / "lineage.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            name, hub = row["model"].strip(), row.get("hf_id", "").strip()
            written, there = parse_name(name), parse_name(hub)
            if name.startswith(("/", "~", ".")):
                left["a path of a machine"] += 1
                continue
            same = bool(there.org) and may_be_same(written, there)
            parent, relation = row["parent"].strip(), row.get("relation", "").strip()
            own = parse_name(hub if same else name)
            if parent and may_be_same(parse_name(parent), own):
                parent, relation = "", ""  # the very file, kept under its own name
            made = RELATIONS.get(relation, relation)
            if made == "pretrain" and parent:
                made = "continued"
            evidence = row.get("evidence_kind") or row.get("evidence") or "not said"
            evidence = EVIDENCE.get(evidence, evidence).replace(";", ",")
            yield Fact(
                model=hub if same else name,
                hub_id=hub if same else "",
                foundation=row.get("foundation", "").strip(),
                root=row.get("root", "").strip(),
                parent=parent,
                relation=made,
                maker=(row.get("org") or row.get("developer") or "").strip(),
                group=row.get("superfamily", "").strip(),
                released=row.get("release_date", "").strip(),
                source=f"{folder.name}: {evidence}",
                confidence=row.get("confidence", "").strip() or "low",
            )


def one_spelling(facts: list[Fact]) -> list[Fact]:
    """Foundations and roots of one maker that differ in a mark of format alone, as most write them.

    So org/name and org/name-hf, the same weights in two formats, are one foundation.
    """
    counts: dict[tuple[str, str], Counter[str]] = {}
    for fact in facts:
        for name in filter(None, (fact.foundation, fact.root)):
            counts.setdefault(_format_key(name), Counter())[name] += 1
    best = {key: found.most_common(1)[0][0] for key, found in counts.items()}
    for key, found in counts.items():
        if len({parse_name(n).key for n in found}) > 1:
            print(f"one foundation: {', '.join(sorted(found))}, as '{best[key]}'")
    return [
        replace(
            f,
            foundation=best[_format_key(f.foundation)] if f.foundation else "",
            root=best[_format_key(f.root)] if f.root else "",
        )
        for f in facts
    ]


def _format_key(name: str) -> tuple[str, str]:
    parsed = parse_name(name)
    return parsed.key.rpartition("/")[0], variant(parsed).name


def foundations(facts: list[Fact]) -> list[Fact]:
    """Facts on foundations and roots that the collections name and did not record."""
    known = {f.key for f in facts}
    roots: dict[str, Counter[str]] = {}
    groups: dict[str, Counter[str]] = {}
    for fact in facts:
        for name in filter(None, (fact.foundation, fact.root)):
            parsed = parse_name(name)
            if parsed.org and parsed.flat not in known and fact.confidence != "low":
                above = fact.root if name == fact.foundation and fact.root else name
                roots.setdefault(name, Counter())[above] += 1
                groups.setdefault(name, Counter())[fact.group] += 1
    out = []
    for name, above in roots.items():
        root = above.most_common(1)[0][0]
        made = "pretrain" if root == name else ""
        group = groups[name].most_common(1)[0][0]
        maker = parse_name(name).org
        said = f"named as a foundation by {above.total()} rows"
        out.append(Fact(name, name, name, root, "", made, maker, group, "", "", said, "medium"))
    return out


def with_licences(facts: list[Fact], path: Path) -> list[Fact]:
    """The same with licences of makers' own repositories."""
    with path.open(encoding="utf-8", newline="") as file:
        rules = [(re.compile(r["pattern"], re.IGNORECASE), r) for r in csv.DictReader(file)]
    out = []
    for fact in facts:
        rule = next((r for p, r in rules if p.fullmatch(fact.hub_id)), None)
        derived = fact.relation in ("quantized", "merge", "copy")
        if rule is None or derived:
            out.append(fact)
            continue
        source = f"{fact.source}; licence: the maker's card, recalled"
        out.append(replace(fact, licence=rule["licence"], source=source))
    return out


def main() -> None:
    """Write the table and print what was decided."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args()
    here = [chosen.data / n for n in ORDER if (chosen.data / n / "lineage.csv").is_file()]
    if not here:
        sys.exit(f"{chosen.data}: no collection with a lineage.csv")
    left: Counter[str] = Counter()
    facts = [f for folder in here for f in facts_of(folder, left)]
    facts = one_spelling(facts)
    merged, conflicts = merge_facts([*facts, *foundations(facts)])
    merged = with_licences(merged, Path(__file__).parent / "lineage_licences.csv")
    write_text(chosen.out, write_facts(merged))
    report(conflicts, left)
    known = sum(bool(f.licence) for f in merged)
    print(f"{len(facts)} rows, {len(merged)} models, {known} with a licence -> {chosen.out}")


def report(conflicts: list[Conflict], left: Counter[str]) -> None:
    """What sources differ in, and what was left out."""
    for conflict in conflicts:
        print(conflict.message)
    print(f"{len(conflicts)} conflicts: {dict(Counter(c.what for c in conflicts))}")
    for reason, count in left.items():
        print(f"left out, {reason}: {count} rows")


if __name__ == "__main__":
    main()
