"""Log probabilities as servers of the OpenAI API write them, read with suspicion.

Three shapes are known: `content` of chat answers (each token with its bytes), the same in
completions (llama.cpp), and `top_logprobs` of completions (OpenAI, vLLM), which maps texts to
numbers. Where a text stands for bytes that are no whole character, the bytes are not known and the
token is left out: it is missing mass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from cladist.core.likelihood import Likelihood
from cladist.core.next_token import NextToken

__all__ = ["MOST_TOKENS", "asking_for", "plain_token", "read_choice", "read_echo"]

MOST_TOKENS = (1000, 100, 20, 5, 1)
"""Likeliest tokens that are asked for: the most that a server of this ladder takes."""
_NOUGHT = -9000.0
"""OpenAI writes -9999 for a token of no probability."""
_SPECIAL = re.compile(
    r"<\|[^<>|]{1,80}\|>|</?s>|<(?:bos|eos|pad|unk|end_of_turn|start_of_turn|EOT|sep|cls)>"
    r"|\[(?:SEP|CLS|PAD|EOS|BOS|END)\]|<\uff5c[^<>]{1,80}\uff5c>"
)
"""Texts under which servers show special tokens; a single token with such a text is special."""
_BYTES = re.compile(r"bytes:((?:\\x[0-9a-fA-F]{2})+)")
"""OpenAI's completions show a part of a character so."""
_NONE_GIVEN = (
    "the endpoint gave no log probabilities, as many do whatever they are asked; only assays of "
    "texts can be run on it"
)

_MARK = "\u2581"
_NOT_ECHOED = (
    "the endpoint did not echo the text with its log probabilities, as many do whatever they are "
    "asked; its likelihood cannot be had there"
)
_BROKEN = (
    "the endpoint gave no log probabilities beside a token that is a part of a character, as "
    "llama.cpp's server does; --allow-sparse does without such contexts"
)


def asking_for(interface: str, top: int) -> dict[str, Any]:
    """The settings that ask for the `top` likeliest tokens."""
    return {"logprobs": True, "top_logprobs": top} if interface == "chat" else {"logprobs": top}


def read_choice(
    choice: Mapping[str, Any], *, whole: bool = False, top: int = 0, numbered: bool = False
) -> NextToken:
    """The first token's distribution in a choice; an error says why there is none.

    whole     whether the server told every token that it has
    top       how many are wanted, 0 for all that came
    numbered  whether the numbers of tokens are kept, where each has one
    """
    told = choice.get("logprobs")
    if not isinstance(told, dict):
        text = choice.get("text")
        broken = isinstance(text, str) and "\ufffd" in text
        return NextToken.failed(_BROKEN if broken else _NONE_GIVEN)
    if wrong := _of_another_token(choice, told):
        return NextToken.failed(wrong)
    tokens: list[bytes | None] = []
    log_probs: list[float] = []
    numbers: list[int] = []
    for piece, chance, number in _first(told):
        if type(chance) not in (int, float):
            return NextToken.failed("the endpoint gave a log probability that is no number")
        if piece != b"" and not chance <= _NOUGHT:
            tokens.append(piece)
            log_probs.append(float(chance))
            numbers += [number] if numbered and type(number) is int else []
    if not tokens:
        return NextToken.failed(_NONE_GIVEN)
    if "content" not in told and len(tokens) - 1 in MOST_TOKENS[:-1]:
        top = len(tokens) - 1  # the sampled token is told beside the likeliest
    numbers = numbers if len(numbers) == len(tokens) else []
    if top:
        order = np.argsort(-np.asarray(log_probs), kind="stable")[:top].tolist()
        tokens, log_probs = [tokens[i] for i in order], [log_probs[i] for i in order]
        numbers = [numbers[i] for i in order] if numbers else []
    return NextToken.of(tokens, log_probs, "all" if whole and not top else "top", numbers)


def _of_another_token(choice: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    """Why what is told cannot be of the answer's first token; '' where it may.

    Servers take blanks, thoughts and parts of characters out of a text, so only words that
    disagree say anything.
    """
    message = choice.get("message")
    text = message.get("content") if isinstance(message, dict) else choice.get("text")
    content, names = told.get("content"), told.get("tokens")
    first: Any = None
    if isinstance(content, list) and content and isinstance(content[0], dict):
        first = content[0].get("token")
    first = names[0] if first is None and isinstance(names, list) and names else first
    if not isinstance(text, str) or not isinstance(first, str) or _SPECIAL.fullmatch(first):
        return ""
    said, one = text.strip().replace(_MARK, ""), first.strip().replace(_MARK, "")
    odd = "\ufffd" in said + one or one.startswith(("bytes:", "token_id:", "<"))
    if odd or not said or not one or said.startswith(one) or one.startswith(said):
        return ""
    return (
        f"the endpoint told log probabilities of another token ({one[:20]!r}) than it wrote "
        f"({said[:20]!r})"
    )


def read_echo(choice: Mapping[str, Any], text: str) -> Likelihood:
    """The likelihood of `text` in a choice that echoes it; an error says why there is none.

    Special tokens before the text are what it is told after, and what the server generated
    behind it is cut off.
    """
    told = choice.get("logprobs")
    if not isinstance(told, dict):
        return Likelihood.failed(_NOT_ECHOED)
    names, chances = told.get("tokens"), told.get("token_logprobs")
    content = told.get("content")
    if isinstance(content, list) and all(isinstance(e, dict) for e in content):
        pieces = [_piece(e.get("token"), e.get("bytes")) for e in content]
        chances = [e.get("logprob") for e in content]
    elif isinstance(names, list) and isinstance(chances, list) and len(names) == len(chances):
        pieces = [_piece(name, None) for name in names]
    else:
        return Likelihood.failed(_NOT_ECHOED)
    begun = next((i for i, p in enumerate(pieces) if p is not None), len(pieces))
    left = len(text.encode("utf-8", "surrogatepass"))
    kept: list[bytes] = []
    found: list[float] = []
    for piece, chance in list(zip(pieces, chances, strict=True))[begun:]:
        if left <= 0:
            break
        if chance is None and not kept and begun == 0:
            chance = float("nan")  # nothing precedes it
        if type(chance) not in (int, float):
            return Likelihood.failed("the endpoint gave a log probability that is no number")
        kept.append(piece or b"")
        found.append(float(chance))
        left -= len(piece or b"")
    made = Likelihood.of(text, kept, found)
    if made.error.startswith("the tokens told"):
        return Likelihood.failed(f"{_NOT_ECHOED} ({made.error})")
    return made


def plain_token(reply: Any) -> int | None:
    """The number of a token of plain text among those that a llama.cpp server told."""
    try:
        told = reply["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
        plain = [
            int(e["id"])
            for e in told
            if e["bytes"]
            and all(32 < b < 127 for b in e["bytes"])
            and not _SPECIAL.search(e["token"])
        ]
    except (KeyError, IndexError, TypeError):
        return None
    return plain[0] if plain else None


def _first(told: Mapping[str, Any]) -> Iterator[tuple[bytes | None, Any, Any]]:
    """Bytes (b'' where not known), log probability and number (None where there is none) of each
    token told for the first place."""
    content = told.get("content")
    if isinstance(content, list) and content and isinstance(content[0], dict):
        listed = content[0].get("top_logprobs") or [content[0]]
        for entry in listed if isinstance(listed, list) else ():
            if isinstance(entry, dict):
                piece = _piece(entry.get("token"), entry.get("bytes"))
                yield piece, entry.get("logprob"), entry.get("id")
        return
    alone, one = told.get("top_logprobs"), told.get("token_logprobs")
    if isinstance(alone, list) and alone and isinstance(alone[0], dict):
        for text, chance in alone[0].items():
            yield _piece(text, None), chance, None
    elif isinstance(one, list) and one and isinstance(told.get("tokens"), list):
        for text, chance in zip(told["tokens"][:1], one[:1], strict=False):
            yield _piece(text, None), chance, None


def _piece(text: object, octets: object) -> bytes | None:
    """The bytes of a token; None for a special one, b'' where they are not known."""
    if isinstance(text, str) and _SPECIAL.fullmatch(text):
        return None
    if isinstance(octets, list):
        if not octets:
            return None if text in ("", None) else b""
        if all(type(o) is int and 0 <= o < 256 for o in octets):
            return bytes(octets)
        return b""
    if not isinstance(text, str):
        return b""
    if shown := _BYTES.fullmatch(text):
        return bytes.fromhex(shown[1].replace("\\x", ""))
    if "\ufffd" in text or re.fullmatch(r"token_id:\d+", text):
        return b""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return b""
