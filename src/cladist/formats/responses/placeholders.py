"""What stands in files of answers where there was no answer: the one list of such texts.

Tools write a mark or the provider's message where a request failed, and readers that take it for
the model's words find models that share them. Only whole answers count: a text that mentions an
error, quotes a message or goes on after it stays an answer. What a model may well say itself
(`SUSPECT`) is told when it is frequent, and kept.
"""

from __future__ import annotations

import json
import re

from cladist.core.responses import State

__all__ = ["MAX_LENGTH", "SUSPECT", "failure_of"]

MAX_LENGTH = 2000
"""Bytes above which no answer is looked at; no message of a tool is as long."""

SUSPECT = frozenset(
    ["error", "errors", "timeout", "failed", "none", "null", "nan", "n/a", "na", "undefined", "-"]
)
"""Whole answers that may be either, in lower case."""

_PARTS = {
    "END": r"[ .!]*",
    "MORE": r"(?:[.,:;!]+ .{0,400})?[ .!]*",
    "STATUS": r"(?:4(?:0\d|1\d|2\d|51|99)|5(?:0\d|2\d|30))",
    "REASON": r"(?:bad request|unauthorized|payment required|forbidden|not found|method not allowed"
    r"|request time-?out|payload too large|unprocessable (?:entity|content)|too many requests"
    r"|internal server error|bad gateway|service (?:temporarily )?unavailable|gateway time-?out"
    r"|overloaded)",
    "TIME": r"(?: after [\d.]+ ?(?:s|secs?|seconds?|ms|minutes?))?",
    "MARK": r"(?:(?:api|request|generation|model|server|network|connection|inference|unknown"
    r"|time[ _-]?out)[ _-]?(?:error|failed|failure)|errors?|failed|failure|exception"
    r"|time[ _-]?out|timed[ _-]?out|rate[ _-]?limit(?:ed|[ _-](?:error|exceeded))?"
    r"|(?:no|empty|null)[ _-]?response|max[ _-]?retries(?:[ _-]?exceeded)?"
    r"|moderation|blocked|filtered|content[ _-]?(?:filter(?:ed)?|blocked))",
    "LIBRARY": r"(?:openai|anthropic|litellm|requests|httpx|httpcore|aiohttp|urllib3?|google|cohere"
    r"|botocore|mistralai|groq|together|huggingface_hub|vllm|ollama|replicate)",
    # Classes of the clients of providers, and those that Python's own programs raise as well.
    "CLIENT": r"(?:RateLimit|API(?:Connection|Timeout|Status)|InternalServer|ServiceUnavailable"
    r"|Content(?:FilterFinishReason|PolicyViolation)|ContextWindowExceeded|Throttling"
    r"|StopCandidate|BlockedPrompt|InsufficientQuota|Overloaded|MaxRetry|RemoteProtocol"
    r"|ChunkedEncoding|ClientConnector|ServerDisconnected)(?:Error|Exception)",
    "GENERAL": r"(?:(?:API|Authentication|PermissionDenied|BadRequest|InvalidRequest|NotFound"
    r"|Connect(?:ion)?|Read(?:Timeout)?|ConnectTimeout|Timeout|HTTP(?:Status)?|Client(?:Response)?"
    r"|UnprocessableEntity)?(?:Error|Exception)|ResourceExhausted|DeadlineExceeded"
    r"|TooManyRequests|ReadTimeout|ConnectTimeout|ServiceUnavailable)",
    "TOLD": r"(?:error code: STATUS|(?:http )?STATUS(?: (?:client|server) error|:? REASON)"
    r"|connection error|(?:request |the read operation )?timed out|\(?'?connection aborted"
    r"|https?connectionpool|rate limit)",
    "FILTER": r"(?:content|safety|moderation|polic(?:y|ies)|usage|provider)",
}
_TEXTS: tuple[tuple[str, str], ...] = (
    # A mark is dressed: $ERROR$, [API ERROR], <|timeout|>, #ERROR!, __ERROR__, {{failed}}.
    ("error mark", r"[$\[<{#|]+ ?MARK(?:[ :_]+MARK)? ?[$\]>}#|!]+|__MARK__"),
    ("error mark", r"(?-i:(?:API|REQUEST|GENERATION|MODEL|SERVER|NETWORK|CONNECTION|TIMEOUT"
     r"|RATE_?LIMIT|CONTENT_FILTER)_(?:ERROR|FAILED|FAILURE|EXCEEDED)|ERROR_[A-Z_]{3,30}"
     r"|RATE_LIMIT|NO_RESPONSE|EMPTY_RESPONSE|MAX_RETRIES_EXCEEDED|API ERROR)"),
    ("error mark", r"(?:insufficient_quota|rate_limit_(?:exceeded|error)|overloaded_error"
     r"|context_length_exceeded|internal_server_error|invalid_api_key|model_overloaded)"),
    ("time-out", r"(?:the )?(?:(?:api|http|model|server|upstream) )?(?:request|connection|call"
     r"|read operation|operation|api|server|query|generation|response) (?:has )?timed[ -]?outTIME"
     r"(?: error)?END"),
    ("time-out", r"(?:request|connection|connect|read|gateway|api|server|upstream request)"
     r" time-?out"
     r"(?: error)?END|timed[ -]?outTIMEEND"),
    ("time-out", r"time-?out (?:error|exceeded|reached|waiting for (?:the )?response)END"),
    ("time-out", r"https?connectionpool\(.{0,900}"),
    ("rate limit", r"(?:api )?rate[ -]?limit(?:s)? (?:error|(?:was |has been )?(?:exceeded|reached"
     r"|hit))(?: (?:for|on|by|please|try) .{0,500})?MORE"),
    ("rate limit", r"(?:api )?rate[ -]?limit(?:ed|s)?(?:[.,:!] (?:please|try|retry).{0,300})?END"),
    ("rate limit", r"(?:you|we)(?:'ve| have)? (?:been rate[ -]?limited|(?:exceeded|hit|reached) "
     r"(?:the|your) (?:current |api |monthly )?(?:rate[ -]?limit|quota))"
     r"(?:, please .{0,300}|MORE)"),
    ("rate limit", r"quota (?:exceeded|exhausted)(?: for .{1,300})?MORE"),
    ("rate limit", r"insufficient (?:credits|quota|balance|funds)MORE"),
    ("rate limit", r"too many requests(?:[.,:;!] (?:please|try|retry|rate).{0,200})?END"),
    ("rate limit", r"(?:\d{3} )?resource (?:has been )?exhausted(?: ?\([^)]*\))?MORE"),
    ("content filter", r"(?:the|your) (?:response|request|prompt|output|content|input|completion) "
     r"(?:was|has been|is|were) (?:filtered|blocked|flagged|rejected|withheld) (?:due to|by"
     r"|because of|as|for) .{0,60}?(?:FILTER|filter|prompt triggering).{0,500}"),
    ("content filter", r"(?:output|response|request|content|prompt|input|answer|blocked|filtered"
     r"|stopped|withheld) ?(?:was )?(?:blocked|filtered|removed)? (?:by|due to) (?:the )?"
     r"(?:azure |openai'?s? |provider'?s? |our )?FILTER[ _-]?(?:content )?(?:filter(?:s|ing)?"
     r"|management|settings?|systems?|polic(?:y|ies)|reasons?|ratings?|moderation)*"
     r"(?: polic(?:y|ies))?END"),
    ("content filter", r"content[ _-]filter(?:ed|ing)?(?: (?:triggered|error|applied))?END"),
    ("content filter", r"(?:content|response|output) (?:was |has been )?(?:filtered|blocked)END"),
    ("content filter", r"\$moderation\$.{0,200}"),
    ("content filter", r"your input violates our content moderation guidelines.{0,200}"),
    ("content filter", r"(?:invalid operation: )?(?:the )?`?response\.text`? quick accessor "
     r".{0,900}"),
    ("failed request", r"(?:http )?(?:error )?(?:code|status|status code)?[: ]*STATUS[ :,-]+REASON"
     r"(?:[.:;,]? ?for url:? .{0,300})?END"),
    ("failed request", r"(?:http )?(?:error|status)(?: code)?:? STATUS"
     r"(?:(?: ?[-:,.] ?| )(?:\{.*\}|REASONEND))?END"),
    ("failed request", r"http(?:/[\d.]+)?(?: error)?:? STATUS(?::? REASON)?END"),
    ("failed request", r"(?:client|server) error '?STATUS.{0,300}"),
    ("failed request", r"STATUS (?:client|server) error:? .{0,300}"),
    ("failed request", r"(?:(?:the )?api returned (?:an? )?)(?:error|status)(?: code)?:?"
     r" STATUSMORE"),
    ("failed request", r"(?:internal server error|bad gateway|service (?:temporarily )?unavailable"
     r"|gateway time-?out|no healthy upstream|provider returned error)END"),
    ("failed request", r"(?:<!doctype html>\s*)?<html.{0,1500}<title>\s*STATUS REASON.*</html>"),
    ("failed request", r"(?:[a-z_]+\.)*CLIENT(?:\(.{0,900}\)|: .{0,900})?"),
    ("failed request", r"LIBRARY\.(?:[a-z_]+\.)*(?=(?-i:[A-Z]))[a-z]*(?:Error|Exception|Timeout"
     r"|Exceeded"
     r"|Exhausted|Requests|Unavailable)(?:\(.{1,900}\)|: .{1,900})"),
    ("failed request", r"GENERAL: TOLD.{0,900}"),
    ("failed request", r"(?:api )?(?:call|request) failed(?: with (?:http )?(?:error|status)"
     r"(?: code)?:? STATUS)?END"),
    ("failed request", r"error (?:in |while |when )?(?:generating|getting|fetching) (?:the |a )?"
     r"(?:response|answer|output|completion)(?:[.:].{0,300})?"),
    ("failed request", r"(?:connection|network|api connection|api|internal) errorEND"),
    ("failed request", r"\**network error due to high traffic.{0,120}"),
    ("failed request", r"connection (?:aborted|refused|reset(?: by peer)?|closed)END"),
    ("failed request", r"remote end closed connection without responseEND"),
    ("failed request", r"(?:the |that |this )?(?:server|model|engine|service|api) (?:is|was) "
     r"(?:currently )?(?:overloaded|unavailable|not available|busy)(?: with other requests.{0,300}"
     r"| right now.{0,200}| or not ready yet.{0,200}|[.,!] (?:please|try|you can|retry)"
     r".{0,300})?END"),
    ("failed request", r"the server had an error (?:while )?processing your request.{0,400}"),
    ("failed request", r"model \S{1,100} is currently loadingEND"),
    ("failed request", r"(?:invalid|incorrect|missing) api[ _-]?key(?: provided.{0,200})?END"),
    ("failed request", r"this model's maximum context length is \d.{0,500}"),
    ("failed request", r"the model `.{1,100}` does not exist.{0,200}"),
    ("failed request", r"no (?:response|answer|output|completion) (?:was )?(?:received|returned"
     r"|generated)(?: (?:from|by) (?:the )?(?:api|model|server|provider|endpoint))?END"),
    ("failed request", r"max(?:imum)? (?:number of )?retries (?:exceeded|reached)"
     r"(?: with .{1,400})?END"),
    ("failed request", r"all (?:retry )?(?:attempts|retries) (?:failed|exhausted)END"),
    ("failed request", r"cuda (?:error: )?out of memory\. tried to allocate .{0,600}"),
)  # fmt: skip
"""Kinds of failures, and what the whole of an answer looks like; capitals stand for `_PARTS`."""


def _expanded(text: str) -> str:
    for _ in range(2):  # parts hold parts
        text = re.sub("|".join(_PARTS), lambda found: _PARTS[found.group()], text)
    return text


_ANY = re.compile("|".join(f"(?:{_expanded(t)})" for _, t in _TEXTS), re.I | re.S)
"""All at once: nearly every answer is none of these, and one pass over it tells."""
_KINDS = tuple((kind, re.compile(_expanded(t), re.I | re.S)) for kind, t in _TEXTS)
_WITHHELD = re.compile(r"filter|moderation|blocked", re.IGNORECASE)
_WRAP = re.compile(
    r"(?:(?:api |llm |model |openai |request |server )?(?:error|exception|failure)|error code|"
    r"an? (?:unexpected |api )?(?:error|exception) (?:has )?(?:occurr?ed|happened)"
    r"(?: (?:while|during|when) .{1,60}?)?|(?:request|api call|api request|generation|call) failed"
    r"|failed to (?:get|generate|fetch|obtain) (?:a |the )?(?:response|answer|completion|output)"
    r"(?: from .{1,40}?)?)\s*[:\-]\s*",
    re.IGNORECASE,
)
_DOCUMENT = {
    "error", "message", "type", "code", "status", "status_code", "object", "param", "request_id",
    "id", "user_id", "estimated_time", "error_type", "success", "detail", "timestamp", "warnings",
}  # fmt: skip
_PYTHON_ERROR = re.compile(
    r"\{\s*'error'\s*:\s*\{\s*'(?:message|code|type|status|param)'\s*:.*\}\s*\}", re.DOTALL
)
_DEEPEST = 3


def failure_of(text: str) -> tuple[str, State] | None:
    """What kind of failure `text` is when it is nothing but one, None for an answer.

    Parameters
    ----------
    text
        A whole recorded answer.

    Returns
    -------
    tuple of str and State, or None
        The kind in words, and `State.REFUSED` where a filter withheld the answer, else
        `State.ERROR`.

    Examples
    --------
    >>> failure_of("$ERROR$")
    ('error mark', <State.ERROR: 'error'>)
    >>> failure_of("It prints $ERROR$ when the request timed out.") is None
    True
    """
    plain = text.strip().strip("\"'").strip()
    if not plain or len(plain) > MAX_LENGTH:
        return None
    kind = _kind(plain)
    if kind is None:
        return None
    return kind, State.REFUSED if kind == "content filter" else State.ERROR


def _kind(plain: str, depth: int = 0) -> str | None:
    known = _KINDS if _ANY.fullmatch(plain) else ()
    for kind, pattern in known:
        if pattern.fullmatch(plain):
            withheld = kind == "error mark" and _WITHHELD.search(plain)
            return "content filter" if withheld else kind
    if depth >= _DEEPEST:
        return None
    if plain[0] == "{":
        return _document(plain, depth)
    if plain[0] + plain[-1] in ("[]", "<>") and len(plain) > 2:
        inner = plain[1:-1].strip()
        return _kind(inner, depth + 1) if _WRAP.match(inner) else None
    wrapped = _WRAP.match(plain.replace("**", ""))
    if wrapped:
        inner = plain.replace("**", "")[wrapped.end() :].strip()
        return _wrapped(inner, depth + 1) if inner else None
    if plain.startswith("Traceback (most recent call last)"):
        last = plain.rsplit("\n", 1)[-1].strip()
        return "failed request" if "." in last.split(":")[0] and _kind(last, _DEEPEST) else None
    return None


def _wrapped(inner: str, depth: int) -> str | None:
    """The kind of what follows 'Error:'; a bare reason is enough there."""
    if re.fullmatch(_expanded(r"(?:STATUS|(?:api )?time-?out|overloaded|MARK)END"), inner, re.I):
        return "failed request"
    return _kind(inner, depth)


def _document(plain: str, depth: int) -> str | None:
    """The kind of a provider's error that is a JSON object, or one printed by Python."""
    if _PYTHON_ERROR.fullmatch(plain):
        return "provider's error"
    try:
        value = json.loads(plain)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not value.keys() <= _DOCUMENT:
        return None
    error, message = value.get("error"), value.get("message")
    if isinstance(error, dict):
        told = error.keys() & {"message", "type", "code", "status", "param", "details", "metadata"}
        return "provider's error" if "message" in told and len(told) > 1 else None
    if value.get("object") == "error" and isinstance(message, str):
        return "provider's error"
    if isinstance(error, str) and "estimated_time" in value:
        return "provider's error"
    said = next((s for s in (error, message, value.get("detail")) if isinstance(s, str)), "")
    return _kind(said.strip(), depth + 1) if said.strip() else None
