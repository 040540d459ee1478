"""docs/lab.md, written from the scores alone: what works, what fails, and what to do about it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cladist.errors import InputError
from cladist.formats.files import write_text
from cladist.lab import methods
from cladist.lab.functional import FUNCTIONAL
from cladist.lab.report_functional import (
    asked_models,
    functional_line,
    functional_of,
    merges_line,
    verdicts_table,
)
from cladist.lab.report_laws import at_every_step, laws_section
from cladist.lab.score import SCORES
from cladist.lab.tables import images
from cladist.lab.tables import number as _n
from cladist.lab.tables import share as _pc
from cladist.lab.tables import table_of as _table

Scores = Mapping[str, Any]

ENOUGH = 0.03
"""Difference of two AUCs that is worth a sentence."""

WORKS = 0.9
"""Probability of looking closer than strangers from which an operation counts as seen."""


def write_report(root: Path, document: Path) -> None:
    """Write the document, and its pictures into images/ beside it.

    Raises `InputError` when the menagerie was not scored.
    """
    from cladist.lab.pictures import draw_all

    try:
        scores = json.loads((root / SCORES).read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise InputError(
            f"{root} has no scores ({problem}); run 'cladist lab score' first"
        ) from problem
    document.parent.mkdir(parents=True, exist_ok=True)
    pictures = draw_all(scores, document.parent / "images")
    write_text(document, report(scores, pictures))


def report(scores: Scores, pictures: Sequence[str] = ()) -> str:
    """The whole text, in Markdown."""
    parts = [
        _head(scores),
        _in_short(scores),
        _methods(scores),
        _operations(scores, pictures),
        _strangers(scores),
        _descent(scores),
        _merges(scores),
        _identity(scores),
        _trees(scores),
        _spent(scores, pictures),
        laws_section(scores, pictures),
    ]
    return "\n\n".join(parts) + "\n"


def _head(s: Scores) -> str:
    m = s["menagerie"]
    effort = m["effort"]
    rows = [
        [f["name"], f["architecture"], _schooling(f), _n(f["bits_per_byte"], 2)]
        for f in m["founders"]
    ]
    return "\n\n".join(
        [
            "# The lab: methods against a known tree",
            "Written by `cladist lab report` from what `cladist lab grow` bred and "
            "`cladist lab score` measured. All models are real and most are tiny, trained on text "
            "that packages carry; who descends from whom is known for certain.",
            f"{m['models']} models, {m['scored']} of them scored and the rest bred for the laws; "
            f"{len(m['founders'])} founders, up to {m['deepest']} generations below them. Bred in "
            f"{m['seconds'] / 60:.0f} processor minutes on single threads. RepTrace was asked "
            f"{effort['questions']} of its 600 questions, {effort['tokens']} tokens each, as "
            "continuations since most of these models know no chat, with the small embedded "
            f"encoder; PhyloLM {effort['genes']} of its 128 genes, {effort['samples']} of its 32 "
            "samples each; the default assay as it ships. `--published` asks both in full.",
            _table(["founder", "architecture", "learnt from", "bits a byte, held out"], rows),
            *([f"Left out, as they say nothing: {', '.join(m['silent'])}."] if m["silent"] else []),
            "Such models write in the style of their text with little sense, and their greedy "
            "answers run into circles. That is harder than real models in one way (little is "
            "said, and founders of one text say nearly the same) and easier in another "
            "(texts differ widely). Of what reads texts one constant was chosen with these "
            "models in view, beside recorded ones: how little rates of tokenizers tell of texts "
            "of another make-up ([sensitivity.md](sensitivity.md)). Its rules were shaped while "
            "figures of such models were known. Of the functional assay two constants were chosen "
            "on them, with one founder's line left out, and bounds of mixtures and directions with "
            "some or all lines in view ([functional.md](functional.md)): its figures are no "
            "held-out estimate.",
        ]
    )


def _schooling(founder: Mapping[str, Any]) -> str:
    if founder["teacher"]:
        return f"what {founder['teacher']} says"
    return str(founder["corpus"]) or "not known"


def _in_short(s: Scores) -> str:
    ours = s["methods"][methods.OURS]
    operations = s["by_operation"][methods.OURS]
    good = [o for o, v in operations.items() if (v[1] or 0.0) >= WORKS]
    bad = [f"{o} ({_n(v[1], 2)})" for o, v in operations.items() if (v[1] or 0.0) < WORKS]
    false = s["false"][methods.OURS]
    accused = _verdict_count(s, "related", ("taught", "same founding text", "same tuning text"))
    plain = _verdict_count(s, "related", ("nothing shared",))
    born = _verdict_count(s, "related", ("parent and child",))
    parents = s["parents"]
    told = {k: sum(v.get(k, 0) for v in s["direction"].values()) for k in ("right", "wrong")}
    merged = [m for m in s["merges"] if m["merged"]]
    controls = [m for m in s["merges"] if not m["merged"]]
    tuned = sum(v for k, v in parents.items() if k.startswith("founder"))
    descendants = sum(parents.values()) - tuned
    best = max(
        (m for m in s["methods"] if "white box" not in m),
        key=lambda m: s["methods"][m]["auc"] or 0.0,
    )
    rho = [_n(s["laws"]["constants"][a]["rank"], 2) for a in ("default assay", "RepTrace")]
    lines = [
        f"- **Related against unrelated**: AUC {_n(ours['auc'])}, {_pc(ours['tpr'])} found at 1% "
        f"false "
        f"positives, nearest model is kin for {_pc(ours['nearest'])}. Best by AUC of what "
        f"reads texts: {best} ({_n(s['methods'][best]['auc'])}); weights themselves give "
        f"{_n(s['methods'][methods.WEIGHTS]['auc'])}. Against unrelated models of the same "
        f"founding text, "
        f"whom likeness alone cannot tell from kin: {_n(ours['hard'])}; "
        f"{_n(s['methods'][methods.PHYLOLM]['hard'])} by PhyloLM, "
        f"{_n(s['methods'][methods.REPTRACE]['hard'])} by RepTrace.",
        *functional_line(s),
        f"- **Seen well** (parent and child closer than unrelated models in {_pc(WORKS)} or more): "
        f"{'; '.join(good) or 'nothing'}.",
        f"- **Seen badly**: {'; '.join(bad) or 'nothing'}. {_remedy(s)}",
        "- **Common text looks like kinship**: of unrelated pairs with the same founding text "
        f"{_share(false, 'same founding text')} lie above the threshold that 1% of plainly "
        f"unrelated pairs "
        f"reach, of those tuned on the same text {_share(false, 'same tuning text')}, of pupils "
        f"and teachers {_share(false, 'taught')}. The test of kinship, at a "
        f"stated rate of {_pc(s['verdict_rate'])}, called {accused[0]} of {accused[1]} such pairs "
        f"related, {plain[0]} of {plain[1]} plainly unrelated pairs, and {born[0]} of {born[1]} "
        "pairs of parent and child. "
        "What to do: put models of the same text into the panel; do not read a finding as "
        "common weights where a common source of text is as likely.",
        f"- **Parents**: of {descendants} descendants {_named_one(parents)} get a parent named, "
        f"{parents.get('parent', 0)} rightly, {parents.get('child (inverted)', 0)} inverted. "
        f"Direction by behaviour: {told['right']} "
        f"right, {told['wrong']} wrong, the rest not told. What to do: give dates.",
        f"- **Merges**: {sum(m['detected'] for m in merged)} of {len(merged)} detected, "
        f"{sum(m['detected'] for m in controls)} of {len(controls)} other models called merges"
        f"{merges_line(s)}. What to do: treat a mixture as a hint; name the candidates oneself.",
        f"- **Laws**: DNA distance grows with what is changed{at_every_step(s)}; against the "
        f"function that the lab can see, Spearman's rho is {rho[0]} for the default assay and "
        f"{rho[1]} for RepTrace. Texts give no "
        "upper constant: a few greedy answers tip over at the least change.",
    ]
    return "## In short\n\n" + "\n".join(lines)


def _named_one(parents: Mapping[str, int]) -> int:
    """Descendants that get a parent named at all."""
    nobody = ("descendant, nobody named", "descendant called a founder")
    return sum(v for k, v in parents.items() if k not in nobody and not k.startswith("founder"))


def _remedy(s: Scores) -> str:
    """Whether more probes help, and whether samples would."""
    few, many = s["probes"][0], s["probes"][-1]
    gained = (many["auc"] or 0.0) - (few["auc"] or 0.0)
    ours, samples = (s["methods"][m] for m in (methods.OURS, methods.OURS_SAMPLED))
    probes = (
        f"More probes {'help' if gained > ENOUGH else 'hardly help'}: AUC {_n(few['auc'])} with "
        f"{few['probes']}, {_n(many['auc'])} with {many['probes']}"
    )
    if (samples["auc"] or 0.0) - (ours["auc"] or 0.0) <= ENOUGH:
        return f"What to do: {probes[0].lower()}{probes[1:]}."
    return (
        f"{probes}. Greedy answers of weak models fall into a few turns that all models of a text "
        "share. Sampled ones do not: the same evidence from PhyloLM's probes, one sample each, "
        f"reaches {_n(samples['auc'])}, AP {_n(samples['ap'])}, {_n(samples['hard'])} against "
        "unrelated models of the same text. All were sampled with one seed, though, so that models "
        "of one vocabulary drew the same random numbers; with other seeds hardly anything is left "
        "(functional.md). What to do: for small base models use `--assay functional-100`, which "
        "reads distributions."
    )


def _methods(s: Scores) -> str:
    told = {**s["methods"], **functional_of(s).get("methods", {})}
    rows = [
        [name, *(_n(v[k]) for k in ("auc", "ap", "tpr", "hard", "nearest", "parent"))]
        for name, v in told.items()
    ]
    head = ["method", "AUC", "AP", "TPR at 1% FPR", "AUC, same text"]
    head += ["nearest is kin", "nearest is a parent"]
    return (
        "## Methods side by side\n\nKin are models with weights of a common founder; unrelated "
        "are pairs that share nothing, neither text nor teacher. 'Same text': against unrelated "
        "ones "
        "with the same founding text instead, whom likeness of text cannot tell from kin.\n\n"
        + _table(head, rows)
        + asked_models(s)
    )


def _operations(s: Scores, pictures: Sequence[str]) -> str:
    shown = [methods.OURS, methods.PHYLOLM, methods.REPTRACE, methods.TFIDF, methods.WEIGHTS]
    own = functional_of(s)
    if own:
        shown.insert(1, FUNCTIONAL)
    ours = {what: s[what][methods.OURS] for what in ("by_operation", "by_distance", "by_founder")}

    def row(what: str, key: str, *more: str) -> list[str]:
        """A line's name, what else is said of it, its pairs, and AUC and share by method."""
        found = [(own if m == FUNCTIONAL else s)[what][m].get(key) for m in shown]
        cells = [f"{_n(f[1], 2)}, {_pc(f[2])}" if f else "-" for f in found]
        return [key, *more, str(ours[what][key][0]), *cells]

    done = sorted(ours["by_operation"].items(), key=lambda v: -(v[1][1] or 0.0))
    rows = [row("by_operation", operation) for operation, _ in done]
    far = [row("by_distance", births) for births in sorted(ours["by_distance"], key=int)]
    built = {f["name"]: f["architecture"] for f in s["menagerie"]["founders"]}
    lines = [row("by_founder", name, built.get(name, "-")) for name in ours["by_founder"]]
    return (
        "## By operation and by generations\n\nProbability that the pair looks closer than two "
        "unrelated models, and share of pairs above the threshold that 1% of unrelated pairs "
        "reach. Parent and "
        "child, by what was done:\n\n"
        + _table(["operation", "pairs", *shown], rows)
        + "\n\nAll kin, by births between them:\n\n"
        + _table(["births", "pairs", *shown], far)
        + "\n\nAll kin, by the founder that they have in common, against unrelated models of "
        "one of them:\n\n"
        + _table(["founder", "architecture", "pairs", *shown], lines)
        + images(pictures, "lab-operations.png", "lab-kin.png")
    )


def _strangers(s: Scores) -> str:
    kinds = list(s["false"][methods.OURS])
    false = {
        m: v for m, v in s["false"].items() if m not in (methods.ALONE, methods.QUESTIONS_ALONE)
    }
    false |= functional_of(s).get("false", {})
    rows = [[m, *(_pc(v[k][1]) if k in v else "-" for k in kinds)] for m, v in false.items()]
    counts = [f"{k} ({s['false'][methods.OURS][k][0]})" for k in kinds]
    return (
        "## Unrelated models with something in common\n\nShare of pairs above the threshold that "
        "1% of "
        "plainly unrelated pairs reach. 'taught' are pupils and teachers (and their lines) of "
        "different "
        "weights; 'same tuning text' is convergent evolution.\n\n"
        + _table(["method", *counts], rows)
        + "\n\n"
        + verdicts_table(s)
    )


def _descent(s: Scores) -> str:
    rows = [[k, str(v)] for k, v in sorted(s["parents"].items(), key=lambda v: -v[1])]
    told = [
        [o, *(str(v.get(k, 0)) for k in ("right", "wrong", "not told"))]
        for o, v in s["direction"].items()
    ]
    return (
        "## Parents and direction\n\nWhat `cladist tree ancestry` names as the parent, "
        "without dates:"
        "\n\n"
        + _table(["named", "models"], rows)
        + "\n\nWhich of parent and child is the ancestor, by behaviour alone:\n\n"
        + _table(["operation", "right", "wrong", "not told"], told)
    )


def _merges(s: Scores) -> str:
    rows = [
        [
            m["model"],
            ", ".join(m["true"]),
            ", ".join(m["needed"]) or "none",
            f"{len(set(m['true']) & set(m['needed']))} of {len(m['true'])}",
            f"{len(set(m['true']) & set(m['candidates']))} of {len(m['true'])}",
        ]
        for m in s["merges"]
        if m["merged"]
    ]
    controls = [m for m in s["merges"] if not m["merged"]]
    wrong = sum(m["detected"] for m in controls)
    return (
        "## Merges\n\nEach merge as a mixture of its five nearest relatives that are not its "
        "descendants; 'needed' are those that add to the others at 5%.\n\n"
        + _table(
            ["merge", "parents", "needed", "parents needed", "parents among candidates"],
            rows,
        )
        + f"\n\nOf {len(controls)} models with one parent, {wrong} were called merges: a sibling "
        "of the parent adds something too."
    )


def _identity(s: Scores) -> str:
    rows = [
        [o, ", ".join(f"{k}: {n}" for k, n in sorted(v.items(), key=lambda x: -x[1]))]
        for o, v in s["identity"].items()
    ]
    return (
        "## Same or changed\n\nParent and child given to `cladist compare same`: by greedy answers "
        "of the default assay / by samples of the PhyloLM assay. 'same' is right for nobody but "
        "copies; for an eight-bit copy it is what a user would want to hear.\n\n"
        + _table(["what was done to the parent", "verdicts, greedy / sampled"], rows)
    )


def _trees(s: Scores) -> str:
    rows = [
        [
            m,
            _pc(v["quartets"]),
            _pc(v["splits"]),
            _n(v["rf_share"], 2),
            f"{v['clades'][0]} of {v['clades'][1]}",
        ]
        for m, v in s["trees"].items()
    ]
    a = s["sampled_ancestors"]
    return (
        "## Trees\n\nNeighbour-joining trees of all models against the true one, merges under "
        "their first parent. Quartets: share of those that the truth resolves found so (a third "
        "by chance). Splits: share of the true inner splits found. The truth has many-way nodes "
        "and parents on inner nodes, so Robinson-Foulds is far from 0 even for a perfect tree."
        "\n\n"
        + _table(["method", "quartets", "splits", "RF share", "families exact"], rows)
        + f"\n\nOf {a['true']} models that have descendants here, {a['right']} were put on inner "
        f"nodes, with {a['moved'] - a['right']} others."
    )


def _spent(s: Scores, pictures: Sequence[str]) -> str:
    rows = [
        [
            str(p["probes"]),
            f"{p['tokens']:.0f}",
            *(_n(p[k]) for k in ("auc", "ap", "tpr", "nearest")),
        ]
        for p in s["probes"]
    ]
    spent = ", ".join(f"{k} {v:,.0f}" for k, v in s["tokens"].items())
    return (
        f"## Probes and tokens\n\nTokens that a model generates, mean: {spent}. The kinship of "
        "cladist by the first probes of the default assay:\n\n"
        + _table(["probes", "tokens", "AUC", "AP", "TPR at 1% FPR", "nearest is kin"], rows)
    )


def _share(false: Mapping[str, Any], kind: str) -> str:
    return f"{_pc(false[kind][1])} of {false[kind][0]}" if kind in false else "none bred"


def _verdict_count(s: Scores, verdict: str, kinds: Sequence[str]) -> tuple[int, int]:
    rows = [s["verdicts"].get(k, {}) for k in kinds]
    return sum(r.get(verdict, 0) for r in rows), sum(sum(r.values()) for r in rows)
