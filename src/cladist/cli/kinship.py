"""cladist kinship: is a model kin of others, at a stated rate of false accusations?"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    WEIGHING,
    AssayOption,
    JsonOption,
    RegistryOption,
    note,
    one_line,
    out,
    print_json,
    progress_bars,
)
from cladist.cli.names import named_here

if TYPE_CHECKING:
    from cladist.core.assay import Assay
    from cladist.core.responses import ResponseSet
    from cladist.formats.labels import DeclaredModel
    from cladist.kinship.inference.calibration import Labels, PairEvidence
    from cladist.kinship.inference.pair_test import KinshipResult
    from cladist.registry import ModelRecord, Registry

LabelsOption = Annotated[
    Path | None,
    typer.Option("--labels", help="CSV with the columns model,family (and group, date)."),
]
PanelOption = Annotated[
    Path | None,
    typer.Option("--panel", help="Reference panel to measure against, instead of the registry."),
]
RateOption = Annotated[
    float, typer.Option("--rate", min=1e-6, max=0.5, help="Rate of false accusations.")
]
STATES = {
    "identical-answers": "all their common answers are the same to the character",
    "constant-answers": "one of them says the same whatever it is asked",
    "prompt-echo": "one of them mostly repeats the prompts",
    "nearly-empty": "one of them answers fewer than a fifth of the probes",
    "few-probes": "they have fewer than ten probes in common",
    "think-aloud": "both write their reasoning into their answers",
}
SAME_TOKENIZER = 1.0


def kinship(
    model: Annotated[str, typer.Argument(help="The model in question.")],
    candidates: Annotated[list[str], typer.Argument(help="Those it may be kin of.")],
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: AssayOption = "",
    labels: LabelsOption = None,
    panel: PanelOption = None,
    rate: RateOption = 0.01,
    adjust: Annotated[str, typer.Option(help="For several candidates: holm, bh or none.")] = "holm",
    sequential: Annotated[
        bool, typer.Option(help="Tell after how many probes the answer was decided.")
    ] = False,
    direction: Annotated[
        bool, typer.Option(help="Of related pairs, tell which is the ancestor, if it can be.")
    ] = False,
    mixture: Annotated[
        bool, typer.Option(help="Split the model among the candidates as parents of a merge.")
    ] = False,
    ask: Annotated[
        bool,
        typer.Option(help="MODEL is a URI: ask it, probe by probe, until the answer is decided."),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Test whether a model is kin of another, against the other models of the registry.

    The verdict is related, unrelated or inconclusive. 'related' is said of at most one in a
    hundred unrelated pairs of the same manner and tokenizer (--rate). 'unrelated' needs labels,
    as without known kin nobody can say how little kin may have in common.

    Examples:

    `cladist kinship suspect llama-2-7b`

    `cladist kinship suspect llama-2-7b mistral-7b qwen2-7b --labels families.csv --json`
    """
    from cladist.compare import resolve_assay
    from cladist.errors import UsageError
    from cladist.registry import Registry

    if adjust not in ("holm", "bh", "none"):
        raise UsageError(f"--adjust {adjust}: use holm, bh or none")
    if ask:
        _ask(model, candidates, registry, assay, labels, rate, json)
        return
    with Registry.open(registry, create=False) as store, progress_bars(json, WEIGHING):
        chosen = resolve_assay(store, assay)
        for name in (model, *candidates):
            store.model(name)
        responses = load(store, chosen)
        declared = read(labels, store.models())
    members = None
    if panel is not None:
        responses, members = against(panel, chosen, responses, [model, *candidates])
    pairs, circles = evidence(responses, declared, members)
    results = run(chosen, responses, pairs, circles, model, candidates, rate, adjust)
    extra: dict[str, Any] = {}
    if sequential:
        extra["sequential"] = _sequential(responses, circles, model, candidates, rate)
    if direction:
        extra["direction"] = _directions(responses, pairs, declared, results)
    if mixture:
        from cladist.kinship.inference.parentage import mixture as split

        extra["mixture"] = asdict(split(responses, model, candidates))
    if json:
        print_json({"assay": chosen.short, "results": [plain(asdict(r)) for r in results], **extra})
        return
    for r in results:
        _show(r)
    _show_extra(extra)


def load(store: Registry, assay: Assay) -> list[ResponseSet]:
    """Answers of all models that answered an assay's protocol with anything usable."""
    return [r for r in store.responses(assay.protocol) if r.usable().any()]


def against(
    path: Path, assay: Assay, responses: list[ResponseSet], tested: list[str]
) -> tuple[list[ResponseSet], list[bool]]:
    """The panel's answers and those of the models tested, and which of them are the panel.

    A member that bears the name of a model tested is left out. Raises `NotComparableError` when
    the panel answers another protocol.
    """
    from cladist.errors import NotComparableError
    from cladist.kinship.panel.saved import load_panel

    found = load_panel(path)
    if found.protocol != assay.protocol.digest:
        raise NotComparableError(
            f"{path} rests on protocol {found.protocol[:8]}, {assay.short} on "
            f"{assay.protocol.digest[:8]}; build the panel from the same assay"
        )
    wanted = set(tested)
    rest = [r for r in found.responses if r.model not in wanted]
    own = [r for r in responses if r.model in wanted]
    return [*rest, *own], [True] * len(rest) + [False] * len(own)


def read(path: Path | None, models: Iterable[ModelRecord | str]) -> dict[str, DeclaredModel]:
    """Declared families under the names of the registry's models, nothing without a file."""
    if path is None:
        return {}
    from cladist.formats.labels import read_labels

    return named_here(read_labels(path), models, path)


def evidence(
    responses: list[ResponseSet],
    declared: dict[str, DeclaredModel],
    members: list[bool] | None = None,
) -> tuple[PairEvidence, Labels | None]:
    """Evidence of all pairs, and the labels in the same order (None when nothing is declared)."""
    import numpy as np

    from cladist.errors import InputError
    from cladist.formats.labels import DeclaredModel
    from cladist.kinship.inference.calibration import Labels, pair_evidence

    if len(responses) < 2:
        raise InputError("kinship needs the answers of two models at least")
    if members is not None and sum(members) < 2:
        raise InputError("the panel has fewer than two models besides those tested")
    pairs = pair_evidence(responses, None if members is None else np.array(members))
    if not declared:
        return pairs, None
    known = [declared.get(m, DeclaredModel("")) for m in pairs.models]
    if not any(k.family for k in known):
        note("no declared model is in this registry: the labels are not used")
        return pairs, None
    return pairs, Labels(tuple(k.family for k in known), tuple(k.group for k in known))


def run(
    assay: Assay,
    responses: list[ResponseSet],
    pairs: PairEvidence,
    labels: Labels | None,
    model: str,
    candidates: list[str],
    rate: float,
    method: str,
) -> list[KinshipResult]:
    """One test a candidate; accusations that several tests make doubtful are taken back."""
    from cladist.kinship.inference.pair_test import adjust, judge_kinship

    prompts = [p.text for p in assay.protocol.probes.probes]
    results = [
        judge_kinship(responses, pairs, model, c, rate=rate, labels=labels, prompts=prompts)
        for c in candidates
    ]
    kind: Literal["holm", "bh", "none"] = "holm" if method == "holm" else "none"
    if method == "bh":
        kind = "bh"
    adjusted = adjust([1.0 if math.isnan(r.p) else min(r.p, 1.0) for r in results], kind)
    out = []
    for r, p in zip(results, adjusted, strict=True):
        if r.verdict == "related" and p > rate:
            reason = f"alone it would be related; among {len(results)} candidates p is {p:.2g}"
            r = replace(r, verdict="inconclusive", reason=reason)
        out.append(r if math.isnan(r.p) else replace(r, p=float(p)))
    return out


def plain(data: Any) -> Any:
    """The same with NaN as null, which JSON has no word for."""
    if isinstance(data, float) and not math.isfinite(data):
        return None
    if isinstance(data, dict):
        return {k: plain(v) for k, v in data.items()}
    if isinstance(data, list | tuple):
        return [plain(v) for v in data]
    return data


def _ask(
    uri: str,
    candidates: list[str],
    registry: Path,
    assay: str,
    labels: Path | None,
    rate: float,
    json: bool,
) -> None:
    from cladist.compare import resolve_assay
    from cladist.errors import UsageError
    from cladist.extraction.opening import open_any
    from cladist.extraction.until import ask_until_decided
    from cladist.formats.labels import DeclaredModel
    from cladist.kinship.inference.calibration import Labels
    from cladist.registry import Registry

    if len(candidates) != 1:
        raise UsageError("--ask settles one question: name one candidate")
    unknown = DeclaredModel("")
    with Registry.open(registry, create=False) as store, progress_bars(json, WEIGHING):
        chosen = resolve_assay(store, assay)
        declared = read(labels, store.models())
        model = open_any(uri)
        try:
            known = [r.model for r in load(store, chosen) if r.model != model.identity.name]
            rows = [declared.get(m, unknown) for m in known]
            circles = Labels(tuple(r.family for r in rows), tuple(r.group for r in rows))
            found = ask_until_decided(
                model,
                candidates[0],
                chosen,
                store,
                labels=circles if any(circles.families) else None,
                rate=rate,
                hear=note,
            )
        finally:
            model.close()
    if json:
        print_json({"assay": chosen.short, **asdict(found)})
        return
    a = found.answer
    out().print(
        f"{one_line(a.a)} and {one_line(a.b)}: {a.verdict} after {a.probes} of {a.available} "
        f"probes; {found.requests} requests made of {found.whole}"
    )


def _sequential(
    responses: list[ResponseSet],
    labels: Labels | None,
    model: str,
    candidates: list[str],
    rate: float,
) -> list[dict[str, Any]]:
    from cladist.kinship.inference.sequential import stop_early

    return [asdict(stop_early(responses, model, c, labels=labels, rate=rate)) for c in candidates]


def _directions(
    responses: list[ResponseSet],
    pairs: PairEvidence,
    declared: dict[str, DeclaredModel],
    results: list[KinshipResult],
) -> list[dict[str, Any]]:
    from cladist.formats.labels import DeclaredModel
    from cladist.kinship.inference.parentage import direction, rarity

    related = [r for r in results if r.verdict == "related"]
    if not related:
        note("no pair is related, so there is no direction to tell")
        return []
    rare = rarity(responses)
    unknown = DeclaredModel("")
    return [
        asdict(
            direction(
                pairs,
                rare,
                r.a,
                r.b,
                dates=(declared.get(r.a, unknown).date, declared.get(r.b, unknown).date),
            )
        )
        for r in related
    ]


def _show(r: KinshipResult) -> None:
    console = out()
    console.print(f"{one_line(r.a)} and {one_line(r.b)}: {r.verdict}")
    console.print(f"  {r.reason}.")
    if not math.isnan(r.effect):
        mean, low, high = r.per_probe
        console.print(
            f"  effect    {r.effect:.1f} mean deviations above unrelated pairs of the same manner"
        )
        console.print(
            f"  a probe   {mean:.2f} above controls (95% {low:.2f} to {high:.2f}), "
            f"{r.probes} probes, p over probes {r.p_probes:.2g}"
        )
        console.print(
            f"  p         {r.p:.2g} (upper bound; plain estimate {r.p_point:.2g}), "
            f"stated rate of false accusations {r.rate:g}"
        )
    else:
        console.print(f"  p         {r.p_mismatch:.2g} against shuffled probes, {r.probes} probes")
    if not math.isnan(r.power):
        console.print(
            f"  power     {r.power:.0%} of known kin are found at this rate, and at most "
            f"{min(r.kin_p, 1):.0%} of any large family's have no more in common"
        )
    if not math.isnan(r.tokenizer):
        look = "look the same" if r.tokenizer > SAME_TOKENIZER else "do not show as the same"
        console.print(f"  tokenizer {look}; this is no part of the evidence")
    for state in r.states:
        console.print(f"  note      {STATES[state]}")
    console.print(f"  rests on  {r.basis}")


def _show_extra(extra: dict[str, Any]) -> None:
    console = out()
    for s in extra.get("sequential", []):
        console.print(
            f"one probe after another, {one_line(s['b'])}: {s['verdict']} after {s['probes']} of "
            f"{s['available']} probes ({s['saved']} saved)"
        )
    for d in extra.get("direction", []):
        who = one_line(d["ancestor"]) if d["ancestor"] else "cannot tell"
        console.print(f"ancestor of {one_line(d['a'])} and {one_line(d['b'])}: {who}")
        console.print(f"  {d['reason']}.")
    if "mixture" in extra:
        m = extra["mixture"]
        console.print(f"{one_line(m['child'])} as a mixture, {m['probes']} probes:")
        for name, weight, p in zip(m["parents"], m["weights"], m["p"], strict=True):
            console.print(f"  {weight:5.0%}  {one_line(name)}  (adds to the others: p {p:.2g})")
        console.print("  A sibling of a parent adds something too: this is no proof of a merge.")
