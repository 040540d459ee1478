"""Any endpoint that speaks the OpenAI API: completions (raw) or chat.

    openai:MODEL@BASE_URL?interface=completions&concurrency=8&rpm=60&timeout=60&retries=6

BASE_URL is https://api.openai.com/v1 where none is given. The key is read from the environment
variable that `key_env` names (OPENAI_API_KEY) at the moment of asking, and kept nowhere.
`served=ID` pins the model id that answers must carry.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cladist.core.hashing import digest, key64
from cladist.core.responses import Response
from cladist.errors import EndpointError, MissingExtraError, UsageError
from cladist.models._address import DEFAULT_BASE, DEFAULT_KEY, INTERFACES, Endpoint, split_target
from cladist.models._answers import Answered, Answers
from cladist.models._bridge import stream
from cladist.models._endpoint import LONGEST_WAIT, Meter, Pace, Pulse, backoff, retry_after
from cladist.models._prompting import (
    messages,
    one_of,
    raw_text,
    require_interface,
    whole_number,
)
from cladist.models.base import AskedInterface, Identity, ModelURI, Request
from cladist.models.budget import Budget, Limits, Reserved, Usage

if TYPE_CHECKING:
    import openai as sdk

_RETRIED = frozenset({408, 409, 425, 429})


@dataclass(frozen=True, slots=True)
class _Retry:
    """A call that may be tried again. `after` is the wait that the server asked for.

    `unknown`: the request may have been answered, and billed, though the answer was not had.
    """

    why: str
    after: float | None = None
    unreached: bool = False
    limited: bool = False
    unknown: bool = False


class OpenAIModel:
    """A model behind an endpoint."""

    def __init__(self, endpoint: Endpoint, uri: str = "") -> None:
        self.endpoint = endpoint
        known = {"base_url": endpoint.base_url, "model": endpoint.model}
        pinned = {"served": endpoint.served} if endpoint.served else {}
        self.identity = Identity(
            endpoint.model,
            uri or f"openai:{endpoint.model}@{endpoint.base_url}",
            "openai:" + digest({**known, **pinned}),
            {**known, **pinned},
        )
        self._meter = Meter()
        self._budget = Budget(Limits())
        self._answers = Answers(endpoint.served)
        self._limit_name = "max_tokens"

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
        """Whether the endpoint changed its configuration (system_fingerprint) under way."""
        return self._answers.remarks

    def limit(self, budget: Budget) -> None:
        """Ask no more than `budget` allows from now on."""
        self._budget = budget

    @property
    def served_model(self) -> str:
        """The model id that the endpoint answers under, '' before the first answer."""
        return self._answers.served

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Answer as calls complete, `concurrency` at once.

        Faults (429, 5xx, time-outs, lost connections, unreadable answers) are retried a bounded
        number of times and then marked on the response. Raises `EndpointError` when the key is
        refused, the model unknown, the quota spent, or the endpoint dead. A spent budget ends it
        without the requests that were not made.
        """
        for request in requests:
            require_interface(self.identity, self.interfaces, request)
        if not requests:
            return iter(())
        key = self.endpoint.key()

        async def produce(emit: Callable[[tuple[int, Response]], None]) -> None:
            async with _client(self.endpoint, key) as client:
                run = _Run(self, client, key)
                todo = iter(enumerate(requests))

                async def worker() -> None:
                    for index, request in todo:
                        response = await run.ask(request)
                        if response is None:
                            return
                        emit((index, response))

                size = min(self.endpoint.concurrency, len(requests))
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
async def _client(endpoint: Endpoint, key: str) -> AsyncIterator[sdk.AsyncOpenAI]:
    import openai as sdk

    # No connection is used twice: after a server or proxy that sends an answer twice, every later
    # answer on the same connection would be that of the request before. Proxies of the
    # environment cannot reach this machine's own ports.
    limits = type(sdk.DEFAULT_CONNECTION_LIMITS)  # of the HTTP library that the SDK has
    http = sdk.DefaultAsyncHttpxClient(
        trust_env=not endpoint.local,
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


class _Run:
    """One pass over requests: one client, one pace, one pulse."""

    def __init__(self, model: OpenAIModel, client: sdk.AsyncOpenAI, key: str) -> None:
        self.model = model
        self.endpoint = model.endpoint
        self.client = client
        self.pace = Pace(model.endpoint.rpm)
        self.pulse = Pulse(model.endpoint.concurrency)
        self._key = key

    async def ask(self, request: Request) -> Response | None:
        """Try until there is an answer or tries are used up; None when the budget is."""
        text = raw_text(request)
        try:
            text.encode()
        except UnicodeEncodeError:
            return Response.error("the prompt holds half a surrogate pair, which cannot be sent")
        seed = key64(text) ^ request.seed
        why = ""
        for attempt in range(self.endpoint.retries + 1):
            held = await self._reserved(request)
            if held is None:
                return Response.error(f"{why}; then the budget was spent") if why else None
            outcome = await self._counted(request, held)
            if isinstance(outcome, Answered):
                self.pulse.answered()
                return outcome.response
            why = outcome.why
            if not outcome.limited and self.pulse.failed(unreached=outcome.unreached):
                raise EndpointError(
                    f"{self.endpoint.base_url} does not work: {outcome.why}. Check that the "
                    "server runs and that the address ends as its documentation says (often /v1)"
                )
            if outcome.after is not None and outcome.after > LONGEST_WAIT:
                return Response.error(f"{outcome.why}; it asks to wait {outcome.after:.0f} s")
            if attempt < self.endpoint.retries:
                wait = backoff(attempt, seed)
                if outcome.after is not None:
                    self.pace.pause(outcome.after)
                    wait = max(outcome.after, wait / 10)
                await asyncio.sleep(wait)
        return Response.error(f"{why} ({self.endpoint.retries + 1} tries)")

    async def _reserved(self, request: Request) -> Reserved | None:
        """Room for one call; None when there never will be."""
        budget = self.model._budget
        while (held := budget.reserve(request)) is None and not budget.over:
            await asyncio.sleep(0.02)  # calls under way may take less than was reserved for them
        return held

    async def _counted(self, request: Request, held: Reserved) -> Answered | _Retry:
        """A call in its turn, counted whatever becomes of it."""
        budget, meter = self.model._budget, self.model._meter
        try:
            await self.pace.turn()
        except BaseException:
            budget.release(held)
            raise
        try:
            outcome = await self._call(request)
        except EndpointError:
            meter.add(budget.settle(held, 0, 0, failed=True))
            raise
        except BaseException:
            meter.add(budget.settle(held, None, None, failed=True))
            raise
        if isinstance(outcome, Answered):
            failed = not outcome.response.final
            meter.add(budget.settle(held, outcome.prompt, outcome.completion, failed=failed))
        else:
            took = None if outcome.unknown else 0
            meter.add(budget.settle(held, took, took, failed=True))
        return outcome

    async def _call(self, request: Request) -> Answered | _Retry:
        import openai as sdk

        limit_name = self.model._limit_name
        try:
            async with asyncio.timeout(self.endpoint.timeout):
                raw = await self._post(request, limit_name)
        except (sdk.APITimeoutError, TimeoutError):
            return _Retry(f"no answer within {self.endpoint.timeout} s", unknown=True)
        except sdk.APIConnectionError as problem:
            cause = type(problem.__cause__).__name__
            lost = cause.startswith("Connect")
            return _Retry(f"connection failed ({cause})", unreached=lost, unknown=not lost)
        except sdk.APIStatusError as problem:
            refused = problem
        else:
            read = self.model._answers.read(raw, request, self._printable)
            return read or _Retry("the answer is no JSON of the OpenAI API", unknown=True)
        # Outside the handler: an error raised there would carry the server's words along, and
        # servers quote keys.
        return self._refusal(refused, limit_name)

    async def _post(self, request: Request, limit_name: str) -> bytes:
        body: dict[str, Any] = {
            "model": self.endpoint.model,
            limit_name: request.max_tokens,
            "temperature": request.temperature,
            "top_p": request.top_p,
        }
        if request.temperature > 0:
            # Engines hold seeds in 32 bits; fold, so that different seeds stay different.
            body["seed"] = (request.seed ^ request.seed >> 31) & 0x7FFFFFFF
        create: Any
        if request.interface == "chat":
            body["messages"] = messages(request)
            create = self.client.chat.completions.with_raw_response.create
        else:
            body["prompt"] = raw_text(request)
            create = self.client.completions.with_raw_response.create
        answer = await create(**body)
        content: bytes = answer.http_response.content
        return content

    def _refusal(self, problem: sdk.APIStatusError, limit_name: str) -> Answered | _Retry:
        """An HTTP status that is no success."""
        status, told = problem.status_code, self._told(problem)
        where = f"{self.endpoint.base_url} (HTTP {status})"
        if status in (401, 403):
            raise EndpointError(
                f"{where} refuses the key: {told}. The key is read from the environment variable "
                f"{self.endpoint.key_env}; another one can be named with key_env=NAME"
            )
        if status == 404:
            raise EndpointError(
                f"{where} does not know model '{self.endpoint.model}' or the interface: {told}. "
                "Check the name and the address; interface=chat or interface=completions picks "
                "the one that the server has"
            )
        if status == 429 and problem.code == "insufficient_quota":
            raise EndpointError(f"{where}: the quota is spent: {told}")
        if status in _RETRIED or status >= 500:
            after = retry_after(problem.response.headers)
            return _Retry(f"HTTP {status}: {told}", after, limited=status == 429)
        if limit_name == "max_tokens" and "max_completion_tokens" in told:
            # Newer chat models know the limit by this name alone.
            self.model._limit_name = "max_completion_tokens"
            return _Retry(f"HTTP {status}: {told}", after=0.0)
        return Answered(Response.error(f"HTTP {status}: {told}"), 0, 0)

    def _told(self, problem: sdk.APIStatusError) -> str:
        """What the server says, printable, short, and without the key."""
        body = problem.body
        told = body.get("message") if isinstance(body, dict) else body
        text = str(told or problem.response.reason_phrase or "no reason given")
        return self._printable(text)

    def _printable(self, text: str) -> str:
        if self._key != "none":
            text = text.replace(self._key, "***")
        # Servers quote keys with the middle left out; that is still a piece of the key.
        text = re.sub(r"\b(sk|key)-[\w*-]{6,}", "***", text)
        return "".join(c if c.isprintable() else " " for c in text)[:200].strip()


def open(uri: ModelURI) -> OpenAIModel:
    """An endpoint from openai:MODEL@BASE_URL; nothing is asked of it yet."""
    if {"key", "api_key", "token"} & set(uri.options):
        raise UsageError(
            "a key does not belong into a model URI, where it would be stored; put it into an "
            "environment variable and name that with key_env=NAME"
        )
    model, base = split_target(uri)
    uri.only("interface", "rpm", "concurrency", "timeout", "retries", "key_env", "served")
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
        whole_number(uri, "retries", 6, 0, 100),
        whole_number(uri, "rpm", 0, 0, 1_000_000),
        uri.option("served"),
    )
    return OpenAIModel(endpoint, uri.text.partition("#")[0])
