"""Bodies of answers of the OpenAI API, read with suspicion; and who it was that answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cladist.core.likelihood import Likelihood
from cladist.core.next_token import NextToken
from cladist.core.origins import UNTOLD, Origin, listed
from cladist.core.responses import Response, State
from cladist.models._endpoint import ALIKE
from cladist.models._faults import Kind, Told, judged, told_by, told_in
from cladist.models._log_probs import read_choice, read_echo
from cladist.models._settings import Echoed, Scored
from cladist.models._thoughts import is_thought, split_thoughts, told_thoughts
from cladist.models._wire import Unreadable, parsed
from cladist.models.base import Request

__all__ = ["Answered", "Reply", "ServerAnswers"]

WHOLE = frozenset({
    "stop", "eos", "eos_token", "stop_sequence", "end_turn", "end_of_turn", "complete",
    "completed", "done", "finished", "natural", "stop_token", "stop_str", "end", "eot",
    "endoftext", "end_of_text",
})  # fmt: skip
CUT = frozenset({
    "length", "max_tokens", "max_output_tokens", "max_new_tokens", "max_length", "model_length",
    "token_limit", "limit", "model_context_window_exceeded", "context_length", "truncated",
})  # fmt: skip
WITHHELD = frozenset({
    "content_filter", "content-filter", "contentfilter", "content_filtered", "safety",
    "recitation", "prohibited_content", "blocklist", "spii", "refusal", "guardrail_intervened",
    "sensitive", "blocked", "error_toxic", "moderation", "image_safety", "language",
})  # fmt: skip
FAILED = frozenset({
    "error", "failed", "failure", "cancelled", "canceled", "abort", "aborted", "timeout",
    "time_limit", "error_limit", "network_error", "insufficient_system_resource", "unknown",
    "incomplete", "disconnect", "malformed_function_call", "load", "unload", "interrupted",
    "server_error", "preempted", "exception", "user_cancel",
})  # fmt: skip
TOOLS = frozenset({"tool_calls", "tool_call", "function_call", "tool_use"})
"""What values of finish_reason mean, in small letters. Any other value is nobody's to guess."""
_CHARACTERS = 4
"""Characters that a token has, where nothing tells."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The body of a success as it came, with what its headers tell."""

    raw: bytes
    content_type: str = ""
    provider: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """A response, and the tokens that the endpoint told; None where it did not.

    heard  whether the endpoint works: a failure inside an answer does not show that
    next   the first token's distribution, where that was asked for
    echo   the likelihood of the prompt, where that was asked for
    """

    response: Response
    prompt: int | None
    completion: int | None
    heard: bool = True
    next: NextToken | None = None
    echo: Likelihood | None = None


class ServerAnswers:
    """Reads answers, and remembers under which names they came.

    served    the model id that answers must carry; '' until the first answer, then its id
    thoughts  'apart' keeps thoughts out of answers, 'answer' makes them a part
    finish    a value of finish_reason that means a whole answer, beside those that are known
    thinking  'off' where no thoughts were asked for, or the tokens that were granted for them
    """

    def __init__(
        self, served: str = "", *, thoughts: str = "apart", finish: str = "", thinking: str = ""
    ) -> None:
        self.served = self._pinned = served
        self.first = UNTOLD
        self.others: Counter[str] = Counter()
        self.right = 0
        self._expected = bool(served)
        self._oddities: Counter[str] = Counter()
        self._inside, self._finish, self._thinking = thoughts == "answer", finish.lower(), thinking
        self._grant = int(thinking) if thinking.isdecimal() else 0

    def expect(self, origin: Origin) -> None:
        """Begin anew where answers of an earlier run ended: theirs is the model to be heard.

        An empty origin expects nobody but the model that is pinned; the first answer decides.
        """
        self.first = origin
        self.served = self._pinned or origin.model
        self._expected = bool(self.served)
        self.others.clear()
        self.right = 0

    @property
    def moved(self) -> str:
        """The model that answers in place of the expected one, '' while that still answers."""
        gone = self._expected and not self.right and sum(self.others.values()) >= ALIKE
        return self.others.most_common(1)[0][0] if gone else ""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was odd; who gave the answers is told with each of them."""
        said = []
        if self.others:
            said.append(
                f"answers of other models than '{self.served}' were left out: "
                f"{listed(dict(self.others.most_common(9)))}. served=ID in the URI, with a name "
                "of its own (#NAME), asks for one of them"
            )
        return (*said, *(f"{what}: {n} answers" for what, n in self._oddities.most_common(9)))

    def read(
        self, reply: Reply, request: Request, printable: Callable[[str], str]
    ) -> Answered | Told | Unreadable:
        """The response in the body of a success, or the failure that the body tells.

        `printable` makes what the server says fit to be shown and stored.
        """
        body = parsed(reply.raw, reply.content_type)
        if isinstance(body, Unreadable):
            return body
        if (told := told_in(body)) is not None:
            return told
        try:
            choice, message, text = _chosen(body, request.interface == "chat")
        except _NoAnswerError as problem:
            return Unreadable(str(problem), problem.lasting)
        usage = body.get("usage")
        counts = _counts(usage if isinstance(usage, dict) else {})
        prompt, completion = counts.get("prompt_tokens"), counts.get("completion_tokens")
        origin = _origin(body, reply.provider, printable)
        if wrong := self._other_model(origin.model):
            return Answered(replace(Response.error(wrong), origin=origin), prompt, completion)
        told = _choice_failure(choice)
        if told is not None:
            return self._failed(told, origin, (prompt, completion), printable)
        if isinstance(request, Scored):
            # Its one token may be a thought's, a blank or nothing: the text is no answer.
            self.right += 1
            said = read_choice(choice, top=request.top)
            return Answered(Response("", State.EMPTY, 1), prompt, completion, next=said)
        if isinstance(request, Echoed):
            self.right += 1
            told_of = read_echo(choice, request.prompt)
            return Answered(Response("", State.EMPTY, 1), prompt, completion, echo=told_of)
        response = self._response(choice, message, text, request, counts)
        response = replace(response, detail=printable(response.detail), origin=origin)
        if response.final:
            response = self._seen(response)
        return Answered(response, prompt, completion)

    def _failed(
        self,
        told: Told,
        origin: Origin,
        tokens: tuple[int | None, int | None],
        printable: Callable[[str], str],
    ) -> Answered:
        """A failure inside of an answer; what text came before it is no answer."""
        words = printable(told.words)
        if judged(told) is Kind.WITHHELD:
            response = Response("", State.REFUSED, tokens[1], f"withheld: {words}", origin)
            return Answered(response, *tokens)
        return Answered(replace(Response.error(words), origin=origin), *tokens, heard=False)

    def _response(
        self,
        choice: Mapping[str, Any],
        message: Mapping[str, Any],
        text: str | None,
        request: Request,
        counts: Mapping[str, int],
    ) -> Response:
        """What a choice without a failure holds."""
        chat, tokens = request.interface == "chat", counts.get("completion_tokens")
        thoughts = told_thoughts(message)
        visible = text or ""
        if not thoughts:
            thoughts, visible = split_thoughts(visible, opened=chat)
        told = choice.get("finish_reason") or choice.get("stop_reason")
        finish = str(told).strip().lower() if isinstance(told, str) and told != "null" else ""
        thought = bool(thoughts) or counts.get("reasoning_tokens", 0) > 0
        refusal = message.get("refusal")
        if finish in WITHHELD:
            return Response(visible, State.REFUSED, tokens, "withheld by a content filter",
                            thoughts=thoughts)  # fmt: skip
        if isinstance(refusal, str) and refusal and not visible:
            return Response(refusal, State.REFUSED, tokens, "refused", thoughts=thoughts)
        if finish in TOOLS and not visible.strip():
            return Response.error("the model called a tool instead of answering")
        known = finish in WHOLE | CUT | TOOLS | {"", self._finish}
        if not known:
            return replace(
                Response.error(
                    f"finish_reason '{finish[:40]}' is none that cladist knows, so whether this "
                    "is an answer is not known; finish=VALUE in the URI says that it is"
                ),
                thoughts=thoughts,
            )
        if not finish:
            self._oddities["the endpoint does not tell why an answer ended (finish_reason)"] += 1
            limit = request.max_tokens + self._grant
            finish = "length" if tokens is not None and tokens >= limit else "stop"
        if not visible.strip() and (thought or (chat and finish in CUT and not visible)):
            return replace(
                Response.error(self._spent(request, finish, thought)),
                thoughts=thoughts,
            )
        response = Response.of(visible, truncated=finish in CUT, tokens=tokens)
        if self._grant and response.usable:
            response = _within(response, request.max_tokens, counts, len(thoughts))
        if request.prompt and response.text.startswith(request.prompt):
            self._oddities["the answer begins with its whole prompt, as if that were echoed"] += 1
        if thought:
            self._oddities["the model thought before it answered"] += 1
        if self._inside and thoughts:
            return replace(response, text=f"{thoughts}\n\n{response.text}")
        return replace(response, thoughts=thoughts)

    def _spent(self, request: Request, finish: str, thought: bool) -> str:
        """Why there is no visible word, and what to do about it."""
        if finish not in CUT:
            return "the model thought and said nothing: the answer holds thoughts alone"
        how = "on thinking" if thought else "as by models that think"
        off = "thinking=off in the URI asks for no thoughts, and "
        if self._thinking:
            off = "thinking=off did not stop that; " if self._thinking == "off" else ""
        more = "a larger number for " if self._grant else ""
        return (
            f"the limit of {request.max_tokens + self._grant} tokens was spent before the first "
            f"visible word, {how}; {off}{more}thinking=TOKENS grants as many for thoughts, beside "
            "the limit of the answer"
        )

    def _seen(self, response: Response) -> Response:
        """An answer that counts, marked when it came under another configuration or provider.

        Fleets have several, so it is told and not refused; what it changes is not known.
        """
        origin = response.origin
        self.right += 1
        if self.first == UNTOLD:
            self.first = origin
        marks = [
            f"{field} {getattr(origin, field)} instead of {getattr(self.first, field)}"
            for field in ("configuration", "provider")
            if getattr(origin, field) and getattr(self.first, field)
            and getattr(origin, field) != getattr(self.first, field)
        ]  # fmt: skip
        return replace(response, detail="; ".join(filter(None, [response.detail, *marks])))

    def _other_model(self, served: str) -> str:
        """Why an answer is not from the model that was asked; '' when it is."""
        if not served:
            return ""
        if not self.served:
            self.served = served
        if served == self.served:
            return ""
        self.others[served] += 1
        return f"the endpoint answered as '{served}' instead of '{self.served}'"


class _NoAnswerError(Exception):
    """A body that holds no answer; the text says why."""

    def __init__(self, why: str, *, lasting: bool = False) -> None:
        super().__init__(why)
        self.lasting = lasting


def _chosen(body: object, chat: bool) -> tuple[dict[str, Any], dict[str, Any], str | None]:
    """The first choice of a body, its message and its text."""
    if not isinstance(body, dict):
        raise _NoAnswerError(f"the answer is a JSON {type(body).__name__}, no object")
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices:
        what = "is missing" if "choices" not in body else f"is {_short(choices)}"
        raise _NoAnswerError(f"the answer holds no choice ('choices' {what})")
    good = [c for c in choices if isinstance(c, dict)]
    if not good:
        raise _NoAnswerError("the answer holds a choice that is no object")
    numbers = [c["index"] if type(c.get("index")) is int else 0 for c in good]
    choice = good[numbers.index(min(numbers))]
    if not chat:
        text = choice.get("text")
        if not (text is None or isinstance(text, str)) or "text" not in choice:
            if _choice_failure(choice) is not None:
                return choice, {}, ""
            if "message" in choice:
                raise _NoAnswerError(
                    "completions are answered with chat messages; interface=chat in the URI asks "
                    "for those",
                    lasting=True,
                )
            raise _NoAnswerError("the answer is a completion without a text")
        return choice, choice, text
    message = choice.get("message")
    if message is None and _choice_failure(choice) is not None:
        message = {}
    if not isinstance(message, dict):
        raise _NoAnswerError("the answer is a chat answer without a message")
    content = message.get("content")
    if isinstance(content, list):
        shown = [p for p in content if isinstance(p, dict) and not is_thought(p)]
        content = "".join(p["text"] for p in shown if isinstance(p.get("text"), str))
    if not (content is None or isinstance(content, str)):
        raise _NoAnswerError(f"the message's content is {_short(content)}, no text")
    return choice, message, content


def _short(value: object) -> str:
    return (
        "null" if value is None else "empty" if value in ([], {}) else f"a {type(value).__name__}"
    )


def _choice_failure(choice: Mapping[str, Any]) -> Told | None:
    """The failure that a choice tells, by an error of its own or by how it ended."""
    if choice.get("error"):
        return told_by(0, choice["error"])
    finish = choice.get("finish_reason")
    if isinstance(finish, str) and finish.strip().lower() in FAILED:
        return Told(0, f"the answer broke off (finish_reason '{finish.strip()[:40]}')")
    return None


def _origin(body: Mapping[str, Any], provider: str, printable: Callable[[str], str]) -> Origin:
    told = (body.get("model"), body.get("system_fingerprint"), body.get("provider") or provider)
    model, configuration, named = (
        printable(t)[:120] if isinstance(t, str) and t else "" for t in told
    )
    return Origin(model, configuration, named) if model or configuration or named else UNTOLD


def _counts(usage: Mapping[str, Any]) -> dict[str, int]:
    """Tokens that the endpoint tells, those of thoughts among them."""
    details = usage.get("completion_tokens_details") or usage.get("output_tokens_details")
    told = {k: usage.get(k) for k in ("prompt_tokens", "completion_tokens", "reasoning_tokens")}
    if isinstance(details, dict) and "reasoning_tokens" in details:
        told["reasoning_tokens"] = details["reasoning_tokens"]
    return {k: v for k, v in told.items() if type(v) is int and 0 <= v < 2**40}


def _within(response: Response, limit: int, counts: Mapping[str, int], thought: int) -> Response:
    """An answer cut to its own limit, where tokens were granted for thoughts beside it.

    How many tokens of the whole are visible is told, or follows from the share of characters;
    where the cut falls is as near as characters can tell.
    """
    text, total = response.text, counts.get("completion_tokens")
    if total is None:
        visible = len(text) / _CHARACTERS
    elif "reasoning_tokens" in counts:
        visible = float(total - counts["reasoning_tokens"])
    else:
        visible = total * len(text) / max(len(text) + thought, 1)
    if visible <= limit:
        return response
    kept = text[: max(1, round(len(text) * limit / visible))]
    detail = f"cut to about {limit} visible tokens of {visible:.0f}"
    return replace(Response.of(kept, truncated=True, tokens=limit), detail=detail)
