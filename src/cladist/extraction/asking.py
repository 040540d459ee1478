"""Asking one model what an assay wants to know: what is open, and where answers go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cladist.core.assay import Assay
from cladist.core.distributions import response_of
from cladist.core.hashing import mix64
from cladist.core.next_token import Context, next_byte
from cladist.core.origins import UNTOLD, Origin, mixed_models
from cladist.core.progress import Hear, unheard
from cladist.core.responses import Response
from cladist.errors import CoverageError, ModelError
from cladist.models.base import AskedInterface, Model, Request, TellsNextToken
from cladist.models.served import Remembered, Served
from cladist.registry import ModelRecord, Registry
from cladist.registry.asked import refuse_settings, refused_settings

__all__ = ["Asking", "choose_interface", "remembered", "requests_for", "stand_in"]


@dataclass
class Asking:
    """A model, an assay and a registry; made by `begin`."""

    model: Model
    assay: Assay
    registry: Registry
    record: ModelRecord
    protocol: int
    interface: AskedInterface
    _refused: dict[str, str] = field(default_factory=dict)

    @classmethod
    def begin(
        cls, model: Model, assay: Assay, registry: Registry, *, hear: Hear = unheard
    ) -> Asking:
        """Record the model, and let it go on as earlier runs did.

        `hear` is told why nothing comes while an endpoint is waited for. Raises `ModelError`
        when the model answered through another interface before, or when what is stored comes
        from several models already.
        """
        identity = model.identity
        record = registry.add_model(
            identity.name, identity.uri, identity.fingerprint, dict(identity.metadata)
        )
        protocol = registry.add_protocol(assay.protocol)
        chosen = choose_interface(model, assay)
        interface = registry.set_interface(protocol, record, chosen)
        if interface != chosen:
            raise ModelError(
                f"'{record.name}' answered this assay through the {interface} interface before, "
                f"and now offers {chosen}; the two are not comparable. Give the model another name"
            )
        asking = cls(model, assay, registry, record, protocol, chosen)
        if isinstance(model, Served):
            model.tell(hear)
            (stored,) = registry.responses(assay.protocol, [record.name])
            refused = refused_settings(registry, assay.protocol, record)
            model.remember(remembered(record.name, stored.origins(), refused))
            asking._refused = dict(refused)
        return asking

    def wanted(self, probes: int | None = None) -> list[tuple[int, int]]:
        """(probe, sample) of all answers that the assay wants, or of its first `probes`."""
        count = len(self.assay.protocol.probes) if probes is None else probes
        samples = self.assay.protocol.decoding.samples
        return [(p, s) for s in range(samples) for p in range(count)]

    def open(self, probes: int | None = None) -> list[tuple[int, int]]:
        """Those of `wanted` that have no answer yet."""
        settled = self.registry.settled(self.protocol, self.record)
        return [slot for slot in self.wanted(probes) if slot not in settled]

    def answers(self, slots: Sequence[tuple[int, int]]) -> Iterator[tuple[int, Response]]:
        """Ask for `slots`; (place in `slots`, response) as they come, each place once."""
        answered: set[int] = set()
        if self.assay.protocol.decoding.asks == "distribution":
            given = distributions(self.model, self.assay, self.interface, slots)
        else:
            given = self.model.answer(requests_for(self.assay, self.interface, slots))
        for index, response in given:
            if index not in answered:
                answered.add(index)
                yield index, response

    def store(self, slots: Iterable[tuple[int, int, Response]], *, sync: bool = True) -> None:
        """Keep answers; before them, what the server did not take of the protocol."""
        refused = self.refused
        if refused.keys() - self._refused.keys():
            refuse_settings(self.registry, self.protocol, self.record, refused)
            self._refused = dict(refused)
        self.registry.write_responses(self.protocol, self.record, slots, sync=sync)

    @property
    def refused(self) -> Mapping[str, str]:
        """Settings of the protocol that the model's server does not take, with its words."""
        return self.model.refused_settings if isinstance(self.model, Served) else {}


def remembered(name: str, origins: Mapping[Origin, int], refused: Mapping[str, str]) -> Remembered:
    """What the origins of a model's stored answers say about who is to be asked, and how.

    Raises `ModelError` where they come from several models.
    """
    if models := mixed_models(origins):
        raise ModelError(
            f"the stored answers of '{name}' come from several models, as the endpoint "
            f"tells ({', '.join(models[:6])}); ask one of them under a name of its own, with "
            f"served={models[0]} in the URI and #NAME at its end"
        )
    ranked = sorted(origins, key=lambda o: (not o.model, -origins[o]))
    origin: Origin = ranked[0] if ranked else UNTOLD
    return Remembered(origin, sum(origins.values()), dict(refused))


def stand_in(
    registry: Registry, recorded: Assay, record: ModelRecord, interface: AskedInterface
) -> None:
    """Let a model's answers, asked through `interface`, count for a recorded protocol as well.

    Raises `ModelError` for a model that has recorded answers to the protocol, since those are its
    answers, and for one that answered through another interface before.
    """
    row = registry.add_protocol(recorded.protocol)
    if registry.settled(row, record):
        raise ModelError(
            f"'{record.name}' has recorded answers to these prompts already; give the model "
            "that is asked another name (append #NAME to its URI)"
        )
    before = registry.set_interface(row, record, interface)
    if before != interface:
        raise ModelError(
            f"'{record.name}' answered this assay through the {before} interface before, and "
            f"now offers {interface}; the two are not comparable. Give the model another name"
        )


def choose_interface(model: Model, assay: Assay) -> AskedInterface:
    """The interface an assay uses with a model; auto prefers raw continuation.

    Raises `ModelError` when the model does not offer what the assay fixes.
    """
    wanted = assay.protocol.decoding.interface
    if wanted == "recorded":
        raise CoverageError(
            f"assay {assay.short} rests on recorded responses, and how they were asked is not "
            "known. To ask a model the same prompts use 'cladist extract URI --like REGISTRY', or "
            "choose another assay, for example --assay cladist"
        )
    if wanted == "auto":
        return "raw" if "raw" in model.interfaces else "chat"
    if wanted not in model.interfaces:
        raise ModelError(
            f"'{model.identity.name}' offers {' and '.join(sorted(model.interfaces))}, assay "
            f"{assay.short} asks through {wanted}; choose an assay with interface = 'auto'"
        )
    return wanted


def distributions(
    model: Model, assay: Assay, interface: AskedInterface, slots: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, Response]]:
    """What comes after each context, as answers that hold distributions.

    Raises `ModelError` for a model that does not tell its next token.
    """
    if not isinstance(model, TellsNextToken) or model.gives == "sampled":
        raise ModelError(
            f"'{model.identity.name}' does not tell the probabilities of its next token, which "
            f"assay {assay.short} asks for; use an assay of texts, as --assay cladist"
        )
    probes, top = assay.protocol.probes.probes, assay.protocol.decoding.top
    contexts = [Context(probes[p].text, interface, top=top) for p, _ in slots]
    for index, said in model.next_tokens(contexts):
        yield index, response_of(next_byte(said))


def requests_for(
    assay: Assay, interface: AskedInterface, slots: Sequence[tuple[int, int]]
) -> list[Request]:
    """One request a (probe, sample); every one has a seed of its own, the same in every run."""
    decoding = assay.protocol.decoding
    probes = assay.protocol.probes.probes
    return [
        Request(
            probes[p].text,
            decoding.max_tokens,
            decoding.temperature,
            decoding.top_p,
            mix64(mix64(decoding.seed) ^ (p << 20) ^ s) & 0x7FFFFFFF,
            interface,
        )
        for p, s in slots
    ]
