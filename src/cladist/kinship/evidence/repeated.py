"""What is no evidence of kinship: canned texts, echoed prompts, templates of the serving stack.

A text that a model gives to several unlike prompts says nothing of how it takes any of them: an
error note of the endpoint, a stock refusal, the one line of a broken model. Two unrelated models
behind one gateway share it prompt after prompt, which looks like close kinship. So it counts once.
A repeated prompt is the user's text and not the model's. And what nearly all answers of a model
begin or end with, like a closing token that was not cut, was put there by whoever served it.

Functions here take answers as n rows of p texts, '' where there is none, as a corpus holds them,
and change nothing in place.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from os.path import commonprefix

import numpy as np
from numpy.typing import NDArray

from cladist.errors import InputError
from cladist.kinship.config import ROTE

__all__ = [
    "Cleaned",
    "Texts",
    "clean_answers",
    "closed_probes",
    "constant_answers",
    "prompt_echo",
    "repeated_answers",
    "strip_common",
    "strip_echo",
]

Texts = Sequence[Sequence[str]]

_BEGINNING = 100
"""Characters, more than a long answer has, by which answers are told apart before they are read
whole."""

_QUOTED = re.compile(r'"([^"]{1,400})"|“([^”]{1,400})”|«([^»]{1,400})»|`([^`]{1,400})`')


@dataclass(frozen=True, eq=False)
class Cleaned:
    """Answers that speak for their models, and what was taken from each model.

    texts     n rows of p answers; '' where there is none or it does not count
    template  int64 (n,) answers that lost a common beginning or end
    echo      int64 (n,) answers that repeated their prompt: cut, or dropped if little was left
    canned    int64 (n,) answers dropped, for they repeat what other prompts were given
    constant  bool (n,) whether nearly all answers are one text
    answers   int64 (n,) answers there were
    """

    texts: tuple[tuple[str, ...], ...]
    template: NDArray[np.int64]
    echo: NDArray[np.int64]
    canned: NDArray[np.int64]
    constant: NDArray[np.bool_]
    answers: NDArray[np.int64]


def clean_answers(texts: Texts, prompts: Sequence[str] | None = None) -> Cleaned:
    """Take out what is no evidence: templates, echoes where prompts are known, and rote.

    Raises `InputError` when rows are of different lengths, or prompts are not one a probe.
    O(characters).

    >>> rows = [["As an AI language model I cannot answer such questions."] * 2, ["Rome", "Oslo"]]
    >>> clean_answers(rows).texts[0][1], clean_answers(rows).canned.tolist()
    ('', [1, 0])
    """
    _width(texts, prompts)
    given = [[t.strip() for t in row] for row in texts]
    answers = _there(given)
    constant = constant_answers(given)
    # Prompts may begin and end alike, so echoes of them are looked for as given, too.
    bare = strip_common(given, start=False)
    template = _differs(given, bare)
    echo = np.zeros(answers.shape, np.bool_)
    if prompts is not None:
        cut = strip_echo(bare, prompts)
        echoed = prompt_echo(given, prompts) | prompt_echo(cut, prompts)
        echo = _differs(bare, cut) | echoed
        bare = _without(cut, echoed)
    uncut, bare = bare, strip_common(bare, end=False)
    template |= _differs(uncut, bare)
    canned = repeated_answers(bare, prompts)
    return Cleaned(
        _without(bare, canned), template.sum(axis=1), echo.sum(axis=1), canned.sum(axis=1),
        constant, answers.sum(axis=1),
    )  # fmt: skip


def repeated_answers(
    texts: Texts,
    prompts: Sequence[str] | None = None,
    *,
    closed: NDArray[np.bool_] | None = None,
) -> NDArray[np.bool_]:
    """Answers that count as missing, bool (n, p): those a model gave to another prompt before.

    A long text is canned when it is given to two unlike prompts, a shorter one at three (`ROTE`);
    the first of them stays. Texts are compared without case and breaks of lines, and without the
    words that they quote from the prompt, if prompts are given. Prompts are unlike when they share
    less than half of the words that not every second prompt has: one function asked for twice may
    be written twice. Short answers at probes that offer a choice, bool (p,) `closed`, may repeat;
    by default `closed_probes` finds these.

    Raises `InputError` when rows are of different lengths, or prompts are not one a probe.
    O(characters) time; memory for one model's texts.

    >>> repeated_answers([["$ERROR$", "Rome", "$ERROR$", "$error$ "]]).tolist()
    [[False, False, True, True]]
    """
    p = _width(texts, prompts)
    choice = closed_probes(texts) if closed is None else closed
    asked = [_plain(q) for q in prompts] if prompts is not None else None
    unlike = ~np.eye(p, dtype=np.bool_) if asked is None else _unlike(asked)
    out = np.zeros((len(texts), p), np.bool_)
    for i, row in enumerate(texts):
        keys = (
            _telling(row)
            if asked is None
            else [_key(t, q) for t, q in zip(row, asked, strict=True)]
        )
        long = np.array([len(k) >= ROTE.long for k in keys], np.bool_)
        counted = np.array([bool(k) for k in keys], np.bool_) & (long | ~choice)
        at = np.flatnonzero(counted)
        if len(at) < ROTE.times_long:
            continue
        code = _codes([keys[j] for j in at])
        first = at[np.unique(code, return_index=True)[1]]
        other = unlike[first[code], at]
        times = 1 + np.bincount(code, other, minlength=len(first))
        canned = times >= np.where(long[first], ROTE.times_long, ROTE.times_short)
        out[i, at] = canned[code] & other
    return out


def closed_probes(texts: Texts) -> NDArray[np.bool_]:
    """Probes that offer a choice of answers, bool (p,).

    Half of the answers, of at least `ROTE.crowd`, are short and are some other model's too.
    """
    p = _width(texts, None)
    out = np.zeros(p, np.bool_)
    for j in range(p):
        given = [t for row in texts if (t := _plain(row[j][: 4 * ROTE.long]))]
        if len(given) >= ROTE.crowd:
            count = Counter(t for t in given if len(t) < ROTE.long)
            out[j] = sum(c for c in count.values() if c > 1) >= ROTE.closed * len(given)
    return out


def constant_answers(texts: Texts) -> NDArray[np.bool_]:
    """Models that give one text to `ROTE.constant` of their prompts, three at least, bool (n,)."""
    out = np.zeros(len(texts), np.bool_)
    for i, row in enumerate(texts):
        given = [t for t in map(str.strip, row) if t]
        if len(given) >= 3:
            out[i] = max(Counter(given).values()) >= ROTE.constant * len(given)
    return out


def prompt_echo(texts: Texts, prompts: Sequence[str]) -> NDArray[np.bool_]:
    """Answers that are mostly their prompt, bool (n, p).

    Either at least half of the answer is the beginning of the prompt, or the prompt, of `ROTE.echo`
    characters or more, is at least half of the answer, or the answer stands in the prompt and is
    at least half of it. An answer picked out of a long passage is none of these.

    Raises `InputError` when rows are of different lengths, or prompts are not one a probe.

    >>> asked = ["Tell me about the river Rhine."]
    >>> prompt_echo([["Tell me about the river Rhine. OK"], ["The Rhine rises in"]], asked).tolist()
    [[True], [False]]
    """
    p = _width(texts, prompts)
    out = np.zeros((len(texts), p), np.bool_)
    for j, question in enumerate(map(_plain, prompts)):
        if len(question) < ROTE.echo:
            continue
        for i, row in enumerate(texts):
            answer = _plain(row[j])
            if len(answer) < ROTE.echo:
                continue
            if answer[: ROTE.echo] == question[: ROTE.echo]:
                same = len(commonprefix([answer, question]))  # noqa: RUF071 - of characters
                out[i, j] = 2 * same >= len(answer)
            elif len(question) <= len(answer):
                out[i, j] = 2 * len(question) >= len(answer) and question in answer
            else:
                out[i, j] = 2 * len(answer) >= len(question) and answer in question
    return out


def strip_echo(texts: Texts, prompts: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Answers without the whole prompt that they begin with, where it has `ROTE.echo` characters.

    Some endpoints return the prompt and what follows it as one text.

    >>> strip_echo([["Once upon a time there was a king."]], ["Once upon a time there "])
    (('was a king.',),)
    """
    _width(texts, prompts)
    bare = [q.strip() for q in prompts]
    return tuple(
        tuple(
            t[len(q) :].strip() if len(q) >= ROTE.echo and t.startswith(q) else t
            for t, q in zip(row, bare, strict=True)
        )
        for row in texts
    )


def strip_common(
    texts: Texts, *, start: bool = True, end: bool = True
) -> tuple[tuple[str, ...], ...]:
    """Answers without beginning and end that `ROTE.common` of a model's distinct answers share.

    `start` and `end` say which of the two to look for. Each is the longest such text, cut back to
    whole words, if it is no article and the model gave several answers (`ROTE`); it is taken
    from every answer of that model that has it. An answer that is nothing else becomes ''.
    O(characters log p).

    >>> strip_common([[f"{w}</s>" for w in "ABCDEFGHIJ"]])
    (('A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J'),)
    """
    out = []
    for row in texts:
        bare = [t.strip() for t in row]
        opening = _common(bare) if start else ""
        if opening:
            bare = [t[len(opening) :].lstrip() if t.startswith(opening) else t for t in bare]
        closing = _common([t[::-1] for t in bare])[::-1] if end else ""
        if closing:
            bare = [t[: -len(closing)].rstrip() if t.endswith(closing) else t for t in bare]
        out.append(tuple(bare))
    return tuple(out)


def _common(texts: Sequence[str]) -> str:
    """Longest beginning that most of the distinct texts share, in whole words; '' if short.

    Texts that begin alike stand together when sorted, so m of them share what the first and the
    last of some m in a row share.
    """
    ordered = sorted({t for t in texts if t})
    if len(ordered) < ROTE.distinct:
        return ""
    m = int(np.ceil(ROTE.common * len(ordered) - 1e-9))
    shared = (
        commonprefix([ordered[k], ordered[k + m - 1]])  # noqa: RUF071 - of characters
        for k in range(len(ordered) - m + 1)
    )
    best = max(shared, key=len)
    beyond = {t[len(best)] for t in ordered if t.startswith(best) and len(t) > len(best)}
    if best and best[-1].isalnum() and any(c.isalnum() for c in beyond):
        best = best.rstrip("".join({c for c in best if c.isalnum()}))
    best = best.rstrip()
    return best if len(best) >= ROTE.template else ""


def _key(text: str, prompt: str) -> str:
    """What two canned texts have alike."""
    plain = _plain(text)
    if prompt and any(c in plain for c in '"“«`'):
        return _QUOTED.sub(lambda m: '""' if m[m.lastindex or 0] in prompt else m[0], plain)
    return plain


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _telling(row: Sequence[str]) -> list[str]:
    """Keys of one model's answers: whole plain texts, or beginnings that no other answer has."""
    begun = [_beginning(text) for text in row]
    often = Counter(begun)
    return [_plain(t) if often[b] > 1 else b for t, b in zip(row, begun, strict=True)]


def _beginning(text: str) -> str:
    """The first characters of the plain text, read from no more than is needed."""
    plain = _plain(text[: 4 * _BEGINNING])
    return (plain if len(plain) >= _BEGINNING else _plain(text))[:_BEGINNING]


def _unlike(prompts: Sequence[str]) -> NDArray[np.bool_]:
    """Pairs of prompts that share less than `ROTE.alike` of their telling words, bool (p, p)."""
    words = [set(q.split()) for q in prompts]
    often = Counter(w for some in words for w in some)
    telling = [w for w, n in often.items() if 2 * n <= max(len(prompts), 4)]
    known = {w: k for k, w in enumerate(telling)}
    cells = [(j, known[w]) for j, some in enumerate(words) for w in some if w in known]
    where = np.array(cells, np.int64).reshape(-1, 2)
    shape = (len(prompts), max(len(known), 1))
    from scipy import sparse  # a fifth of a second to import, and only fitting needs it

    has = sparse.csr_array((np.ones(len(where)), (where[:, 0], where[:, 1])), shape=shape)
    shared = (has @ has.T).toarray()
    size = np.diagonal(shared)
    either = size[:, None] + size[None, :] - shared
    code = _codes(prompts)
    return np.asarray(
        (shared < ROTE.alike * np.maximum(either, 1)) & (code[:, None] != code[None, :])
    )


def _codes(keys: Sequence[str]) -> NDArray[np.int64]:
    known: dict[str, int] = {}
    return np.array([known.setdefault(k, len(known)) for k in keys], np.int64)


def _width(texts: Texts, prompts: Sequence[str] | None) -> int:
    """Number of probes; rows and prompts must agree on it."""
    p = len(texts[0]) if len(texts) else len(prompts or ())
    for i, row in enumerate(texts):
        if len(row) != p:
            raise InputError(f"answers of model {i}: {len(row)} texts, where the first has {p}")
    if prompts is not None and len(prompts) != p:
        raise InputError(f"{len(prompts)} prompts for {p} probes; one a probe is needed")
    return p


def _there(texts: Texts) -> NDArray[np.bool_]:
    return np.array([[bool(t) for t in row] for row in texts], np.bool_).reshape(
        len(texts), _width(texts, None)
    )


def _differs(a: Texts, b: Texts) -> NDArray[np.bool_]:
    return np.array(
        [[s != t for s, t in zip(r, q, strict=True)] for r, q in zip(a, b, strict=True)], np.bool_
    ).reshape(len(a), _width(a, None))


def _without(texts: Texts, gone: NDArray[np.bool_]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        tuple("" if g else t for t, g in zip(row, out, strict=True))
        for row, out in zip(texts, gone.tolist(), strict=True)
    )
