"""Bodies of answers of the OpenAI API, read with suspicion; and who it was that answered."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from cladist.core.responses import Response, State
from cladist.models.base import Request


@dataclass(frozen=True, slots=True)
class Answered:
    """A response, and the tokens that the endpoint told; None where it did not."""

    response: Response
    prompt: int | None
    completion: int | None


class Answers:
    """Reads answers, and remembers under which names they came.

    served  the model id that answers must carry; '' until the first answer, then its id
    """

    def __init__(self, served: str = "") -> None:
        self.served = served
        self._configurations: Counter[str] = Counter()

    @property
    def remarks(self) -> tuple[str, ...]:
        """Whether the endpoint changed its configuration (system_fingerprint) under way."""
        if len(self._configurations) < 2:
            return ()
        told = ", ".join(f"{name} {count}" for name, count in self._configurations.most_common(9))
        return (f"the endpoint answered under several configurations (system_fingerprint): {told}",)

    def read(
        self, raw: bytes, request: Request, printable: Callable[[str], str]
    ) -> Answered | None:
        """The response in the body of a success; None for what is no answer of the API.

        `printable` makes what the server says fit to be shown and stored.
        """
        try:
            body = json.loads(raw)
            choice = min(body["choices"], key=lambda c: c.get("index") or 0)
            message = choice["message"] if request.interface == "chat" else choice
            text = message["content" if request.interface == "chat" else "text"]
            served, finish = body.get("model"), choice.get("finish_reason")
            usage = body.get("usage") or {}
            counts = {k: usage.get(k) for k in ("prompt_tokens", "completion_tokens")}
            refusal, configuration = message.get("refusal"), body.get("system_fingerprint")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        if isinstance(text, list):
            parts = (p.get("text") for p in text if isinstance(p, dict))
            text = "".join(p for p in parts if isinstance(p, str))
        if not (text is None or isinstance(text, str)):
            return None
        known = {k: v for k, v in counts.items() if type(v) is int and 0 <= v < 2**40}
        tokens = known.get("completion_tokens")
        if wrong := self._other_model(served, printable):
            response = Response.error(wrong)
        elif finish == "content_filter":
            response = Response(text or "", State.REFUSED, tokens, "withheld by a content filter")
        elif isinstance(refusal, str) and refusal and not text:
            response = Response(printable(refusal), State.REFUSED, tokens, "refused")
        else:
            response = Response.of(text or "", truncated=finish == "length", tokens=tokens)
            if changed := self._other_configuration(configuration, printable):
                response = replace(response, detail=changed)
        return Answered(response, known.get("prompt_tokens"), tokens)

    def _other_configuration(self, told: object, printable: Callable[[str], str]) -> str:
        """A mark for answers under another configuration than the first; '' for all others.

        Fleets have several, so it is told and not refused; what it changes is not known.
        """
        if not isinstance(told, str) or not told:
            return ""
        name, seen = printable(told)[:60], self._configurations
        if name in seen or len(seen) < 100:
            seen[name] += 1
        first = next(iter(seen))
        return "" if name == first else f"configuration {name} instead of {first}"

    def _other_model(self, served: object, printable: Callable[[str], str]) -> str:
        """Why an answer is not from the model that was asked; '' when it is."""
        if not isinstance(served, str) or not served:
            return ""
        if not self.served:
            self.served = served
        if served == self.served:
            return ""
        return (
            f"the endpoint answered as '{printable(served)}' instead of '{printable(self.served)}'"
        )
