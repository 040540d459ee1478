"""Calls to an endpoint, each tried until there is an answer or no more sense in trying."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cladist.core.hashing import key64
from cladist.core.likelihood import Likelihood
from cladist.core.next_token import Context, NextToken
from cladist.core.responses import Response, State
from cladist.errors import EndpointError
from cladist.models._address import Endpoint
from cladist.models._answers import Answered, Reply, ServerAnswers
from cladist.models._endpoint import (
    FAULT_SECONDS,
    UNHEARD_SECONDS,
    Meter,
    Pace,
    Pulse,
    backoff,
    retry_after,
)
from cladist.models._faults import Kind, Told, about_key, judged, told_by, unpaid
from cladist.models._prompting import raw_text
from cladist.models._settings import Echoed, Scored, Settings
from cladist.models._wire import Unreadable, parsed
from cladist.models.base import Request
from cladist.models.budget import Budget, Reserved
from cladist.models.served import Counted

if TYPE_CHECKING:
    import openai as sdk

__all__ = ["Calls", "Known"]


@dataclass(frozen=True, slots=True)
class _Failed:
    """A call without an answer.

    after      seconds that the server asks to wait
    unreached  nobody took the call
    unknown    it may have been answered, and billed, though the answer was not had
    once       it is worth waiting for a single time: the words are those of a spent quota
    """

    kind: Kind
    why: str
    after: float | None = None
    unreached: bool = False
    unknown: bool = False
    once: bool = False


def _error(why: str) -> Answered:
    """A request that got no answer in the end."""
    return Answered(Response.error(why), None, None)


class _Adapted:
    """The server refused a setting by name; the call is made again without it."""


@dataclass(frozen=True)
class Known:
    """What a model knows of its endpoint, over all of its runs."""

    endpoint: Endpoint
    settings: Settings
    answers: ServerAnswers
    budget: Budget
    meter: Meter
    hear: Callable[[str], None]
    stored: int = 0


class Calls:
    """One pass over requests: one client, one pace, one pulse."""

    def __init__(self, known: Known, client: sdk.AsyncOpenAI, key: str) -> None:
        self.known = known
        self.endpoint = known.endpoint
        self.client = client
        self.pace = Pace(known.endpoint.rpm)
        self.pulse = Pulse(known.endpoint.concurrency, known.endpoint.patience)
        self._key = key
        self._quota_ends = 0.0

    async def ask(self, request: Request) -> Response | None:
        """The answer to a request; None when the budget ends before there is one.

        Raises `EndpointError` when the endpoint is of no use to any request.
        """
        found = await self._tried(request)
        return None if found is None else found.response

    async def ask_next(self, context: Context) -> NextToken | None:
        """The next token after a context; otherwise as `ask`."""
        # At temperature 1 log probabilities are the model's own, whether a server tells them
        # before it samples or after.
        request = Scored(
            context.text, 1, 1.0, interface=context.interface, system=context.system,
            top=context.top,
        )  # fmt: skip
        found = await self._tried(request)
        if found is None:
            return None
        return found.next or NextToken.failed(found.response.detail or "no answer")

    async def ask_likelihood(self, text: str) -> Likelihood | None:
        """The likelihood of a text; otherwise as `ask`."""
        found = await self._tried(Echoed(text, 1, 1.0))
        if found is None:
            return None
        return found.echo or Likelihood.failed(found.response.detail or "no answer")

    async def ask_counted(self, request: Request) -> Counted | None:
        """An answer, and the tokens of the prompt as the server counts them; else as `ask`."""
        found = await self._tried(request)
        return None if found is None else Counted(found.response, found.prompt, found.completion)

    async def _tried(self, request: Request) -> Answered | None:
        """Try until there is an answer or patience ends; None when the budget does.

        Raises `EndpointError` when the endpoint is of no use to any request.
        """
        text = raw_text(request)
        try:
            text.encode()
        except UnicodeEncodeError:
            return _error("the prompt holds half a surrogate pair, which cannot be sent")
        seed = key64(text) ^ request.seed
        why, tries, since = "", 0, 0.0
        while True:
            held = await self._reserved(request)
            if held is None:
                return _error(f"{why}; then the budget was spent") if why else None
            begun = time.monotonic()
            outcome = await self._counted(request, held)
            if isinstance(outcome, _Adapted):
                continue
            if isinstance(outcome, Answered):
                return self._heard(outcome)
            why, since, tries = outcome.why, since or begun, tries + 1
            self._end_if_useless(outcome, text, begun)
            wait = self._wait(outcome, tries, begun - since, seed)
            if wait is None:
                if self.pulse.gave_up():
                    raise self._dead(why, outcome.kind)
                counted = f" ({tries} tries)" if tries > 1 else ""
                return _error(f"{why}{counted}")
            self._tell(outcome, wait)
            await asyncio.sleep(wait)

    def _heard(self, outcome: Answered) -> Answered:
        """Take an answer, and end the run when it is not the expected model's any more."""
        if not outcome.heard:
            if self.pulse.gave_up():
                raise self._dead(outcome.response.detail)
            return outcome
        self._quota_ends = 0.0
        if (waited := self.pulse.answered()) >= 1:
            self.known.hear(f"{self.endpoint.base_url} answers again, after {waited:.0f} s")
        answers = self.known.answers
        if other := answers.moved:
            before = f"the {self.known.stored} answers stored before" if self.known.stored else ""
            pinned = f"served={self.endpoint.served} in the URI" if self.endpoint.served else ""
            raise EndpointError(
                f"{self.endpoint.base_url} now answers as '{other}', and "
                f"{before or pinned} {'are' if before else 'asks for'} of '{answers.served}'. "
                "Answers of two models are not mixed. To ask the new one, give it a name of its "
                f"own: add served={other} to the options of the URI, and #NAME at its end"
            )
        return outcome

    def _end_if_useless(self, failed: _Failed, text: str, begun: float) -> None:
        """Raise `EndpointError` for a failure that every other request would meet as well."""
        if failed.kind is Kind.PERMANENT:
            raise EndpointError(failed.why)
        if failed.once:
            if self._quota_ends and begun > self._quota_ends:
                raise EndpointError(
                    f"{self.endpoint.base_url}: {failed.why}. Waiting as it asked did not help"
                )
            self._quota_ends = self._quota_ends or time.monotonic() + (failed.after or 0.0)
        if failed.after is not None and failed.after > self.endpoint.patience:
            raise EndpointError(
                f"{self.endpoint.base_url}: {failed.why}; it asks to wait {failed.after:.0f} s. "
                "Run the same command again after that: what was answered is stored"
            )
        unreached = failed.unreached
        if self.pulse.failed(failed.kind, failed.why, text, begun=begun, unreached=unreached):
            raise self._dead(failed.why, None if failed.unreached else failed.kind)

    def _wait(self, failed: _Failed, tries: int, passed: float, seed: int) -> float | None:
        """Seconds to wait before the next try; None when there is to be none."""
        bound, patience = self.endpoint.retries, self._patience(failed.kind)
        if failed.kind is Kind.REQUEST or passed >= patience:
            return None
        if bound is not None and tries > bound:
            return None
        wait = min(backoff(tries - 1, seed), patience - passed)
        if failed.after is not None:
            self.pace.pause(failed.after)
            wait = max(failed.after, wait / 10)
        return wait

    def _patience(self, kind: Kind) -> float:
        """Seconds for which a request is tried again."""
        patience = float(self.endpoint.patience)
        if kind is Kind.FAULT:
            return min(patience, FAULT_SECONDS if self.pulse.heard else UNHEARD_SECONDS)
        return patience

    def _tell(self, failed: _Failed, wait: float) -> None:
        passed = self.pulse.waiting(wait)
        if passed is not None:
            self.known.hear(
                f"waiting for {self.endpoint.base_url}: {failed.why} ({passed:.0f} s so far, "
                f"{self._patience(failed.kind):.0f} s at most; patience=SECONDS in the URI is the "
                "bound)"
            )

    def _dead(self, why: str, alike: Kind | None = None) -> EndpointError:
        """The end of the run; `alike` is the kind of a failure that every request met."""
        where = self.endpoint.base_url
        if alike is Kind.REQUEST:
            return EndpointError(
                f"{where} refuses every request in the same words: {why}. What it does not take "
                "has to be changed in the URI or the assay"
            )
        if alike is Kind.FAULT:
            return EndpointError(
                f"{where} answers no request: {why}. Check that the address is the one of an "
                "OpenAI API (it often ends in /v1), and what the server's own log says"
            )
        return EndpointError(
            f"{where} does not work: {why}. Check that the server runs and that the address ends "
            "as its documentation says (often /v1)"
        )

    async def _reserved(self, request: Request) -> Reserved | None:
        """Room for one call; None when there never will be."""
        budget, grant = self.known.budget, self.known.settings.grant
        most = replace(request, max_tokens=request.max_tokens + grant)
        while (held := budget.reserve(most)) is None and not budget.over:
            await asyncio.sleep(0.02)  # calls under way may take less than was reserved for them
        return held

    async def _counted(self, request: Request, held: Reserved) -> Answered | _Failed | _Adapted:
        """A call in its turn, counted whatever becomes of it."""
        budget, meter = self.known.budget, self.known.meter
        try:
            await self.pace.turn()
        except BaseException:
            budget.release(held)
            raise
        try:
            outcome = await self._call(request)
        except BaseException:
            meter.add(budget.settle(held, None, None, failed=True))
            raise
        if isinstance(outcome, Answered):
            failed = not outcome.response.final
            meter.add(budget.settle(held, outcome.prompt, outcome.completion, failed=failed))
        else:
            unknown = isinstance(outcome, _Failed) and outcome.unknown
            took = None if unknown else 0
            meter.add(budget.settle(held, took, took, failed=True))
        return outcome

    async def _call(self, request: Request) -> Answered | _Failed | _Adapted:
        import openai as sdk

        sent = self.known.settings.body(request, self.endpoint.model)
        try:
            async with asyncio.timeout(self.endpoint.timeout):
                reply = await self._post(request, sent)
        except (sdk.APITimeoutError, TimeoutError):
            why = f"no answer within {self.endpoint.timeout} s"
            return _Failed(Kind.WAIT, why, unknown=True)
        except sdk.APIConnectionError as problem:
            cause = type(problem.__cause__).__name__
            lost = cause.startswith("Connect")
            why = f"connection failed ({cause})"
            return _Failed(Kind.FAULT, why, unreached=lost, unknown=not lost)
        except sdk.APIStatusError as problem:
            refused = problem
        else:
            read = self.known.answers.read(reply, request, self._printable)
            if isinstance(read, Unreadable):
                why = self._printable(read.why)
                if read.lasting:
                    return _Failed(Kind.PERMANENT, f"{self.endpoint.base_url}: {why}")
                return _Failed(Kind.FAULT, why, unknown=True)
            if isinstance(read, Told):
                return self._refusal(read, sent, 200, {}, None)
            return read
        # Outside the handler: an error raised there would carry the server's words along, and
        # servers quote keys.
        response = refused.response
        body = parsed(response.content, response.headers.get("content-type", ""))
        if isinstance(body, Unreadable):
            body = response.text if response.content.strip() else ""
        told = told_by(refused.status_code, body, response.reason_phrase)
        return self._refusal(told, sent, refused.status_code, response.headers, body)

    async def _post(self, request: Request, sent: Mapping[str, Any]) -> Reply:
        """Send a request; settings go past the SDK, which does not know all of them everywhere."""
        needed = ("model", "prompt", "messages")
        body: dict[str, Any] = {k: v for k, v in sent.items() if k in needed}
        body["extra_body"] = {k: v for k, v in sent.items() if k not in needed}
        create: Any = self.client.completions.with_raw_response.create
        if request.interface == "chat":
            create = self.client.chat.completions.with_raw_response.create
        answer = (await create(**body)).http_response
        headers = answer.headers
        return Reply(
            answer.content,
            headers.get("content-type", ""),
            headers.get("x-inference-provider", "") or headers.get("x-provider", ""),
        )

    def _refusal(
        self,
        told: Told,
        sent: Mapping[str, Any],
        status: int,
        headers: Mapping[str, str],
        body: object,
    ) -> Answered | _Failed | _Adapted:
        """What follows from a failure in the server's words."""
        kind, words = judged(told), self._printable(told.words).rstrip(".")
        said = f"HTTP {status}: {words}" if status >= 400 else f"{words} (in an HTTP {status})"
        if kind is Kind.WITHHELD:
            return Answered(Response("", State.REFUSED, None, f"withheld: {said}"), 0, 0)
        if kind is not Kind.PERMANENT and self.known.settings.adapt(told, sent, words):
            return _Adapted()
        after = retry_after(headers, body)
        if kind is Kind.PERMANENT:
            if told.status == 429 and after is not None:
                return _Failed(Kind.WAIT, said, after, once=True)
            return _Failed(kind, self._permanent(told, said))
        return _Failed(kind, said, after)

    def _permanent(self, told: Told, said: str) -> str:
        """The server's words, and what to do about them."""
        where = self.endpoint.base_url
        if unpaid(told):
            return (
                f"{where} does not answer for want of money or quota: {said}. What was answered "
                "is stored; run the same command again when the account allows it"
            )
        if about_key(told):
            return (
                f"{where} refuses the key: {said}. The key is read from the environment variable "
                f"{self.endpoint.key_env}; another one can be named with key_env=NAME"
            )
        if told.status in (0, 404, 405, 410, 501):
            return (
                f"{where} does not know model '{self.endpoint.model}' or the interface: {said}. "
                "Check the name and the address; interface=chat or interface=completions picks "
                "the one that the server has"
            )
        return f"{where} refuses to answer: {said}. What was answered is stored"

    def _printable(self, text: str) -> str:
        """Words of the server: printable, short, and without the key."""
        if self._key != "none":
            text = text.replace(self._key, "***")
        # Servers quote keys with the middle left out; that is still a piece of the key.
        text = re.sub(r"\b(sk|key)-[\w*-]{6,}", "***", text)
        return "".join(c if c.isprintable() else " " for c in text)[:300].strip()
