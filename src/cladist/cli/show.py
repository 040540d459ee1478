"""cladist show: one model in full."""

from __future__ import annotations

from dataclasses import asdict
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
    from cladist.core.responses import Response
    from cladist.registry import StoredDNA


def show(
    model: Annotated[str, typer.Argument(help="Name of the model, as 'list' shows it.")],
    registry: RegistryOption = DEFAULT_REGISTRY,
    answers: Annotated[
        int, typer.Option("--answers", "-n", help="How many prompts and answers to print.")
    ] = 3,
    json: JsonOption = False,
) -> None:
    """Show one model: identity, who answered, coverage, DNA, and some of its answers.

    Who answered is what an endpoint told: the id of the model, the configuration (system
    fingerprint) and the provider, each with the number of answers.

    Examples: `cladist show smollm2`, `cladist show smollm2 --answers 10 --json`
    """
    from cladist.core.origins import PARTS, listed, parts
    from cladist.extraction.comparable import about_origins, about_refused
    from cladist.registry import Registry
    from cladist.registry.asked import refused_settings

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
                    origins = responses.origins()
                    refused = refused_settings(store, protocol, record)
                    samples.append((protocol, states, pairs[:answers], origins, refused))
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
                        "origins": [{**asdict(o), "answers": n} for o, n in origins.items()],
                        "refused_settings": dict(refused),
                        "answers": [
                            {
                                "probe": i,
                                "prompt": t,
                                "state": r.state.value,
                                "response": r.text,
                                "detail": r.detail,
                                "thoughts": r.thoughts,
                            }
                            for i, t, r in pairs
                        ],
                    }
                    for p, states, pairs, origins, refused in samples
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
    for protocol, states, pairs, origins, refused in samples:
        for field, plural in PARTS.items():
            told = parts(origins, field)
            if any(told):
                name = field if len(told) == 1 else plural
                console.print(f"{name:12} {one_line(listed(told), 200)}", soft_wrap=True)
        for sentence in (*about_refused(refused, protocol.decoding), *about_origins(origins)):
            console.print(f"note         {one_line(sentence)}", soft_wrap=True)
        counted = ", ".join(f"{n} {k}" for k, n in sorted(states.items()))
        rows = table(
            "probe", "prompt", "state", "answer", title=f"{protocol.probes.name}: {counted}"
        )
        for probe, text, response in pairs:
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
