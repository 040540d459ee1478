"""cladist identify URI: a model held against the models of an installed reference."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from cladist.cli.common import DEFAULT_REGISTRY, one_line, out, print_json, progress_bars

if TYPE_CHECKING:
    from cladist.cli.signing import Signer
    from cladist.core.secret import Secret
    from cladist.workflows.identify_model import Identified

FAMILIES = 4
NAMES = 60
"""Characters of a name that a model gave itself that are shown."""


def is_uri(model: str, registry: Path) -> bool:
    """Whether MODEL is to be asked: a URI, unless the registry has a model of just that name.

    Raises `UsageError` for what is no URI where there is no registry: it can be no name either.
    """
    from cladist.errors import UsageError
    from cladist.models import SCHEMES
    from cladist.registry import Registry
    from cladist.registry.connection import FILE

    here = (registry / FILE).is_file()
    if model.partition(":")[0].lower() not in (*SCHEMES, "recorded") or ":" not in model:
        if not here and not registry.exists():
            scheme = "hf" if Path(model).is_dir() else "gguf"
            found = f"; this one is {scheme}:{model}" if Path(model).exists() else ""
            raise UsageError(
                f"'{model}' is no address of a model, and there is no registry in {registry} that "
                "it could be a name in. Write gguf:FILE, hf:FOLDER or openai:NAME@URL to have a "
                f"model asked{found}; or name a registry with --registry"
            )
        return False
    if not here:
        return True
    with Registry.open(registry, create=False) as store:
        return not store.models_named([model])


def identify_uri(
    uri: str,
    registry: Path,
    reference: str,
    interface: str,
    prompts: tuple[int | Secret, bool],
    alpha: float | None,
    shown: tuple[int, bool, bool],
    signs: Signer | None = None,
) -> None:
    """Ask, place, print, and sign.

    `prompts` are how many at most (or the secret that draws them), and whether all in any case;
    `shown` is how many neighbours, whether JSON, whether quiet. Without `alpha` the rate is the
    least that the reference carries.
    """
    import cladist
    from cladist.core.progress import Listener
    from cladist.workflows.identify_model import Identified
    from cladist.workflows.looks import never

    (probes, every), (count, json, quiet) = prompts, shown
    with progress_bars(quiet or json) as bars:
        found = cladist.identify(
            uri,
            alpha=alpha,
            listener=Listener(bars),
            reference=reference,
            keep=None if registry == DEFAULT_REGISTRY else registry,
            interface=interface,
            probes=probes,
            decided=never if every else None,
        )
    assert isinstance(found, Identified)
    if signs is not None:
        from cladist.attestation.of_reference import placement_case

        signs.write(placement_case(found))
    if json:
        print_json(_as_data(found, count))
        return
    for line in _told(found, count):
        out().print(line, soft_wrap=True)


def _as_data(found: Identified, count: int) -> dict[str, Any]:
    from cladist.cli.common import plain

    placement: dict[str, Any] = plain(asdict(found.placement))
    kept = found.placement.kept
    return {
        "model": found.model,
        "uri": found.uri,
        "reference": asdict(found.reference.facts),
        "interface": found.interface,
        "assumed": list(found.taken),
        **placement,
        "kept": None if kept is None else plain(kept.to_dict()),
        "nearest": placement["nearest"][:count],
        "looks": [{"prompts": k, "alpha": a} for k, a in
                  zip(found.plan.looks, found.plan.rates, strict=True)],
        "asked": {**asdict(found.asked), "saved": found.asked.saved},
        "registry": str(found.registry),
    }  # fmt: skip


def _told(found: Identified, count: int) -> list[str]:
    """The answer in ten lines or so, for people."""
    p, name = found.placement, one_line(found.model, NAMES)
    first = one_line(p.tested)
    # Members of no known family may be kin of anybody, so that none of them is tested.
    untested = bool(p.families) and not all(n.family for n in p.nearest[:count])
    which = "model of known family in the reference" if untested else "model of the reference"
    words = {
        "related": f"{name} is related to {first}.",
        "not shown": f"{name} is not shown to be related to any {which}.",
        "no answer": f"Whether {name} is related to {first} cannot be said.",
    }
    lines = [words[p.verdict], f"  why       {one_line(p.reason)}"]
    if not math.isnan(p.p):
        lines.append(f"  rate      {_rate(found)}")
    for number, near in enumerate(p.nearest[:count]):
        known = f"family {one_line(near.family)}" if near.family else "no known family, not tested"
        known = f"  ({known})" if p.families else ""
        head = "" if number else "nearest"
        lines.append(f"  {head:<9} {near.evidence:5.1f}  {one_line(near.model)}{known}")
    lines.append(f"  family    {_family(found)}")
    facts = found.reference.facts
    pinned = "" if facts.pinned else "; its content is not the catalogued one"
    lines.append(
        f"  held to   {one_line(facts.name)}: {facts.models} models, "
        f"{one_line(facts.licence)}{pinned}"
    )
    if found.taken:
        lines.append(f"  assumed   {'; '.join(found.taken)}")
    return [*lines, f"  asked     {_cost(found)}", f"  next      {_next(found)}"]


def _rate(found: Identified) -> str:
    """The rate of the verdict in plain words, and over how many looks it holds."""
    p, looks = found.placement, len(found.plan.looks)
    over = "" if looks == 1 else f", over {looks} looks together"
    often = max(round(1 / found.alpha), 1)
    return (
        f"of {often} unrelated models at most 1 would be called related so{over} (p {p.p:.2g}, "
        f"{p.makers} makers)"
    )


def _family(found: Identified) -> str:
    p = found.placement
    if p.kept is None:
        return "not told: too few models of the reference have a known relative in it"
    chances = {f.name: f.probability for f in p.families}
    names = [
        f"{one_line(f)} {chances[f]:.0%}" if f in chances else one_line(f)
        for f in p.kept.families[:FAMILIES]
    ]
    more = len(p.kept.families) - FAMILIES
    names += [f"{more} more"] * (more > 0) + ["none of these"] * p.kept.none
    if p.kept.refused:
        best = p.families[0] if p.families else None
        first = f"{one_line(best.name) or 'none of these'} {best.probability:.0%}; " if best else ""
        return f"{first}no family is excluded: {one_line(p.kept.refused)}"
    told = ", ".join(names) or "none of the known ones, and not an unrelated model's answers either"
    return f"{told}  (sets like this hold the right one in {p.kept.coverage:.0%} of cases)"


def _cost(found: Identified) -> str:
    a = found.asked
    before = f", {a.known} known before" if a.known else ""
    spared = f"; {a.saved} of {a.available} were not needed" if a.saved else f" of {a.available}"
    if a.saved and a.probes == found.plan.looks[-1]:
        spared = f"; {a.saved} of {a.available} not asked, by --probes"
    lost = f", {a.failed} without an answer" if a.failed else ""
    return (
        f"{a.made} prompts now{before}{spared}{lost}; {a.tokens} tokens, {a.seconds:.0f} s, and "
        f"{found.seconds:.0f} s to compare"
    )


def _next(found: Identified) -> str:
    from cladist.workflows.identify_model import asked_registry

    own = "" if found.registry == asked_registry() else f" --registry {quote(str(found.registry))}"
    rate = "" if found.alpha == 0.01 else f" --alpha {found.alpha:g}"
    name, reference = quote(one_line(found.model)), quote(found.reference.name)
    return f"cladist report {name} --reference {reference}{own}{rate} --out report.html"
