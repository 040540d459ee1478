"""Pictures of the report: operations, probes, laws, constants and the clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cladist.core.optional import needed
from cladist.lab import methods

with needed("Pictures of the lab", "lab"):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

INK, PALE = "#333333", "#bbbbbb"
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#999999")
"""Told apart by colour-blind readers (Okabe & Ito 2008)."""

SHOWN = (methods.OURS, methods.PHYLOLM, methods.REPTRACE, methods.TFIDF, methods.WEIGHTS)
AMOUNTS = {
    "clock": "training steps at a constant rate",
    "rank": "rank of a LoRA, 20 steps",
    "noise": "noise, in spreads of each matrix",
    "bits": "bits of simulated integers",
}


def draw_all(scores: Mapping[str, Any], folder: Path) -> list[str]:
    """All pictures as lab-*.png in `folder`; the names of those that the scores allow."""
    folder.mkdir(parents=True, exist_ok=True)
    made = ["lab-operations.png", "lab-kin.png"]
    draw_operations(scores["by_operation"], folder / made[0])
    draw_kin(scores, folder / made[1])
    if scores["laws"]["points"]:
        draw_laws(scores["laws"]["points"], folder / "lab-laws.png")
        made.append("lab-laws.png")
    draw_constants(scores["laws"], folder / "lab-function.png")
    return [*made, "lab-function.png"]


def draw_operations(found: Mapping[str, Any], path: Path) -> None:
    """Per operation, the share of parent-child pairs above the threshold, by method."""
    operations = sorted(found[methods.OURS], key=lambda o: found[methods.OURS][o][1] or 0.0)
    figure, axes = plt.subplots(figsize=(8, 0.32 * len(operations) + 1.2), layout="constrained")
    rows = np.arange(len(operations))
    for colour, method in zip(COLOURS, SHOWN, strict=False):
        offset = (SHOWN.index(method) - 2) * 0.13
        axes.plot(
            [_number(found[method][o][1]) for o in operations],
            rows + offset,
            "o",
            color=colour,
            markersize=5,
            label=method,
        )
    axes.set_yticks(rows, [f"{o} ({found[methods.OURS][o][0]})" for o in operations])
    axes.axvline(0.5, color=PALE, linewidth=1)
    axes.set_xlabel("probability that parent and child look closer than two unrelated models")
    axes.set_xlim(0, 1.02)
    axes.grid(axis="x", color="#eeeeee")
    figure.legend(loc="outside upper center", fontsize=8, ncol=3, frameon=False)
    _save(figure, axes, path)


def draw_kin(scores: Mapping[str, Any], path: Path) -> None:
    """AUC by births between kin, and by number of probes."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
    for colour, method in zip(COLOURS, SHOWN, strict=False):
        found = {int(k): v for k, v in scores["by_distance"][method].items()}
        births = sorted(found)
        left.plot(births, [_number(found[b][1]) for b in births], "o-", color=colour, label=method)
    left.set_xlabel("births between two kin")
    left.set_ylabel("AUC against unrelated models")
    left.set_ylim(0.4, 1.02)
    left.xaxis.get_major_locator().set_params(integer=True)
    left.legend(fontsize=8, ncol=2, loc="upper center", bbox_to_anchor=(0.5, 1.22), frameon=False)
    probes = scores["probes"]
    for colour, key, label in (
        (COLOURS[0], "auc", "AUC"),
        (COLOURS[1], "tpr", "found at 1% false positives"),
        (COLOURS[2], "nearest", "nearest is kin"),
    ):
        height = [_number(p[key]) for p in probes]
        right.plot([p["probes"] for p in probes], height, "o-", color=colour, label=label)
    right.legend(fontsize=8, ncol=2, loc="upper center", bbox_to_anchor=(0.5, 1.22), frameon=False)
    right.set_xscale("log")
    right.set_xticks([p["probes"] for p in probes], [str(p["probes"]) for p in probes])
    right.minorticks_off()
    right.set_xlabel("probes asked (cladist compare kinship)")
    right.set_ylim(0, 1.08)
    _save(figure, (left, right), path)


def draw_laws(points: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Distance from the start against the amount of change, a panel a series."""
    series = [s for s in AMOUNTS if any(p["series"] == s for p in points)]
    figure, panels = plt.subplots(
        1, len(series), figsize=(3.1 * len(series), 3.4), layout="constrained", squeeze=False
    )
    for panel, name in zip(panels[0], series, strict=True):
        starts = sorted({p["start"] for p in points if p["series"] == name})
        twin = panel.twinx()
        for line, start in zip(("-", "--", ":"), starts, strict=False):
            mine = [p for p in points if p["series"] == name and p["start"] == start]
            amount = [p["amount"] for p in mine]
            style = f"o{line}"
            panel.plot(
                amount, [p["dna"] for p in mine], style, color=COLOURS[0], markersize=4, label=start
            )
            twin.plot(
                amount, [p["functional"] for p in mine], style, color=COLOURS[1], markersize=4
            )
        if name != "bits":
            amounts = sorted({p["amount"] for p in points if p["series"] == name})
            panel.set_xscale("log")
            panel.set_xticks(amounts, [f"{a:g}" for a in amounts], fontsize=8)
            panel.minorticks_off()
        else:
            panel.invert_xaxis()
        panel.set_xlabel(AMOUNTS[name], fontsize=9)
        panel.set_ylim(bottom=0)
        twin.set_ylim(bottom=0)
        panel.tick_params(axis="y", colors=COLOURS[0])
        twin.tick_params(axis="y", colors=COLOURS[1])
        panel.spines[["top"]].set_visible(False)
        twin.spines[["top"]].set_visible(False)
        if len(starts) > 1:
            panel.legend(fontsize=8)
    panels[0][0].set_ylabel("DNA distance", color=COLOURS[0])
    figure.suptitle("blue: DNA distance from the start; orange: functional distance", fontsize=9)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def draw_constants(found: Mapping[str, Any], path: Path) -> None:
    """DNA against functional distance over all pairs, and distance against training."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
    cloud, constants = found["cloud"], found["constants"]["default assay"]
    x = np.array(cloud["functional"])
    left.scatter(x, cloud["dna"], s=3, color=COLOURS[0], alpha=0.25, linewidths=0)
    top = float(np.max(cloud["dna"])) * 1.1
    for key, label in (("fifth", "5%"), ("middle", "median"), ("ninetyfifth", "95%")):
        end = min(float(x.max()), top / constants[key])
        left.plot([0, end], [0, constants[key] * end], color=INK, linewidth=0.8)
        left.annotate(
            label, (end, constants[key] * end), fontsize=8, ha="right", va="bottom", color=INK
        )
    left.set_ylim(0, top)
    left.set_xlabel("functional distance (next byte)")
    left.set_ylabel("DNA distance")
    tips = found["tips"]
    operations = sorted({t["operation"] for t in tips})
    markers = "os^vD<>Pp*Xhd+x"
    for k, operation in enumerate(operations):
        mine = [t for t in tips if t["operation"] == operation]
        right.plot(
            [max(t["tokens"], 1000) for t in mine],
            [t["dna"] for t in mine],
            markers[k % len(markers)],
            color=COLOURS[k % len(COLOURS)],
            markersize=5,
            label=operation,
        )
    right.set_xscale("log")
    right.set_xlabel("tokens trained since the founder (1,000: none)")
    right.set_ylabel("DNA distance from the founder")
    right.legend(fontsize=6, ncol=2)
    _save(figure, (left, right), path)


def _number(value: float | None) -> float:
    """What JSON has no word for."""
    return float("nan") if value is None else value


def _save(figure: Any, panels: Any, path: Path) -> None:
    for panel in panels if isinstance(panels, tuple) else (panels,):
        panel.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)
    plt.close(figure)
