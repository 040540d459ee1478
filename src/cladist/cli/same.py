"""cladist compare same: are two deployments the same model?"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    AlphaOption,
    AssayOption,
    JsonOption,
    OldRateOption,
    RegistryOption,
    alpha_of,
    one_line,
    out,
    print_json,
)
from cladist.cli.secret import RevealOption
from cladist.cli.signing import KeyOption, StatementOption, signer
from cladist.workflows.secrets import read_secret

if TYPE_CHECKING:
    from rich.console import Console

    from cladist.kinship.inference.identity import IdentityResult


def same(
    first: Annotated[str, typer.Argument(help="A model of the registry.")],
    second: Annotated[str, typer.Argument(help="The model or deployment to hold against it.")],
    registry: RegistryOption = DEFAULT_REGISTRY,
    other: Annotated[
        Path | None,
        typer.Option("--other", help="Registry of the second model, when asked into another one."),
    ] = None,
    assay: AssayOption = "",
    alpha: AlphaOption = 0.01,
    rate: OldRateOption = None,
    tolerance: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=0.9,
            help="Difference that still counts as the same (greedy .1, sampled .001, d_H .005).",
        ),
    ] = None,
    statement: StatementOption = None,
    key: KeyOption = None,
    secret: RevealOption = None,
    json: JsonOption = False,
) -> None:
    """Is this the model that it claims to be?

    Tests whether two sets of answers come from the same model in the same deployment.

    With one greedy answer a probe, answers are compared to the character, and a few differences
    (--tolerance, a share of probes) are put down to rounding. With several sampled answers, the
    distance between the two is held against the spread within each. With distributions (assay
    functional) the distance of the two functions is told on a scale: another engine, fewer bits,
    another model.

    To check an endpoint later, ask it into a registry of its own:
    `cladist extract URI -r today`, then
    `cladist compare same NAME NAME -r reference --other today`.
    """
    from cladist.core.secret import restrict
    from cladist.registry import Registry
    from cladist.workflows.sameness import sides_of

    signs = signer(statement, key)
    revealed = None if secret is None else read_secret(secret)
    with ExitStack() as stack:
        store = stack.enter_context(Registry.open(registry, create=False))
        beside = None
        if other is not None:
            beside = stack.enter_context(Registry.open(other, create=False))
        sides = sides_of(store, first, second, other=beside, assay=assay)
    if revealed is not None:
        probes = sides.assay.protocol.probes
        drawn = restrict(sides.b.answers, revealed, probes)
        sides = replace(sides, b=replace(sides.b, answers=drawn))
    level = alpha_of(alpha, rate)
    made = sides.judged(alpha=level, tolerance=tolerance)
    if signs is not None:
        from cladist.attestation.of_deployments import identity_case

        signs.write(
            identity_case(
                sides.a, sides.b, sides.assay.protocol,
                rate=level, tolerance=tolerance, secret=revealed,
            )
        )  # fmt: skip
    if json:
        print_json(made.to_dict())
        return
    result = made.found
    console = out()
    console.print(f"{one_line(result.a)} and {one_line(result.b)}: {result.verdict}")
    console.print(f"  {result.reason}.")
    if result.mode == "functional":
        _functional(console, result, made.nearer_than)
        if made.setting is not None:
            console.print(f"  setting    {one_line(made.setting.sentence)}")
        for caution in made.cautions:
            console.print(f"  but        {one_line(caution)}")
        return
    what = (
        "of the answers differ"
        if result.mode == "greedy"
        else "of the spread within a model (squared distance)"
    )
    low, high = result.interval
    console.print(
        f"  difference {result.effect:.2%} {what}, 95% {low:.2%} to {high:.2%}; p {result.p:.2g}"
    )
    console.print(f"  agreement  {result.agreement:.0%} of the characters from the start")
    console.print(
        f"  rests on   {result.probes} probes and {result.samples} {result.mode} answers; up to "
        f"{result.tolerance:.1%} counts as the same, 'changed' errs at most {result.rate:g}"
    )
    for caution in made.cautions:
        console.print(f"  but        {one_line(caution)}")


def _functional(console: Console, result: IdentityResult, limit: str) -> None:
    low, high = result.interval
    console.print(
        f"  distance   {result.effect:.4f} (d_H), 95% {low:.4f} to {high:.4f} over contexts"
    )
    console.print(
        f"  equivalent to within {result.within:.4f} (95%)"
        + (f", nearer than {limit}" if limit else "")
    )
    console.print(f"  agreement  {result.agreement:.1%} of the probability")
    console.print(
        f"  rests on   {result.probes} contexts; up to {result.tolerance:g} counts as the same, "
        f"'changed' errs at most {result.rate:g} over contexts like these"
    )
