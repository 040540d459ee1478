"""What people say of how recorded answers were asked: interface=raw,temperature=0,..."""

from __future__ import annotations

from typing import Any

from cladist.core.assay import KNOWABLE, Decoding
from cladist.errors import UsageError

__all__ = ["read_decoding"]

_KINDS: dict[str, type] = {
    "interface": str,
    "temperature": float,
    "top_p": float,
    "max_tokens": int,
    "cut": int,
}


def read_decoding(text: str) -> Decoding:
    """Decoding of recorded answers, as far as `text` states it; all else counts as unknown.

    Keys: interface (raw or chat), temperature, top_p, max_tokens, and cut, the characters after
    which answers were cut. Raises `UsageError` for other keys and for values that make no sense.

    >>> read_decoding("interface=raw,temperature=0,max_tokens=1024").unknown
    ('system', 'template', 'top_p')
    """
    given: dict[str, Any] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        key, equals, value = (x.strip() for x in part.partition("="))
        if key not in _KINDS or not equals or key in given:
            raise UsageError(
                f"--decoding '{part[:60]}': write KEY=VALUE, each key once, of {', '.join(_KINDS)}"
            )
        try:
            given[key] = _KINDS[key](value)
        except ValueError:
            kind = _KINDS[key].__name__
            raise UsageError(f"--decoding {key}: '{value[:40]}' is no {kind}") from None
    if given.get("interface", "raw") not in ("raw", "chat"):
        raise UsageError(
            f"--decoding interface: '{given['interface'][:40]}' is neither raw nor chat"
        )
    if not given:
        raise UsageError("--decoding states nothing; leave it out, or write temperature=0 or such")
    unknown = tuple(k for k in KNOWABLE if k not in given)
    given.setdefault("interface", "recorded")
    return Decoding(**{"max_tokens": 1, **given}, unknown=unknown)
