"""cladist identify URI: a model held against the models of an installed reference."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cladist.cli.common import DEFAULT_REGISTRY, one_line, out, print_json, progress_bars

if TYPE_CHECKING:
    from cladist.workflows.identify_model import Identified

FAMILIES = 4


def is_uri(model: str, registry: Path) -> bool:
    """Whether MODEL is to be asked: a URI, unless the registry has a model of just that name."""
    from cladist.models import SCHEMES
    from cladist.registry import Registry
    from cladist.registry.connection import FILE

    if model.partition(":")[0].lower() not in (*SCHEMES, "recorded") or ":" not in model:
        return False
    if not (registry / FILE).is_file():
        return True
    with Registry.open(registry, create=False) as store:
        return not store.models_named([model])


def identify_uri(
    uri: str,
    registry: Path,
    reference: str,
    interface: str,
    probes: int,
    rate: float,
    shown: tuple[int, bool, bool],
) -> None:
    """Ask, place, and print; `shown` is how many neighbours, whether JSON, whether quiet."""
    from cladist.extraction.opening import open_any
    from cladist.workflows.identify_model import check_ready, identify_model

    count, json, quiet = shown
    check_ready(reference)  # before a model is loaded for minutes
    kept = None if registry == DEFAULT_REGISTRY else registry
    with progress_bars(quiet or json) as bars:
        model = open_any(uri)
        try:
            found = identify_model(
                model,
                reference=reference,
                registry=kept,
                interface=interface,
                probes=probes,
                rate=rate,
                progress=bars,
            )
        finally:
            model.close()
    if json:
        print_json(_as_data(found, count))
        return
    for line in _told(found, count):
        out().print(line, soft_wrap=True)


def _as_data(found: Identified, count: int) -> dict[str, Any]:
    from cladist.cli.common import plain

    placement: dict[str, Any] = plain(asdict(found.placement))
    return {
        "model": found.model,
        "uri": found.uri,
        "reference": asdict(found.reference.facts),
        "interface": found.interface,
        "assumed": list(found.taken),
        **placement,
        "nearest": placement["nearest"][:count],
        "asked": {**asdict(found.asked), "saved": found.asked.saved},
        "registry": str(found.registry),
    }


def _told(found: Identified, count: int) -> list[str]:
    """The answer in ten lines or so, for people."""
    p, name, facts = found.placement, one_line(found.model), found.reference.facts
    first = one_line(p.nearest[0].model)
    words = {
        "related": f"{name} is related to {first}.",
        "not shown": f"{name} is not shown to be related to any model of the reference.",
        "no answer": f"Nothing can be said of {name} and {first}.",
    }
    chance = "" if math.isnan(p.p) else f" (p {p.p:.2g}; called related up to {p.rate:g})"
    lines = [words[p.verdict], f"  why       {one_line(p.reason)}{chance}"]
    for number, near in enumerate(p.nearest[:count]):
        family = f"  (family {one_line(near.family)})" if near.family else ""
        head = "" if number else "nearest"
        lines.append(f"  {head:<9} {near.evidence:5.1f}  {one_line(near.model)}{family}")
    if p.families:
        told = ", ".join(
            f"{one_line(f.name) or 'none of these'} {f.probability:.0%}"
            for f in p.families[:FAMILIES]
        )
        more = len(p.families) - FAMILIES
        rest = f" and {more} more" if more > 0 else ""
        lines.append(f"  family    {told}{rest}")
    pinned = "" if facts.pinned else "; its content is not the catalogued one"
    lines.append(
        f"  held to   {one_line(facts.name)}: {facts.models} models, "
        f"{one_line(facts.licence)}{pinned}"
    )
    if found.taken:
        lines.append(f"  assumed   {'; '.join(found.taken)}")
    return [*lines, _cost(found), f"  answers   kept in {found.registry}"]


def _cost(found: Identified) -> str:
    a = found.asked
    spared = f", {a.saved} not asked" if a.saved else ""
    lost = f", {a.failed} without an answer" if a.failed else ""
    before = f" and {a.known} before" if a.known else ""
    return (
        f"  asked     {a.made} prompts now{before}, of {a.available}{spared}{lost}; "
        f"{a.tokens} tokens, {a.seconds:.0f} s, and {found.seconds:.0f} s to compare"
    )
