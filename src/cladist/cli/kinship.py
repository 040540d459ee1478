"""cladist compare kinship: is a model kin of others, at a stated false-positive rate?"""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    WEIGHING,
    AlphaOption,
    AssayOption,
    BesideOption,
    JsonOption,
    LabelsOption,
    OldRateOption,
    RegistryOption,
    alpha_of,
    listening,
    note,
    one_line,
    out,
    plain,
    print_json,
)
from cladist.cli.secret import RevealOption
from cladist.cli.signing import KeyOption, StatementOption, signer
from cladist.workflows.secrets import read_secret

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cladist.kinship.inference.decision import Adjustment, Policy
    from cladist.kinship.inference.pair_test import KinshipResult
    from cladist.workflows.two_assays import Alone

PanelOption = Annotated[
    Path | None,
    typer.Option("--panel", help="Reference panel to measure against, instead of the registry."),
]
SAME_TOKENIZER = 1.0


def kinship(
    model: Annotated[str, typer.Argument(help="The model in question.")],
    candidates: Annotated[list[str], typer.Argument(help="Those it may be kin of.")],
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: AssayOption = "",
    beside: BesideOption = "",
    labels: LabelsOption = None,
    panel: PanelOption = None,
    alpha: AlphaOption = 0.01,
    rate: OldRateOption = None,
    adjust: Annotated[
        str,
        typer.Option(help="For several candidates: holm, bh, by or none."),
    ] = "holm",
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
    statement: StatementOption = None,
    key: KeyOption = None,
    secret: RevealOption = None,
    json: JsonOption = False,
) -> None:
    """Do two models share an ancestor?

    Tests a model against others, with the rest of the registry as the panel.

    The verdict is related, unrelated, inconclusive or not tested. 'related' is said of at most
    one in a hundred unrelated pairs of the same style and tokenizer (--alpha). 'unrelated' needs
    labels, as without known kin nobody can say how little kin may have in common.

    Examples:

    `cladist compare kinship suspect llama-2-7b`

    `cladist compare kinship suspect llama-2-7b mistral-7b qwen2-7b --labels families.csv --json`

    `cladist compare kinship suspect llama-2-7b --assay functional-100 --with phylolm`
    """
    from cladist.registry import Registry
    from cladist.workflows.kinship_test import KinshipTest

    test = KinshipTest(alpha=alpha_of(alpha, rate), adjust=cast("Adjustment", adjust))
    signs = signer(statement, key)
    _require_alone(ask, signs is not None, secret is not None, bool(beside))
    if ask:
        _ask(model, candidates, registry, assay, labels, test.policy, json)
        return
    extra: dict[str, Any] = {}
    tested = [model, *candidates]
    drawn = None if secret is None else read_secret(secret)
    with Registry.open(registry, create=False) as store, listening(json, WEIGHING) as listener:
        test.fit(
            store, labels=labels, assay=assay, panel=panel, models=tested, secret=drawn,
            beside=beside, listener=listener,
        )  # fmt: skip
        results = test.test(model, candidates)
        told = test.alone(model, candidates)
        extra |= {"alone": [[asdict(t) for t in each] for each in told]} if beside else {}
        if signs is not None:
            from cladist.attestation.of_panel import Ask, kinship_case

            asked = test.question_
            signs.write(
                kinship_case(
                    asked.made, asked.assay.protocol,
                    [Ask(model, tuple(candidates), adjust=adjust)], test.policy,
                    members=asked.members, secret=None if drawn is None else (drawn, model),
                )
            )  # fmt: skip
        if sequential:
            early = test.sequential(model, candidates, listener=listener)
            extra["sequential"] = [asdict(s) for s in early]
        if direction:
            extra["direction"] = [asdict(d) for d in test.directions(results)]
            if not extra["direction"]:
                note("no pair is related, so there is no direction to tell")
        if mixture:
            parts, remark = test.mixture(model, candidates)
            extra["mixture"] = None if parts is None else asdict(parts)
            if remark:
                note(remark)
    if json:
        shown = [plain(asdict(r)) for r in results]
        print_json({"assay": test.assay_.short, "results": shown, **plain(extra)})
        return
    for r, each in zip(results, told, strict=True):
        _show(r)
        _show_alone(each)
    _show_extra(extra)


def _require_alone(ask: bool, signed: bool, secret: bool, beside: bool) -> None:
    from cladist.errors import UsageError

    if beside and (ask or signed):
        raise UsageError("--with is for answers that are here; leave --ask and --statement")
    if ask and (signed or secret):
        raise UsageError("--statement and --secret are for answers that are here; leave --ask")


def _ask(
    uri: str,
    candidates: list[str],
    registry: Path,
    assay: str,
    labels: Path | None,
    policy: Policy,
    json: bool,
) -> None:
    from cladist.errors import UsageError
    from cladist.registry import Registry
    from cladist.workflows.kinship_asked import ask_for

    if len(candidates) != 1:
        raise UsageError("--ask settles one question: name one candidate")
    with Registry.open(registry, create=False) as store, listening(json, WEIGHING) as listener:
        chosen, found = ask_for(
            uri, candidates[0], store,
            labels=labels, assay=assay, policy=policy, listener=listener,
        )  # fmt: skip
    if json:
        print_json({"assay": chosen.short, **plain(asdict(found))})
        return
    a = found.answer
    out().print(
        f"{one_line(a.a)} and {one_line(a.b)}: {a.verdict} after {a.probes} of {a.available} "
        f"probes; {found.requests} requests made of {found.whole}"
    )
    out().print(f"  {one_line(a.reason)}.")


def _show(r: KinshipResult) -> None:
    from cladist.kinship.inference.states import FLAGS

    console = out()
    console.print(f"{one_line(r.a)} and {one_line(r.b)}: {r.verdict}")
    console.print(f"  {one_line(r.reason)}.")
    if not math.isnan(r.excess):
        mean, low, high = r.per_probe
        console.print(
            f"  residual  {r.excess:.1f} spreads above what the two have in common with families "
            "of other makers, for pairs of the same style"
        )
        per_probe = (
            "nothing to compare with unrelated models"
            if math.isnan(mean)
            else f"{mean:.2f} above unrelated models (95% {low:.2f} to {high:.2f})"
        )
        console.print(f"  by probe  {per_probe}, {r.probes} probes, p over probes {r.p_probes:.2g}")
        console.print(
            f"  p         {r.p:.2g} (of this pair alone {r.p_alone:.2g}), stated false-positive "
            f"rate {r.alpha:g}"
        )
    else:
        console.print(f"  p         {r.p_mismatch:.2g} against shuffled probes, {r.probes} probes")
    if not math.isnan(r.power):
        below = (
            ""
            if math.isnan(r.kin_p)
            else f", and at most {min(r.kin_p, 1):.0%} have no more in common"
        )
        console.print(
            f"  power     {r.power:.0%} of known kin, each family counting once, pass this test "
            f"at this rate{below}"
        )
    # Of copies every length is the same, whatever the tokenizer, and the note says all there is.
    if not math.isnan(r.tokenizer) and "identical-answers" not in r.flags:
        look = "look the same" if r.tokenizer > SAME_TOKENIZER else "do not show as the same"
        console.print(f"  tokenizer {look}; this is no part of the evidence")
    for flag in r.flags:
        console.print(f"  note      {FLAGS[flag]}")
    console.print(f"  panel     {one_line(r.basis)}")


def _show_alone(each: Sequence[Alone]) -> None:
    for part in each:
        r = part.result
        p = "" if math.isnan(r.p) else f" (p {r.p:.2g})"
        out().print(
            f"  alone     {one_line(part.assay)}: {r.verdict}{p}"
            + (", which decides" if part.decides else ", not counted")
        )


def _show_extra(extra: dict[str, Any]) -> None:
    console = out()
    for s in extra.get("sequential", []):
        console.print(
            f"one probe after another, {one_line(s['b'])}: {s['verdict']} after {s['probes']} of "
            f"{s['available']} probes ({s['saved']} saved)"
        )
        console.print(f"  {one_line(s['reason'])}.")
    for d in extra.get("direction", []):
        who = one_line(d["ancestor"]) if d["ancestor"] else "cannot tell"
        console.print(f"ancestor of {one_line(d['a'])} and {one_line(d['b'])}: {who}")
        console.print(f"  {one_line(d['reason'])}.")
    if extra.get("mixture"):
        m = extra["mixture"]
        console.print(f"{one_line(m['child'])} as a mixture, {m['probes']} probes:")
        parts = zip(m["parents"], m["weights"], m["p"], m["copies"], strict=True)
        for name, weight, p, copies in parts:
            adds = "" if math.isnan(p) else f"  (adds to the others: p {p:.2g})"
            names = " or ".join(one_line(n) for n in (name, *copies))
            console.print(f"  {weight:5.0%}  {names}{adds}")
        if not math.isnan(m["explained"]):
            console.print(
                f"  The mixture takes {m['explained']:.0%} off the squared distance to the nearest."
            )
        console.print("  A sibling of a parent adds something too: this is no proof of a merge.")
