"""The contract of a model: one method that answers requests.

A backend is a class with an `identity`, the interfaces it offers, `answer`, and `close`. It is
made from a parsed URI by the `open` function of its module; `cladist.models.open_model` looks
the module up by scheme and imports it only then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable
from urllib.parse import parse_qsl

from cladist.core.likelihood import Likelihood
from cladist.core.next_token import Context, Gives, NextToken
from cladist.core.responses import Response
from cladist.errors import UsageError

AskedInterface = Literal["raw", "chat"]


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a model.

    interface    raw: continue `prompt` as it stands; chat: answer it as a user's message
    system       system message (chat) or a text put before the prompt (raw); '' for none
    seed         seed of the sampler; without meaning at temperature 0
    """

    prompt: str
    max_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    interface: AskedInterface = "raw"
    system: str = ""


@dataclass(frozen=True)
class Identity:
    """What a model is, precisely enough that answers of two models are never confused.

    name         short name for people
    uri          how it was opened, without keys
    fingerprint  file hash, revision or endpoint with every setting that changes answers
    metadata     what else is known (architecture, parameters, quantisation, declared parent)
    """

    name: str
    uri: str
    fingerprint: str
    metadata: Mapping[str, str] = field(default_factory=dict)


class Model(Protocol):
    """A model that can be asked."""

    @property
    def identity(self) -> Identity:
        """What the model is."""
        ...

    @property
    def interfaces(self) -> frozenset[AskedInterface]:
        """Which interfaces it offers."""
        ...

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Answer all requests, yielding (index, response) as each is done, in any order.

        Every index is yielded exactly once, unless a budget (`cladist.models.budget`) ends before
        the requests do. A request that fails is answered with
        `Response.error`; a failure that no retry can mend (wrong key, model gone) raises
        `ModelError`, and what was yielded before stays valid.
        """
        ...

    def close(self) -> None:
        """Free memory, processes and connections; safe to call twice."""
        ...


@runtime_checkable
class TellsNextToken(Protocol):
    """A model that tells what it thinks the next token is; not every `Model` does."""

    @property
    def gives(self) -> Gives:
        """How much of a distribution it tells, at best."""
        ...

    def next_tokens(self, contexts: Sequence[Context]) -> Iterator[tuple[int, NextToken]]:
        """Answer all contexts, yielding (index, answer) as each is done, in any order.

        One forward pass a context and nothing generated. A context that fails is answered with
        `NextToken.failed`; a failure that no retry can mend raises `ModelError`.
        """
        ...


@runtime_checkable
class TellsLikelihood(Protocol):
    """A model that tells how likely it finds a given text: transformers, vLLM, and endpoints
    with completions that echo. llama.cpp and chat endpoints do not."""

    def likelihoods(self, texts: Sequence[str]) -> Iterator[tuple[int, Likelihood]]:
        """Score all texts as they stand, yielding (index, likelihood) in any order.

        Nothing is generated. A text that fails is answered with `Likelihood.failed`; a failure
        that no retry can mend raises `ModelError`.
        """
        ...


@dataclass(frozen=True)
class ModelURI:
    """A parsed model URI: scheme:target[?option=value&...][#name].

    Options `system` and `temperature`, `top_p` disguise any model: a deployment that adds a
    system prompt or samples in its own way. `#name` gives the model a name for people.
    """

    text: str
    scheme: str
    target: str
    options: Mapping[str, str]
    name: str = ""

    def option(self, key: str, default: str = "") -> str:
        """Value of an option, or the default."""
        return self.options.get(key, default)

    def only(self, *known: str) -> None:
        """Refuse options that the backend does not know (`UsageError`)."""
        wrong = sorted(set(self.options) - set(known) - set(DISGUISES))
        if wrong:
            raise UsageError(
                f"'{self.text}': unknown option {', '.join(wrong)}; "
                f"{self.scheme} knows {', '.join((*known, *DISGUISES))}"
            )


DISGUISES = ("system", "temperature", "top_p")


def parse_uri(text: str) -> ModelURI:
    """Split a model URI; `UsageError` tells the form when it has none of it."""
    scheme, colon, rest = text.partition(":")
    if not colon or not scheme or not rest:
        raise UsageError(
            f"'{text}' is not a model URI: write scheme:target, for example gguf:model.gguf, "
            "hf:org/name@revision or openai:name@http://127.0.0.1:8080/v1"
        )
    rest, _, name = rest.partition("#")
    target, _, query = rest.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    if not target:
        raise UsageError(f"'{text}' names no model after '{scheme}:'")
    return ModelURI(text, scheme.lower(), target, options, name)
