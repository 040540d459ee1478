"""What an endpoint says when it does not answer, and what follows from it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = ["Kind", "Told", "about_key", "judged", "told_by", "told_in", "unpaid"]


class Kind(StrEnum):
    """What follows from a failure.

    permanent  nothing that this run does can mend it: key, money, quota, unknown model or path
    withheld   a filter refuses this prompt, or the answer to it
    request    the server does not take this request; another one it may
    wait       the server asks for patience: loading, busy, too many calls, a gateway in front
    fault      something broke
    """

    PERMANENT = "permanent"
    WITHHELD = "withheld"
    REQUEST = "request"
    WAIT = "wait"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Told:
    """A failure in the server's words; these are hostile text.

    status    of HTTP, or the one that the body tells; 0 where neither says anything
    codes     codes, types and names of states, in small letters
    param     the field that the server names as the wrong one, '' where it names none
    """

    status: int
    words: str
    codes: frozenset[str] = frozenset()
    param: str = ""


_NAMED = {
    "invalid_api_key": 401, "authentication_error": 401, "unauthenticated": 401,
    "unauthorized": 401, "permission_error": 403, "permission_denied": 403,
    "insufficient_quota": 402, "billing_error": 402, "billing_hard_limit_reached": 402,
    "insufficient_balance": 402, "payment_required": 402, "credit_exhausted": 402,
    "not_found": 404, "not_found_error": 404, "notfounderror": 404, "model_not_found": 404,
    "rate_limit_error": 429, "rate_limit_exceeded": 429, "resource_exhausted": 429,
    "too_many_requests": 429, "overloaded_error": 529, "unavailable": 503,
    "unavailable_error": 503, "service_unavailable": 503, "overloaded": 503,
    "model_overloaded": 503, "deadline_exceeded": 504, "timeout_error": 504, "timeout": 504,
    "api_error": 500, "server_error": 500, "internal": 500, "internal_error": 500,
    "internal_server_error": 500, "internalservererror": 500, "provider_error": 502,
    "invalid_request_error": 400, "invalid_argument": 400, "badrequesterror": 400,
    "request_too_large": 413,
}  # fmt: skip
"""Statuses of HTTP that codes of various makers stand for."""
_UNPAID = re.compile(
    r"insufficient[ _-]?(balance|quota|credit|fund)|out of credit|more credits|no credits|payment "
    r"required|credit balance|spending limit|billing|exceeded your (current|monthly|daily) quota"
    r"|quota (is )?(exhausted|exceeded)|free[ _-](tier|model).{0,30}per[ -]day|arrears|in debt",
    re.IGNORECASE,
)
_KEY = re.compile(
    r"(invalid|incorrect|expired|missing|unknown|wrong|no) (api[ _-]?key|token|credential)"
    r"|api[ _-]?key.{0,30}(not valid|invalid|expired|missing|not found|required)",
    re.IGNORECASE,
)
_FILTERED_CODES = frozenset({
    "content_filter", "content_policy_violation", "responsibleaipolicyviolation",
    "data_inspection_failed", "datainspectionfailed", "moderation_blocked", "guardrail_intervened",
})  # fmt: skip
_FILTERED = re.compile(
    r"content (management|filtering) policy|content[_ ]polic|content exists risk|content filter"
    r"|(prompt|input|request|content|message)s? (was|were|has been|have been) (flagged|blocked)"
    r"|safety system|inappropriate content|violat\w* (our|the) usage polic",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(r"account|organi[sz]ation|subscription|api key", re.IGNORECASE)
_PATIENCE = re.compile(
    r"load(ing|ed)\b.{0,40}model|model.{0,60}\bload|loading|warming|starting up|not ready|overload"
    r"|temporar|try again|retry|time[ds]?[- ]?out|unavailable|busy|at capacity|over capacity"
    r"|rate.?limit|too many requests|bad gateway|queue is full|cold start",
    re.IGNORECASE,
)
_NOT_THERE = re.compile(r"unexpected endpoint|method not allowed|no route|cannot post", re.I)
_BROKEN = re.compile(r"internal|server error|upstream|exception|crash|traceback", re.I)
_WAITING = frozenset({408, 409, 425, 429, 502, 503, 504, 520, 521, 522, 523, 524, 529, 530})
_PERMANENT = frozenset({401, 402, 403, 404, 405, 406, 407, 410, 411, 415, 426, 451, 501, 505})
_WORDS = (
    "message", "msg", "detail", "error", "error_message", "errormessage", "error_description",
    "errors", "reason", "title", "description", "status_msg", "raw",
)  # fmt: skip
_DEEPEST = 5


def told_by(status: int, body: object, reason: str = "") -> Told:
    """The failure that a status of HTTP and a body tell; `reason` where the body says nothing."""
    words = " ".join(_words(body).split())[:2000]
    fields = list(_objects(body))
    codes = frozenset(c for f in fields for c in _codes(f))
    numbers = [n for f in fields for n in _numbers(f)]
    if status < 400:
        named = [_NAMED[c] for c in sorted(codes) if c in _NAMED]
        status = next(iter(numbers or named), 0)
    param = next((str(f["param"]) for f in fields if isinstance(f.get("param"), str)), "")
    located = (f.get("loc") for f in fields)
    last = next((str(x[-1]) for x in located if isinstance(x, list) and x), "")
    return Told(status, words or reason or "no reason given", codes, param or last)


def told_in(body: object) -> Told | None:
    """The failure that the body of a success holds, None where it holds none."""
    if isinstance(body, list):
        found = (told_in(item) for item in body[:3])
        return next((t for t in found if t is not None), None)
    if not isinstance(body, dict):
        return None
    base = body.get("base_resp")
    if isinstance(base, dict) and base.get("status_code"):
        return told_by(0, base)
    if body.get("error") or body.get("errors") or body.get("object") == "error":
        return told_by(0, body)
    if "choices" not in body and any(body.get(k) for k in ("message", "detail", "msg")):
        return told_by(0, body)
    return None


def judged(told: Told) -> Kind:
    """What follows from a failure.

    >>> judged(Told(402, "Insufficient Balance"))
    <Kind.PERMANENT: 'permanent'>
    """
    words, status = told.words, told.status
    about_account = bool(_ACCOUNT.search(words))
    filtered = bool(told.codes & _FILTERED_CODES) or bool(_FILTERED.search(words))
    if filtered and status in (0, 400, 403, 422, 451) and not about_account:
        return Kind.WITHHELD
    nowhere = status == 0 and bool(_NOT_THERE.search(words))
    if status in _PERMANENT or unpaid(told) or about_key(told) or nowhere:
        return Kind.PERMANENT
    if status in _WAITING:
        return Kind.WAIT
    if status >= 500:
        return Kind.WAIT if _PATIENCE.search(words) else Kind.FAULT
    if status == 0:
        if _PATIENCE.search(words):
            return Kind.WAIT
        return Kind.FAULT if _BROKEN.search(words) else Kind.REQUEST
    return Kind.REQUEST


def about_key(told: Told) -> bool:
    """Whether the server refuses who asks.

    >>> about_key(Told(400, "API key not valid. Please pass a valid API key."))
    True
    """
    return told.status in (401, 403) or (told.status in (0, 400) and bool(_KEY.search(told.words)))


def unpaid(told: Told) -> bool:
    """Whether the failure is one of money or quota.

    >>> unpaid(Told(400, "Your credit balance is too low"))
    True
    """
    named = {name for name, status in _NAMED.items() if status == 402}
    return told.status == 402 or bool(told.codes & named or _UNPAID.search(told.words))


def _objects(body: object, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """All objects in a body, outer ones first, to a bounded depth."""
    if depth > _DEEPEST:
        return
    if isinstance(body, dict):
        yield body
        for value in list(body.values())[:20]:
            yield from _objects(value, depth + 1)
    elif isinstance(body, list):
        for value in body[:5]:
            yield from _objects(value, depth + 1)


def _codes(fields: Mapping[str, Any]) -> Iterator[str]:
    for key in ("code", "type", "status", "error_code", "error", "reason"):
        value = fields.get(key)
        if isinstance(value, str) and value and len(value) <= 60 and " " not in value.strip():
            yield value.strip().lower()


def _numbers(fields: Mapping[str, Any]) -> Iterator[int]:
    for key in ("code", "status", "status_code", "statusCode", "http_status"):
        value = fields.get(key)
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) == 3:
            value = int(value)
        if type(value) is int and 400 <= value < 600:
            yield value


def _words(body: object, depth: int = 0) -> str:
    """What a body says to people."""
    if depth > _DEEPEST:
        return ""
    if isinstance(body, str):
        return _unmarked(body)
    if isinstance(body, list):
        return "; ".join(w for w in (_words(item, depth + 1) for item in body[:3]) if w)
    if not isinstance(body, dict):
        return ""
    small = {str(k).lower(): v for k, v in list(body.items())[:50]}
    said = next((w for w in (_words(small.get(k), depth + 1) for k in _WORDS) if w), "")
    where = small.get("loc")
    if said and isinstance(where, list):
        said = f"{'.'.join(str(x) for x in where[:6])}: {said}"
    inner = small.get("metadata")
    raw = _words(inner.get("raw"), depth + 1) if isinstance(inner, dict) else ""
    return f"{said} ({raw})" if said and raw and raw not in said else said or raw


def _unmarked(text: str) -> str:
    """The words of a text that may be a page of HTML."""
    if not re.match(r"\s*<(!doctype|html|head|body|h\d|p|title|\?xml)", text, re.IGNORECASE):
        return text
    title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
    bare = re.sub(r"<(style|script)\b.*?</\1>|<[^>]{0,500}>", " ", text[:20_000], flags=re.S | re.I)
    return html.unescape(title[1] if title and title[1].strip() else bare)
