"""cladist show: one model in full."""

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
    from cladist.core.assay import Assay
    from cladist.registry import StoredDNA


def show(
    model: Annotated[str, typer.Argument(help="Name of the model, as 'list' shows it.")],
    registry: RegistryOption = DEFAULT_REGISTRY,
    answers: Annotated[
        int, typer.Option("--answers", "-n", help="How many prompts and answers to print.")
    ] = 3,
    json: JsonOption = False,
) -> None:
    """Show one model: identity, coverage, DNA, and some of its answers.

    Examples: `cladist show smollm2`, `cladist show smollm2 --answers 10 --json`
    """
    from cladist.registry import Registry

    with Registry.open(registry, create=False) as store:
        record = store.model(model)
        measured: list[tuple[Assay, StoredDNA]] = []
        for assay in store.assays():
            found = [s for s in store.stored_dnas(assay) if s.dna.model == model]
            measured.extend((assay, s) for s in found)
        samples = []
        for protocol in store.protocols():
            for responses in store.responses(protocol, [model]):
                states = {k.value: v for k, v in responses.states().items()}
                pairs = [
                    (probe.id, probe.text, response)
                    for probe, slot in zip(protocol.probes.probes, responses.slots)
                    for response in slot
                ]
                if pairs:
                    samples.append((protocol, states, pairs[:answers]))
    if json:
        print_json(
            {
                "name": record.name,
                "uri": record.uri,
                "fingerprint": record.fingerprint,
                "metadata": dict(record.metadata),
                "dna": [
                    {
                        "assay": a.short,
                        "digest": s.dna.digest,
                        "dimensions": len(s.dna.vector),
                        "usable": s.dna.usable,
                        "probes": s.dna.probes,
                        "notes": list(s.dna.notes),
                        "encoders": list(s.encoders),
                        "vector": [float(v) for v in s.dna.vector],
                    }
                    for a, s in measured
                ],
                "responses": [
                    {
                        "protocol": p.digest,
                        "probes": p.probes.name,
                        "states": states,
                        "answers": [
                            {"probe": i, "prompt": t, "state": r.state.value, "response": r.text}
                            for i, t, r in pairs
                        ],
                    }
                    for p, states, pairs in samples
                ],
            }
        )
        return
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
    for protocol, states, pairs in samples:
        listed = ", ".join(f"{n} {k}" for k, n in sorted(states.items()))
        rows = table(
            "probe", "prompt", "state", "answer", title=f"{protocol.probes.name}: {listed}"
        )
        for probe, text, response in pairs:
            rows.add_row(
                one_line(probe),
                one_line(text[-60:], 60),
                response.state.value,
                one_line(response.text or response.detail, 90),
            )
        console.print(rows)
