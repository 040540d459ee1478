"""An assay: everything that a DNA depends on besides the model.

    Protocol = probes + decoding + samples          what responses depend on
    Method   = encoders + projection + metric       what is made of the responses
    Assay    = Protocol + Method                    what a DNA depends on

Each has a hash. Responses are kept under the protocol's hash, DNA under the assay's, so
another encoder re-uses the responses of an earlier one, and nothing else is ever mixed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, get_args

from cladist.core.hashing import digest
from cladist.core.probes import ProbeSet
from cladist.errors import AssayError

Interface = Literal["raw", "chat", "auto", "recorded"]
Metric = Literal["euclidean", "cosine", "nei", "kinship", "hellinger"]
Asks = Literal["text", "distribution"]
Scaling = Literal["unit-columns", "paper"]
Option = str | int | float | bool
KNOWABLE = ("interface", "max_tokens", "system", "temperature", "template", "top_p")
"""What may be unknown of how recorded answers were asked."""
UNRECORDED = "not recorded"


@dataclass(frozen=True, slots=True)
class Decoding:
    """How a model is asked.

    interface    raw: plain continuation; chat: through the chat template; auto: raw where the
                 model allows it, otherwise chat; recorded: unknown, the responses were given
    temperature  0 is greedy
    max_tokens   limit on generated tokens
    samples      answers a probe
    seed         base of the seeds of every (probe, sample)
    unknown      of answers recorded elsewhere: which of KNOWABLE nobody recorded. The values
                 beside it are then what is assumed, and shown as such
    cut          of answers recorded elsewhere: characters after which they were cut, 0 for none
    asks         text: answers; distribution: what the next token is, with its probabilities
    top          likeliest tokens of a distribution that are asked for, 0 for all
    """

    interface: Interface = "auto"
    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 16
    samples: int = 1
    seed: int = 0
    unknown: tuple[str, ...] = ()
    cut: int = 0
    asks: Asks = "text"
    top: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "unknown", tuple(sorted(set(self.unknown))))
        strange = sorted(set(self.unknown) - set(KNOWABLE))
        if strange or self.cut < 0:
            what = (
                f"'{', '.join(strange)!s:.40}' cannot be unknown" if strange else "cut is below 0"
            )
            raise AssayError(f"decoding: {what}; {', '.join(KNOWABLE)} can be unknown")
        if self.interface not in get_args(Interface):
            raise AssayError(
                f"interface '{self.interface!s:.40}' is unknown; use one of {get_args(Interface)}"
            )
        if self.asks not in get_args(Asks):
            raise AssayError(f"asks '{self.asks!s:.40}' is unknown; use one of {get_args(Asks)}")
        if self.asks == "distribution" and (
            self.samples > 1 or self.interface == "recorded" or self.temperature != 1
        ):
            raise AssayError(
                "a distribution is asked for once a context, at temperature 1, and is not recorded"
            )
        if self.top < 0 or (self.top and self.asks == "text"):
            raise AssayError("top is a number of tokens of a distribution, 0 for all")
        if not 0 <= self.temperature <= 5:
            raise AssayError(f"temperature {self.temperature} is outside 0 to 5")
        if not 0 < self.top_p <= 1:
            raise AssayError(f"top_p {self.top_p} is outside 0 (excluded) to 1")
        if self.max_tokens < 1 or self.samples < 1:
            raise AssayError("max_tokens and samples must be at least 1")
        if self.temperature == 0 and self.samples > 1:
            raise AssayError(
                "greedy decoding (temperature 0) gives the same answer every time: "
                "use samples = 1, or a temperature above 0"
            )

    @property
    def unsure(self) -> frozenset[str]:
        """What is not known of how the answers were asked; empty for answers that we asked."""
        if self.interface != "recorded":
            return frozenset(self.unknown)
        return frozenset(self.unknown or KNOWABLE) | {"interface"}

    def as_data(self) -> dict[str, Any]:
        """Plain data for hashing and storing; what only recorded answers or distributions have is
        left out of others, so that their hashes are those of earlier versions."""
        data = asdict(self)
        data["unknown"] = list(self.unknown)
        if self.asks == "text":
            del data["asks"], data["top"]
        return {k: v for k, v in data.items() if v or k not in ("unknown", "cut", "top")}

    def told(self) -> dict[str, str | int | float]:
        """For people: every setting, and of those that nobody recorded just that."""
        data = {k: v for k, v in self.as_data().items() if k != "unknown"}
        # Nobody who does not know the temperature knows a seed; ours was never sent.
        seed = {"seed"} if "temperature" in self.unsure else set()
        return {**data, **dict.fromkeys(sorted(self.unsure | seed), UNRECORDED)}


@dataclass(frozen=True)
class Protocol:
    """Probes and how they are asked; the identity of responses."""

    name: str
    probes: ProbeSet
    decoding: Decoding

    def __post_init__(self) -> None:
        if self.decoding.asks != "distribution":
            return
        wrong = [p.id for p in self.probes.probes if not p.text or p.text[-1].isspace()]
        if wrong:
            raise AssayError(
                f"context '{wrong[0]:.40}' is empty or ends with a blank: most tokenizers put the "
                "blank into the next token, so what comes after it is a matter of the tokenizer. "
                "End contexts with a word or a sign"
            )

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the probes and the decoding; names do not enter."""
        return digest({"probes": self.probes.digest, "decoding": self.decoding.as_data()})


@dataclass(frozen=True)
class EncoderSpec:
    """Name of an encoder, its options, and its share of the squared distance."""

    name: str
    options: Mapping[str, Option] = field(default_factory=dict)
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not self.weight > 0:
            raise AssayError(
                f"encoder '{self.name:.40}': weight must be above 0, not {self.weight}"
            )

    def as_data(self) -> dict[str, Any]:
        """Plain data for hashing and storing."""
        return {"name": self.name, "options": dict(self.options), "weight": float(self.weight)}


@dataclass(frozen=True, slots=True)
class Projection:
    """The shared Gaussian projection (LLM DNA, arXiv 2509.24496, section 4).

    dimension  L, the length of a DNA
    scaling    unit-columns: every column has norm 1, as the authors' release does;
               paper: entries N(0, 1/L), as the theorem states
    buckets    rows that sparse features are hashed to, with a sign; a power of two. Collisions
               add about L / buckets to the variance of the projection
    """

    dimension: int = 128
    seed: int = 42
    scaling: Scaling = "paper"
    buckets: int = 1 << 14

    def __post_init__(self) -> None:
        if self.buckets < 2 or self.buckets & (self.buckets - 1):
            raise AssayError(f"projection buckets must be a power of two, not {self.buckets}")
        if self.dimension < 1:
            raise AssayError(f"projection dimension must be at least 1, not {self.dimension}")
        if self.scaling not in get_args(Scaling):
            raise AssayError(
                f"scaling '{self.scaling!s:.40}' is unknown; use one of {get_args(Scaling)}"
            )


@dataclass(frozen=True)
class Method:
    """What is made of responses: encoders, projection, and the metric to compare by."""

    name: str
    encoders: tuple[EncoderSpec, ...]
    projection: Projection = field(default_factory=Projection)
    metric: Metric = "euclidean"
    metric_options: Mapping[str, Option] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.encoders:
            raise AssayError(f"method '{self.name:.40}' names no encoder")
        if self.metric not in get_args(Metric):
            raise AssayError(
                f"metric '{self.metric!s:.40}' is unknown; use one of {get_args(Metric)}"
            )

    def as_data(self) -> dict[str, Any]:
        """Plain data for hashing and storing; the name does not enter the hash."""
        return {
            "encoders": [e.as_data() for e in self.encoders],
            "projection": asdict(self.projection),
            "metric": self.metric,
            "metric_options": dict(self.metric_options),
        }

    @cached_property
    def digest(self) -> str:
        """SHA-256 over encoders, projection and metric."""
        return digest(self.as_data())


@dataclass(frozen=True)
class Assay:
    """A protocol and a method; the identity of a DNA."""

    name: str
    protocol: Protocol
    method: Method
    description: str = ""

    @cached_property
    def digest(self) -> str:
        """SHA-256 over protocol and method; names and descriptions do not enter."""
        return digest({"protocol": self.protocol.digest, "method": self.method.as_data()})

    @property
    def short(self) -> str:
        """Name and the first eight digits of the hash, for people."""
        return f"{self.name}#{self.digest[:8]}"

    def on(self, protocol: Protocol) -> Assay:
        """The same method on other responses (for example recorded ones)."""
        return replace(self, protocol=protocol)
