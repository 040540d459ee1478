"""cladist registry show: one model in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    JsonOption,
    RegistryOption,
    one_line,
    out,
    print_json,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cladist.core.assay import Assay
    from cladist.core.responses import Response
    from cladist.registry import ModelRecord, StoredDNA
    from cladist.workflows.showing import AskedModel

_SERVED = {"model": "answered as", "configuration": "under", "provider": "provider"}
"""What an endpoint told of who answered, and how it is called here."""


def show(
    model: Annotated[str, typer.Argument(help="Name of the model, as 'list' shows it.")],
    registry: RegistryOption = DEFAULT_REGISTRY,
    answers: Annotated[
        int, typer.Option("--answers", "-n", help="How many prompts and answers to print.")
    ] = 3,
    json: JsonOption = False,
) -> None:
    """What is known of one model of a registry?

    Identity, who answered, coverage, DNA, and some of its answers.

    Who answered is what an endpoint told: the id of the model, the configuration (system
    fingerprint) and the provider, each with the number of answers.

    Examples: `cladist registry show smollm2`, `cladist registry show smollm2 --answers 10 --json`
    """
    import cladist

    with cladist.open_registry(registry, create=False) as store:
        found = cladist.show_model(store, model)
    if json:
        print_json(found.to_dict(answers))
        return
    _print_model(found.record, found.measured)
    for one in found.asked:
        _print_asked(one, answers)


def _print_model(record: ModelRecord, measured: Sequence[tuple[Assay, StoredDNA]]) -> None:
    console = out()
    console.print(f"model        {one_line(record.name)}")
    console.print(f"from         {one_line(record.uri)}", soft_wrap=True)
    console.print(f"fingerprint  {one_line(record.fingerprint)}", soft_wrap=True)
    for key, value in sorted(record.metadata.items()):
        console.print(f"{one_line(key, 28):12} {one_line(value, 100)}", soft_wrap=True)
    for assay, s in measured:
        marks = f", {', '.join(s.dna.notes)}" if s.dna.notes else ""
        console.print(
            f"DNA          {s.dna.digest[:12]} by {assay.short}: {len(s.dna.vector)} dimensions, "
            f"{s.dna.usable} of {s.dna.probes} probes usable{marks}"
        )


def _print_asked(asked: AskedModel, count: int) -> None:
    console = out()
    for field, told in asked.served():
        console.print(f"{_SERVED[field]:12} {one_line(told, 200)}", soft_wrap=True)
    for sentence in asked.notes():
        console.print(f"note         {one_line(sentence)}", soft_wrap=True)
    if missing := asked.missing():
        console.print(f"missing      {one_line(missing)}", soft_wrap=True)
    states = {k.value: v for k, v in asked.answers.states().items()}
    counted = ", ".join(f"{n} {k}" for k, n in sorted(states.items()))
    name = asked.protocol.probes.name
    rows = table("probe", "prompt", "state", "answer", title=f"{name}: {counted}")
    for probe, text, response in asked.first(count):
        rows.add_row(
            one_line(probe),
            one_line(text[-60:], 60),
            response.state.value,
            one_line(response.text or response.detail, 90) + _beside(response),
        )
    console.print(rows)


def _beside(response: Response) -> str:
    """What is kept beside an answer, in brackets."""
    told = [one_line(response.detail, 90)] if response.detail and response.text else []
    if response.thoughts:
        told.append(f"{len(response.thoughts)} characters of thoughts kept apart")
    return f" ({'; '.join(told)})" if told else ""
