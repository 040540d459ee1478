"""docs/lab-functional.md, written from the scores of the functional assay alone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cladist.errors import InputError
from cladist.formats.files import write_text
from cladist.kinship.inference.decision import VERDICTS
from cladist.lab.functional import FUNCTIONAL, FUNCTIONAL_DISTANCE
from cladist.lab.score import SCORES
from cladist.lab.tables import number, share, table_of

Scores = Mapping[str, Any]


def write_functional(root: Path, document: Path) -> None:
    """Write the document. Raises `InputError` when the functional assay was not scored."""
    try:
        scores = json.loads((root / SCORES).read_text(encoding="utf-8"))["functional"]
    except (OSError, ValueError, KeyError) as problem:
        raise InputError(
            f"{root} has no scores of the functional assay ({problem}); run 'cladist lab score "
            "--functional' first"
        ) from problem
    write_text(document, functional_report(scores))


def functional_report(s: Scores) -> str:
    """All sections."""
    left = f" Left out, as they tell no distributions: {', '.join(s['left_out'])}."
    head = (
        "# The lab: the functional assay against a known tree\n\n"
        "Written by `cladist lab report --functional` from what `cladist lab grow` bred and "
        f"`cladist lab score --functional` measured: {s['models']} models, "
        f"{s['contexts']} contexts each, nothing generated.{left if s['left_out'] else ''} What "
        "the words mean is in [lab.md](lab.md)."
    )
    parts = [_methods(s), _operations(s), _strangers(s), _descent(s), _merges(s), _laws(s)]
    return "\n\n".join([head, *parts]) + "\n"


def _methods(s: Scores) -> str:
    keys = ("auc", "ap", "tpr", "hard", "nearest", "parent")
    names = ["AUC", "AP", "TPR at 1% FPR", "AUC, same text", "nearest is kin"]
    names.append("nearest is a parent")
    rows = [[m, *(number(v[k]) for k in keys)] for m, v in s["methods"].items()]
    counts = [[str(v["contexts"]), *(number(v[k]) for k in keys)] for v in s["by_contexts"]]
    return (
        "## Kin against strangers\n\n'Kinship' is what `compare kinship` weighs (log ratios beyond "
        "the panel's mean), d_H the distance of the functions themselves.\n\n"
        + table_of(["method", *names], rows)
        + "\n\nKinship by the first contexts alone:\n\n"
        + table_of(["contexts", *names], counts)
    )


def _operations(s: Scores) -> str:
    ours, plain = (s["by_operation"][m] for m in (FUNCTIONAL, FUNCTIONAL_DISTANCE))
    said = s["identity"]
    rows = [
        [
            o, str(n), *(number(x) for x in (low, middle, high)),
            f"{number(ours[o][1], 2)}, {share(ours[o][2])}",
            f"{number(plain[o][1], 2)}, {share(plain[o][2])}",
            ", ".join(f"{k}: {v}" for k, v in sorted(said.get(o, {}).items())) or "-",
        ]
        for o, (n, low, middle, high) in s["inheritance"].items()
    ]  # fmt: skip
    return (
        "## Inheritance: how far each operation moves a function\n\nd_H of parent and child; then "
        "the probability that they look closer than two unrelated models, and the share above the "
        "threshold that 1% of unrelated pairs reach; then what `compare same` says of the two.\n\n"
        + table_of(
            ["operation", "births", "least d_H", "median", "largest", "by kinship", "by d_H",
             "same or changed"], rows,
        )
    )  # fmt: skip


def _strangers(s: Scores) -> str:
    kinds = list(s["false"][FUNCTIONAL])
    head = [f"{k} ({s['false'][FUNCTIONAL][k][0]})" for k in kinds]
    rows = [[m, *(share(v[k][1]) for k in kinds)] for m, v in s["false"].items()]
    return (
        "## Unrelated models with something in common\n\nShare of pairs above the threshold that "
        "1% of plainly unrelated pairs reach.\n\n"
        + table_of(["method", *head], rows)
        + "\n\n"
        + verdicts_table(s)
    )


def verdicts_table(s: Scores) -> str:
    """What the test of kinship said of pairs of each kind, and at which rate."""
    found = [w for w in VERDICTS if any(w in v for v in s["verdicts"].values())]
    rows = [[k, *(str(v.get(w, 0)) for w in found)] for k, v in s["verdicts"].items()]
    return (
        f"Verdicts of the kinship test at a stated rate of {share(s['verdict_rate'])}, the least "
        "of 1%, 2%, 5% and 10% that so few families can carry (verdicts.md), families declared, "
        "of up to 30 pairs a kind:\n\n" + table_of(["pairs", *found], rows)
    )


def _descent(s: Scores) -> str:
    told: Counter[str] = Counter()
    for row in s["direction"].values():
        told.update(row)
    rows = [
        [o, *(str(v.get(k, 0)) for k in ("right", "wrong", "not told"))]
        for o, v in s["direction"].items()
    ]
    parents = [[k, str(v)] for k, v in s["parents"].items()]
    return (
        "## Parents and direction\n\nWhich of parent and child is the ancestor "
        f"(`compare kinship --direction`): {told['right']} right, {told['wrong']} wrong, "
        f"{told['not told']} not told.\n\n"
        + table_of(["operation", "right", "wrong", "not told"], rows)
        + "\n\nThe nearest model by d_H, where direction says that it is the ancestor. This is too "
        "often no parent to be offered: `tree ancestry` refuses distributions.\n\n"
        + table_of(["named", "models"], parents)
    )


def _merges(s: Scores) -> str:
    merges = [m for m in s["merges"] if m["merged"]]
    others = [m for m in s["merges"] if not m["merged"]]
    rows = [
        [
            m["model"], ", ".join(m["true"]), share(m["explained"]),
            ", ".join(
                f"{p} {w:.2f}"
                for p, w in zip(m["parents"], m["weights"], strict=True) if w >= 0.05
            ),
            "yes" if m["detected"] else "no",
        ]
        for m in sorted(merges, key=lambda m: -m["explained"])
    ]  # fmt: skip
    near = ", ".join(
        f"{m['model']} {share(m['explained'])}"
        for m in sorted(others, key=lambda m: -m["explained"])[:4]
    )
    return (
        "## Merges\n\nEach model as a weighted mean of its five nearest that are not its "
        "descendants (`compare kinship --mixture`); 'explained' is the share of the squared "
        "distance to the nearest that the mean takes away.\n\n"
        + table_of(["merge", "parents", "explained", "mixture", "called a merge"], rows)
        + f"\n\n{sum(m['detected'] for m in merges)} of {len(merges)} merges are called so, and "
        f"{sum(m['detected'] for m in others)} of {len(others)} other models; of those come "
        f"nearest: {near}. The threshold was chosen on the line of `oak`, so only merges of other "
        "lines tell how it does."
    )


def _laws(s: Scores) -> str:
    c = s["constants"]
    rows = [
        [p["series"], p["start"], f"{p['amount']:g}", number(p["functional"], 4)]
        for p in s["series"]
    ]
    series = (
        "\n\nd_H from the founder of models that were bred for the laws:\n\n"
        + table_of(["series", "from", "amount", "d_H"], rows)
        if rows
        else ""
    )
    return (
        "## Laws\n\nDNA distance (projected to 256 numbers) over d_H on the same contexts, "
        f"{c['pairs']} pairs: least {number(c['low'], 2)}, 5% {number(c['fifth'], 2)}, median "
        f"{number(c['middle'], 2)}, 95% {number(c['ninetyfifth'], 2)}, largest "
        f"{number(c['high'], 2)}; (c2-c1)/(c2+c1) {number(c['distortion'], 2)}, Spearman's rho "
        f"{number(c['rank'], 3)}. On contexts that were left out see "
        "[functional.md](functional.md)." + series
    )


def functional_of(s: Scores) -> Mapping[str, Any]:
    """Scores of the functional assay; empty where they were not made."""
    found: Mapping[str, Any] = s.get("functional") or {}
    return found


def asked_models(s: Scores) -> str:
    """On which models the functional assay was scored, '' where it was not."""
    own = functional_of(s)
    if not own:
        return ""
    left = f", without {', '.join(own['left_out'])}, which tell none" if own["left_out"] else ""
    told = own["models"] + len(own["left_out"]) - s["menagerie"]["scored"]
    more = f"; {told} of them say nothing and have no other figures" if told > 0 else ""
    return (
        f"\n\nThe functional assay ('{FUNCTIONAL}' is what `compare kinship` weighs) reads "
        f"distributions of {own['models']} models{left}{more}; see "
        "[lab-functional.md](lab-functional.md)."
    )


def merges_line(s: Scores) -> str:
    """How many merges distributions tell, '' where that was not scored."""
    found = functional_of(s).get("merges", [])
    if not found:
        return ""
    told = {k: [m["detected"] for m in found if m["merged"] is k] for k in (True, False)}
    return (
        f"; by distributions {sum(told[True])} of {len(told[True])}, and {sum(told[False])} of "
        f"{len(told[False])} others (by a threshold that `oak`'s line was looked at for)"
    )


def functional_line(s: Scores) -> list[str]:
    """What the functional assay does, where it was scored."""
    found = functional_of(s).get("methods", {}).get(FUNCTIONAL)
    if found is None:
        return []
    return [
        f"- **By distributions** (`--assay functional-100`): AUC {number(found['auc'])}, "
        f"{share(found['tpr'])} found at 1% false positives, {number(found['hard'])} against "
        f"unrelated models of the same founding text, nearest is kin for "
        f"{share(found['nearest'])}. What to do: use it wherever a model tells probabilities."
    ]
