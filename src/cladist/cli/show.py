"""cladist registry show: one model in full."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

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
    from collections.abc import Mapping

    from cladist.core.assay import Assay, Protocol
    from cladist.core.responses import Response, ResponseSet
    from cladist.registry import ModelRecord, StoredDNA

_SERVED = {"model": "answered as", "configuration": "under", "provider": "provider"}
"""What an endpoint told of who answered, and how it is called here."""


@dataclass(frozen=True)
class _Asked:
    """What a model answered to one protocol, and what its server refused of it."""

    protocol: Protocol
    answers: ResponseSet
    refused: Mapping[str, str]

    def first(self, count: int) -> list[tuple[str, str, Response]]:
        """Id and text of the probe, and the answer, of the first answers."""
        pairs = [
            (probe.id, probe.text, response)
            for probe, slot in zip(self.protocol.probes.probes, self.answers.slots)
            for response in slot
        ]
        return pairs[:count]


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
    from cladist.registry import Registry
    from cladist.registry.asked import refused_settings

    with Registry.open(registry, create=False) as store:
        record = store.model(model)
        measured: list[tuple[Assay, StoredDNA]] = []
        for assay in store.assays():
            found = [s for s in store.stored_dnas(assay) if s.dna.model == model]
            measured.extend((assay, s) for s in found)
        asked = [
            _Asked(protocol, responses, refused_settings(store, protocol, record))
            for protocol in store.protocols()
            for responses in store.responses(protocol, [model])
            if responses.states()
        ]
    if json:
        print_json(
            {
                "name": record.name,
                "uri": record.uri,
                "fingerprint": record.fingerprint,
                "metadata": dict(record.metadata),
                "dna": [_dna_as_data(a, s) for a, s in measured],
                "responses": [_asked_as_data(a, answers) for a in asked],
            }
        )
        return
    _print_model(record, measured)
    for one in asked:
        _print_asked(one, answers)


def _dna_as_data(assay: Assay, stored: StoredDNA) -> dict[str, Any]:
    return {
        "assay": assay.short,
        "digest": stored.dna.digest,
        "dimensions": len(stored.dna.vector),
        "usable": stored.dna.usable,
        "probes": stored.dna.probes,
        "notes": list(stored.dna.notes),
        "encoders": list(stored.encoders),
        "vector": [float(v) for v in stored.dna.vector],
    }


def _asked_as_data(asked: _Asked, count: int) -> dict[str, Any]:
    from cladist.extraction.missing import reasons

    return {
        "protocol": asked.protocol.digest,
        "probes": asked.protocol.probes.name,
        "states": {k.value: v for k, v in asked.answers.states().items()},
        "origins": [{**asdict(o), "answers": n} for o, n in asked.answers.origins().items()],
        "refused_settings": dict(asked.refused),
        "missing": [{"answers": n, "words": words} for words, n in reasons(asked.answers)],
        "answers": [
            {
                "probe": probe,
                "prompt": text,
                "state": r.state.value,
                "response": r.text,
                "detail": r.detail,
                "thoughts": r.thoughts,
            }
            for probe, text, r in asked.first(count)
        ],
    }


def _print_model(record: ModelRecord, measured: list[tuple[Assay, StoredDNA]]) -> None:
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


def _print_asked(asked: _Asked, count: int) -> None:
    from cladist.core.origins import PARTS, listed, parts
    from cladist.extraction.comparable import about_origins, about_refused
    from cladist.extraction.missing import listed_reasons, reasons

    console, origins = out(), asked.answers.origins()
    for field in PARTS:
        told = parts(origins, field)
        if any(told):
            console.print(f"{_SERVED[field]:12} {one_line(listed(told), 200)}", soft_wrap=True)
    notes = about_refused(asked.refused, asked.protocol.decoding)
    for sentence in (*notes, *about_origins(origins)):
        console.print(f"note         {one_line(sentence)}", soft_wrap=True)
    if missing := reasons(asked.answers):
        console.print(f"missing      {one_line(listed_reasons(missing))}", soft_wrap=True)
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
