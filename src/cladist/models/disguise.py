"""A model behind another face: a deployment that adds a system prompt or samples as it likes.

The assay asks as always; the disguise changes what reaches the model, so it belongs to the
model's identity, not to the assay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from cladist.core.hashing import digest
from cladist.core.next_token import Context, Gives, NextToken, as_sampled
from cladist.core.responses import Response
from cladist.errors import ModelError, UsageError
from cladist.models.base import (
    DISGUISES,
    AskedInterface,
    Identity,
    Model,
    ModelURI,
    Request,
    TellsNextToken,
)
from cladist.models.budget import Budget, Usage
from cladist.models.served import Remembered, Served


@dataclass(frozen=True)
class _Disguised:
    inner: Model
    identity: Identity
    system: str
    temperature: float | None
    top_p: float | None

    @property
    def interfaces(self) -> frozenset[AskedInterface]:
        return self.inner.interfaces

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        return self.inner.answer([self._changed(r) for r in requests])

    def _changed(self, request: Request) -> Request:
        return replace(
            request,
            system=self.system or request.system,
            temperature=request.temperature if self.temperature is None else self.temperature,
            top_p=request.top_p if self.top_p is None else self.top_p,
        )

    def close(self) -> None:
        self.inner.close()


@runtime_checkable
class _TellingModel(Model, TellsNextToken, Protocol):
    """Both."""


@dataclass(frozen=True)
class _DisguisedTelling(_Disguised):
    """The disguise of a model that tells its next token."""

    inner: _TellingModel

    @property
    def gives(self) -> Gives:
        return self.inner.gives

    def next_tokens(self, contexts: Sequence[Context]) -> Iterator[tuple[int, NextToken]]:
        """What the deployment would say next: its temperature and top-p change that as well."""
        system, hot = self.system, self.temperature not in (None, 1.0)
        sampled = hot or self.top_p not in (None, 1.0)
        asked = [
            replace(c, system=system or c.system, top=0 if sampled else c.top) for c in contexts
        ]
        if sampled and self.gives != "all":
            raise ModelError(
                f"model '{self.identity.name}': a temperature or top-p changes a distribution as a "
                "whole, and only the likeliest tokens are told; leave them out of the URI"
            )
        for index, said in self.inner.next_tokens(asked):
            if sampled and not said.error:
                said = as_sampled(
                    said,
                    1.0 if self.temperature is None else self.temperature,
                    1.0 if self.top_p is None else self.top_p,
                    contexts[index].top,
                )
            yield index, said


@runtime_checkable
class _ServedModel(Model, Served, Protocol):
    """Both."""


@runtime_checkable
class _ServedTellingModel(_ServedModel, TellsNextToken, Protocol):
    """All of them."""


@dataclass(frozen=True)
class _DisguisedServed(_Disguised):
    """The disguise of a model that a server answers for."""

    inner: _ServedModel

    @property
    def usage(self) -> Usage:
        return self.inner.usage

    @property
    def remarks(self) -> tuple[str, ...]:
        return self.inner.remarks

    def limit(self, budget: Budget) -> None:
        self.inner.limit(budget)

    @property
    def served_model(self) -> str:
        return self.inner.served_model

    @property
    def refused_settings(self) -> Mapping[str, str]:
        return self.inner.refused_settings

    def remember(self, known: Remembered) -> None:
        self.inner.remember(known)

    def tell(self, hear: Callable[[str], None]) -> None:
        self.inner.tell(hear)


@dataclass(frozen=True)
class _DisguisedServedTelling(_DisguisedServed, _DisguisedTelling):
    """The disguise of a model behind a server that gives log probabilities."""

    inner: _ServedTellingModel


def disguised(model: Model, uri: ModelURI) -> Model:
    """`model` under the URI's `system`, `temperature` and `top_p`, and under its `#name`."""
    worn = {k: uri.options[k] for k in DISGUISES if k in uri.options}
    identity = model.identity
    if uri.name:
        identity = replace(identity, name=uri.name)
    if not worn:
        return model if not uri.name else _made(model, identity, "", None, None)
    settings = digest(worn)[:16]
    identity = replace(
        identity,
        name=uri.name or f"{identity.name}~{settings[:6]}",
        uri=uri.text.partition("#")[0],
        fingerprint=f"{identity.fingerprint}+{settings}",
        metadata={**identity.metadata, **{f"disguise.{k}": v for k, v in worn.items()}},
    )
    return _made(
        model,
        identity,
        worn.get("system", ""),
        _number(uri, "temperature", 0.0, 5.0),
        _number(uri, "top_p", 0.0, 1.0),
    )


def _made(
    model: Model, identity: Identity, system: str, temperature: float | None, top_p: float | None
) -> Model:
    if isinstance(model, _ServedTellingModel):
        return _DisguisedServedTelling(model, identity, system, temperature, top_p)
    if isinstance(model, _TellingModel):
        return _DisguisedTelling(model, identity, system, temperature, top_p)
    if isinstance(model, _ServedModel):
        return _DisguisedServed(model, identity, system, temperature, top_p)
    return _Disguised(model, identity, system, temperature, top_p)


def _number(uri: ModelURI, key: str, low: float, high: float) -> float | None:
    if key not in uri.options:
        return None
    try:
        value = float(uri.options[key])
    except ValueError:
        raise UsageError(f"'{uri.text}': {key} must be a number") from None
    if not low <= value <= high:
        raise UsageError(f"'{uri.text}': {key} must lie between {low} and {high}")
    return value
