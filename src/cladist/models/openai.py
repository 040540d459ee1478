"""Any endpoint that speaks the OpenAI API: completions (raw) or chat.

    openai:MODEL@BASE_URL?interface=completions&concurrency=8&rpm=60&timeout=60&patience=600

BASE_URL is https://api.openai.com/v1 where none is given. The key is read from the environment
variable that `key_env` names (OPENAI_API_KEY) at the moment of asking, and kept nowhere.
`docs/endpoints.md` has all options, and what servers do that they are for.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

from cladist.core.hashing import digest
from cladist.core.likelihood import Likelihood
from cladist.core.next_token import Context, Gives, NextToken
from cladist.core.responses import Response
from cladist.errors import MissingExtraError, UsageError
from cladist.models._address import DEFAULT_BASE, DEFAULT_KEY, INTERFACES, Endpoint, split_target
from cladist.models._answers import ServerAnswers
from cladist.models._bridge import stream
from cladist.models._calls import Calls, Known
from cladist.models._describe import described
from cladist.models._endpoint import Meter
from cladist.models._prompting import (
    one_of,
    refuse_tokens_behind,
    require_interface,
    whole_number,
)
from cladist.models._settings import Settings
from cladist.models.base import AskedInterface, Identity, ModelURI, Request
from cladist.models.budget import Budget, Limits, Usage
from cladist.models.served import Counted, Described, Remembered

if TYPE_CHECKING:
    import ssl

    import openai as sdk

OPTIONS = (
    "interface", "rpm", "concurrency", "timeout", "retries", "patience", "key_env", "served",
    "thinking", "thoughts", "finish",
)  # fmt: skip


Q = TypeVar("Q")
A = TypeVar("A")


def _nobody(message: str) -> None:
    """Hear nothing."""


class OpenAIModel:
    """A model behind an endpoint."""

    def __init__(self, endpoint: Endpoint, uri: str = "") -> None:
        self.endpoint = endpoint
        self.identity = Identity(
            endpoint.model,
            uri or f"openai:{endpoint.model}@{endpoint.base_url}",
            "openai:" + digest(endpoint.known),
            endpoint.known,
        )
        self._meter = Meter()
        self._budget = Budget(Limits())
        self._settings = Settings(endpoint.thinking)
        self._answers = ServerAnswers(
            endpoint.served,
            thoughts=endpoint.thoughts,
            finish=endpoint.finish,
            thinking=endpoint.thinking,
        )
        self._stored = 0
        self._hear: Callable[[str], None] = _nobody

    def __repr__(self) -> str:
        return f"OpenAIModel({self.identity.uri!r})"

    @property
    def interfaces(self) -> frozenset[AskedInterface]:
        """Raw through /completions, chat through /chat/completions."""
        return self.endpoint.interfaces

    @property
    def usage(self) -> Usage:
        """Calls and tokens of this object so far."""
        return self._meter.usage

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was odd in the answers, such as thoughts before them."""
        if not self._settings.cannot_be_stopped:
            return self._answers.remarks
        return (
            "the server took no known way of being asked for no thoughts (thinking=off)",
            *self._answers.remarks,
        )

    @property
    def refused_settings(self) -> Mapping[str, str]:
        """Settings that the server does not take and that are not sent, with its words."""
        return dict(self._settings.refused)

    def remember(self, known: Remembered) -> None:
        """Go on as earlier runs did: the same model, without the settings that were refused."""
        self._settings.refused |= known.refused
        self._answers.expect(known.origin)
        self._stored = known.answers

    def tell(self, hear: Callable[[str], None]) -> None:
        """Say to `hear`, while answers are waited for, why nothing comes."""
        self._hear = hear

    def limit(self, budget: Budget) -> None:
        """Ask no more than `budget` allows from now on."""
        self._budget = budget

    @property
    def served_model(self) -> str:
        """The model id that the endpoint answers under, '' before the first answer."""
        return self._answers.served

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Answer as calls complete, `concurrency` at once.

        What may pass (429, 5xx, time-outs, lost connections, unreadable answers) is tried again
        for as long as patience lasts, and then marked on the response. Raises `EndpointError`
        when the key is refused, the model unknown, money or quota spent, another model answers
        than before, every request is refused in the same words, or the endpoint is dead. A
        spent budget ends it without the requests that were not made.
        """
        for request in requests:
            require_interface(self.identity, self.interfaces, request)
        return self._asked(requests, Calls.ask)

    @property
    def gives(self) -> Gives:
        """The likeliest few, where the endpoint gives log probabilities at all."""
        return "top"

    def next_tokens(self, contexts: Sequence[Context]) -> Iterator[tuple[int, NextToken]]:
        """Ask for the log probabilities of one token, as `answer` asks for texts.

        An endpoint that gives none answers every context with that error.
        """
        for context in contexts:
            require_interface(self.identity, self.interfaces, context)
            refuse_tokens_behind(self.identity, context)
        return self._asked(contexts, Calls.ask_next)

    def likelihoods(self, texts: Sequence[str]) -> Iterator[tuple[int, Likelihood]]:
        """Ask /completions to echo each text with its log probabilities.

        An endpoint that echoes nothing answers every text with that error. Raises `ModelError`
        for one that has chat alone: nobody's message is a text by itself.
        """
        for text in texts:
            require_interface(self.identity, self.interfaces, Context(text))
        return self._asked(texts, Calls.ask_likelihood)

    def count(self, requests: Sequence[Request]) -> Iterator[tuple[int, Counted]]:
        """Answer as `answer` does, with the tokens that the server says it read and wrote."""
        for request in requests:
            require_interface(self.identity, self.interfaces, request)
        return self._asked(requests, Calls.ask_counted)

    @cached_property
    def _trusted(self) -> ssl.SSLContext:
        """The authorities that may vouch for a server: reading them takes as long as ten calls."""
        import openai as sdk

        library = import_module(type(sdk.DEFAULT_CONNECTION_LIMITS).__module__)
        found: ssl.SSLContext = library.create_ssl_context(trust_env=not self.endpoint.local)
        return found

    def describe(self) -> Described:
        """What the server says of itself: its models, and headers that name software or limits.

        One call, without a retry; a failure is told, and raises nothing.
        """
        key = self.endpoint.key()

        async def produce(emit: Callable[[Described], None]) -> None:
            async with _client(self.endpoint, key, self._trusted) as client:
                emit(await described(client, self.endpoint, key))

        (found,) = stream(produce)
        return found

    def _asked(
        self, questions: Sequence[Q], ask: Callable[[Calls, Q], Awaitable[A | None]]
    ) -> Iterator[tuple[int, A]]:
        """Ask all questions, `concurrency` at once."""
        if not questions:
            return iter(())
        key = self.endpoint.key()

        async def produce(emit: Callable[[tuple[int, A]], None]) -> None:
            async with _client(self.endpoint, key, self._trusted) as client:
                known = Known(
                    self.endpoint, self._settings, self._answers, self._budget, self._meter,
                    self._hear, self._stored,
                )  # fmt: skip
                run = Calls(known, client, key)
                todo = iter(enumerate(questions))

                async def worker() -> None:
                    for index, question in todo:
                        found = await ask(run, question)
                        if found is None:
                            return
                        emit((index, found))

                size = min(self.endpoint.concurrency, len(questions))
                tasks = [asyncio.create_task(worker()) for _ in range(size)]
                try:
                    await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
                finally:
                    for task in tasks:
                        task.cancel()
                    ended = await asyncio.gather(*tasks, return_exceptions=True)
                for outcome in ended:
                    if outcome is not None and not isinstance(outcome, asyncio.CancelledError):
                        raise outcome

        return stream(produce)

    def close(self) -> None:
        """Connections are closed at the end of every `answer`; nothing else is held."""


@asynccontextmanager
async def _client(
    endpoint: Endpoint, key: str, trusted: ssl.SSLContext
) -> AsyncIterator[sdk.AsyncOpenAI]:
    import openai as sdk

    # No connection is used twice: after a server or proxy that sends an answer twice, every later
    # answer on the same connection would be that of the request before. Proxies of the
    # environment cannot reach this machine's own ports.
    limits = type(sdk.DEFAULT_CONNECTION_LIMITS)  # of the HTTP library that the SDK has
    http = sdk.DefaultAsyncHttpxClient(
        trust_env=not endpoint.local,
        verify=trusted,
        limits=limits(max_connections=endpoint.concurrency, max_keepalive_connections=0),
    )
    client = sdk.AsyncOpenAI(
        api_key=key,
        base_url=endpoint.base_url,
        timeout=float(endpoint.timeout),
        max_retries=0,
        http_client=http,
    )
    try:
        yield client
    finally:
        await client.close()


def open_uri(uri: ModelURI) -> OpenAIModel:
    """An endpoint from openai:MODEL@BASE_URL; nothing is asked of it yet."""
    if {"key", "api_key", "token"} & set(uri.options):
        raise UsageError(
            "a key does not belong into a model URI, where it would be stored; put it into an "
            "environment variable and name that with key_env=NAME"
        )
    model, base = split_target(uri)
    uri.only(*OPTIONS)
    try:
        import openai  # noqa: F401
    except ImportError:
        raise MissingExtraError("asking an endpoint", "openai") from None
    default = "chat" if base == DEFAULT_BASE else ""
    interface = one_of(uri, "interface", default, tuple(INTERFACES))
    key_env = uri.option("key_env", DEFAULT_KEY)
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key_env):
        raise UsageError("key_env takes the name of an environment variable, not a key")
    endpoint = Endpoint(
        model,
        base,
        INTERFACES[interface],
        key_env,
        "key_env" in uri.options,
        whole_number(uri, "concurrency", 8, 1, 1024),
        whole_number(uri, "timeout", 60, 1, 86_400),
        whole_number(uri, "retries", 0, 0, 100) if "retries" in uri.options else None,
        whole_number(uri, "rpm", 0, 0, 1_000_000),
        uri.option("served"),
        whole_number(uri, "patience", 600, 0, 86_400),
        _thinking(uri),
        one_of(uri, "thoughts", "apart", ("apart", "answer")),
        uri.option("finish"),
    )
    return OpenAIModel(endpoint, uri.text.partition("#")[0])


def _thinking(uri: ModelURI) -> str:
    """'off', a number of tokens, or '' where the URI says nothing of thinking."""
    if uri.option("thinking") in ("", "off"):
        return uri.option("thinking")
    return str(whole_number(uri, "thinking", 1, 1, 1_000_000))
