"""cladist endpoint: does the model answer that an endpoint says it serves?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cladist.cli.common import (
    AlphaOption,
    JsonOption,
    QuietOption,
    listening,
    note,
    one_line,
    out,
    plain,
    print_json,
)
from cladist.errors import FOUND, UNDECIDED

if TYPE_CHECKING:
    from cladist.ladder.climb import LadderDecision
    from cladist.ladder.rung import Rung

LIKELY = 3


def endpoint(
    uri: Annotated[str, typer.Argument(help="The endpoint: openai:MODEL@BASE-URL.")],
    claim: Annotated[
        str, typer.Option(help="Name of the model that is said to answer. Default: MODEL.")
    ] = "",
    alpha: AlphaOption = 0.01,
    reference: Annotated[
        str, typer.Option(help="Installed reference for its texts; else one that fits.")
    ] = "",
    registry: Annotated[
        Path | None, typer.Option("--registry", "-r", help="Keep answers to texts there.")
    ] = None,
    beside: Annotated[
        str,
        typer.Option(
            help="The claimed model at hand: its URI, or the file of a watch by token of it. Its "
            "border inputs and first tokens are then asked too."
        ),
    ] = "",
    texts: Annotated[
        bool, typer.Option("--texts/--no-texts", help="Go on to its texts, which cost most.")
    ] = True,
    max_calls: Annotated[int | None, typer.Option(min=1, help="Calls at most.")] = None,
    max_tokens: Annotated[int | None, typer.Option(min=0, help="Tokens at most.")] = None,
    max_cost: Annotated[float | None, typer.Option(min=0, help="Cost at most.")] = None,
    price_in: Annotated[float, typer.Option(min=0, help="Price of a million tokens read.")] = 0.0,
    price_out: Annotated[
        float, typer.Option(min=0, help="Price of a million tokens written.")
    ] = 0.0,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Does an endpoint serve the model that it names?

    Asks it, cheapest questions first.

    What the server says of itself; how it counts tokens, which tells tokenizers apart; with
    --beside border inputs of the claimed model, one token each; first-token log probabilities; and
    its texts, held against an installed reference. It goes on only while the claim is undecided.
    Every rung gives a likelihood, or says that it has none.

    Exit codes: 0 it fits, 10 it does not fit, 12 undecided, 1 to 8 an error.

    Examples:

    `cladist endpoint 'openai:qwen2.5-7b-instruct@https://host.example/v1'`

    `cladist endpoint 'openai:m@http://127.0.0.1:8080/v1' --claim SmolLM2-135M-Instruct --no-texts`

    `cladist endpoint 'openai:smollm2@https://host.example/v1' --beside builtin:smollm2`
    """
    import cladist
    from cladist.ladder.checking import Claim

    limits = cladist.Limits(max_calls, max_tokens, max_cost, price_in, price_out)
    with listening(quiet or json) as listener:
        found = cladist.check_endpoint(
            uri,
            claim=Claim(claim, beside),
            alpha=alpha,
            limits=limits,
            texts=(reference or True) if texts else False,
            registry=registry,
            told=_show if not json else lambda rung: None,
            listener=listener,
        )
    if json:
        print_json(plain({**asdict(found), "spent": asdict(found.spent)}))
    else:
        _conclude(found)
    if found.verdict == "does not fit":
        raise typer.Exit(FOUND)
    if found.verdict == "undecided":
        raise typer.Exit(UNDECIDED)


def _show(rung: Rung) -> None:
    console = out()
    cost = f", cost {rung.spent.cost:.6f}" if rung.spent.cost else ""
    console.print(
        f"{rung.name}: {rung.stand} ({rung.spent.calls} calls, {rung.spent.tokens} tokens{cost})"
    )
    for line in rung.said:
        console.print(f"  {one_line(line, 300)}")
    if rung.posterior is not None:
        ranked = sorted(rung.posterior.items(), key=lambda kv: -kv[1])[:LIKELY]
        console.print(f"  likely: {', '.join(f'{one_line(k)} {p:.1%}' for k, p in ranked)}")


def _conclude(found: LadderDecision) -> None:
    console, spent = out(), found.spent
    rate = "" if found.error is None else f", wrong at most {found.error:g} of the time"
    console.print(
        f"'{one_line(found.claim)}': {found.verdict}{rate}. {one_line(found.reason, 300)}"
    )
    if found.settle:
        console.print(f"  what would settle it: {one_line(found.settle, 300)}")
    cost = f", cost {spent.cost:.6f}" if spent.cost else ""
    note(f"{spent.calls} calls, {spent.tokens} tokens{cost}")
