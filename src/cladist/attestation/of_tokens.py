"""A watch by single tokens: every look again from the answers that it was told.

The pack has what the watch knew before its first look, what each look was told, and what was known
after each learning. From these the honest rate, the evidence and the status of every look follow.
It reveals the inputs of the watch: let it learn new ones (`--relearn`) once it is handed out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from cladist.attestation.answers import json_bytes
from cladist.attestation.case import Case, plain
from cladist.attestation.envelope import strict_json
from cladist.errors import InputError
from cladist.kinship.inference.departures import largest_share, threshold
from cladist.provenance.border.inputs import Border, Query
from cladist.provenance.border.learning import Effort, counted
from cladist.provenance.border.looking import (
    Rules,
    TokenLook,
    Watched,
    begun_look,
    bound_of,
    ended_look,
    in_use,
)
from cladist.provenance.border.state import read_watched, watched_data
from cladist.workflows.watched import WatchResult

__all__ = ["TokenLooked", "again_tokens", "looked_of", "tokens_case"]

START, LOOKS = "before.json", "looks.jsonl"
LEARNING = ("learning", "learnt")


@dataclass(frozen=True)
class TokenLooked:
    """A look, and what the watch knew after it."""

    look: TokenLook
    after: Watched


def looked_of(found: WatchResult[Any]) -> tuple[Watched, list[TokenLooked], Rules]:
    """What `tokens_case` takes, from what a watch by token gives back."""
    if found.by_token is None:
        raise InputError("no watch by token of one deployment")
    before, *after = found.by_token.known
    looks = [TokenLooked(look, known) for look, known in zip(found, after, strict=True)]
    return before, looks, found.by_token.rules


def tokens_case(
    before: Watched, looks: Sequence[TokenLooked], rules: Rules, effort: Effort | None = None
) -> Case:
    """The looks of a watch by token, in order.

    Raises `InputError` for none.
    """
    if not looks:
        raise InputError("a watch without a look has nothing to state")
    question = {
        "alpha": rules.alpha,
        "tolerance": rules.tolerance,
        "pool": (effort or Effort()).pool,
        "evidence_before": before.evidence.value,
    }
    lines = [json.dumps([_kept(q) for q in k.look.told]) for k in looks]
    files = {
        START: json_bytes(watched_data(before)),
        LOOKS: ("\n".join(lines) + "\n").encode("ascii"),
    }
    for place, k in enumerate(looks):
        if k.look.status in LEARNING:
            files[_learnt_file(place)] = json_bytes(watched_data(k.after))
    return Case("token-watch", question, files, [_stated(k.look) for k in looks])


def again_tokens(question: Mapping[str, Any], files: Mapping[str, bytes], told: Any) -> Any:
    """The looks again; `told` gives what answers do not tell, as times and words."""
    rules = Rules(float(question["alpha"]), float(question["tolerance"]))
    watched = read_watched(strict_json(files[START], START))
    if watched.evidence.value != question["evidence_before"]:
        raise InputError("the evidence before the first look is not that of the watch")
    lines = files[LOOKS].split(b"\n")[:-1]
    made = []
    for place, (line, stated) in enumerate(zip(lines, told, strict=True)):
        queries = [Query(*q) for q in strict_json(line, f"{LOOKS}, line {place + 1}")]
        after = files.get(_learnt_file(place))
        known = None if after is None else read_watched(strict_json(after, _learnt_file(place)))
        found, watched = _again(watched, queries, known, rules, int(question["pool"]), stated)
        made.append(dict(stated) | found)
    return plain(made)


def _again(
    watched: Watched, queries: Sequence[Query], learnt: Watched | None, rules: Rules, pool: int,
    stated: Mapping[str, Any],
) -> tuple[dict[str, Any], Watched]:  # fmt: skip
    """What a look comes to by its answers, and what is known after it."""
    if watched.changed:
        return _judged(watched, rules, "changed"), watched
    watched = in_use(watched, rules, pool)
    border = watched.border
    if border is None or not border.learnt:
        if learnt is None:
            return _judged(watched, rules, "failed"), watched
        after = _learnt(watched, learnt, queries)
        known = after.border is not None and after.border.learnt
        return _judged(after, rules, "learnt" if known else "learning"), after
    bound = bound_of(border, rules, watched.epoch)
    draft = begun_look(watched, bound).after(queries, border)
    if not draft.seen:
        return _judged(watched, rules, "failed"), watched
    status, after = ended_look(watched, draft, threshold(rules.alpha))
    departed = sum(f for _, f in draft.seen)
    found = _judged(after, rules, status) | {
        "asked": len(draft.seen), "departed": departed,
        "since": watched.suspect + len(draft.seen),
        "largest": round(largest_share(departed, len(draft.seen), 0.01), 4),
    }  # fmt: skip
    return found, replace(after, changed=str(stated["time"]) if status == "changed" else "")


def _learnt(before: Watched, after: Watched, queries: Sequence[Query]) -> Watched:
    """What was learnt, with the honest rate counted again."""
    border = after.border
    if border is None or (after.secret, after.epoch) != (before.secret, before.epoch):
        raise InputError("a learning that is not of this watch")
    fresh = replace(border, drawn=0, departed=0, notes=(), by_look=())
    began = before.border or fresh
    if began.inputs != border.inputs:
        raise InputError("inputs of a learning changed between two of its looks")
    scores = any(i.kind == "log-probs" for i in border.inputs)
    again: Border = counted(began, queries, scores=scores)
    found = [(b.drawn, b.departed, b.by_look) for b in (again, border)]
    if found[0] != found[1]:
        raise InputError(
            f"{again.departed} of {again.drawn} honest answers depart, look by look, and not "
            f"{border.departed} of {border.drawn} as was stated"
        )
    return replace(after, evidence=before.evidence)


def _judged(watched: Watched, rules: Rules, status: str) -> dict[str, Any]:
    border = watched.border
    return {
        "status": status,
        "number": watched.evidence.looks,
        "value": watched.evidence.value,
        "threshold": threshold(rules.alpha),
        "bound": bound_of(border, rules, watched.epoch) if border else None,
    }


def _stated(look: TokenLook) -> Any:
    """A look as the statement says it; what it was told lies in a file."""
    data = asdict(look)
    data.pop("told")
    return plain(data)


def _kept(query: Query) -> list[Any]:
    return [query.place, query.said, query.longer, query.error]


def _learnt_file(place: int) -> str:
    return f"learnt-{place:06d}.json"
