"""All kinds of verdicts that can be signed, and each again from its pack alone.

A case has a question (which test, at which rates, with which seeds), files (answers, prompts,
labels) and a result. `recompute` reads nothing else: no registry, no model, no cache.

    kinship   tests of pairs among the models of a panel, as of 'kinship' and 'report'
    families  families of a registry with probabilities, as of 'identify NAME'
    placement  a model among those of a reference, as of 'identify URI'
    audit     declared lineage held against what models show, as of 'audit'
    identity  two sets of answers held against each other, as of 'same'
    watch     looks at a deployment, each held against the reference
    token-watch  looks by single tokens, each held against what was learnt
    files     files signed as they are; there is nothing to recompute
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cladist.attestation.case import Case
from cladist.attestation.of_deployments import again_identity, again_watch
from cladist.attestation.of_panel import again_audit, again_families, again_kinship
from cladist.attestation.of_reference import again_placement
from cladist.attestation.of_tokens import again_tokens
from cladist.errors import CladistError, InputError

__all__ = ["files_case", "recompute", "told"]


def files_case(files: Mapping[str, bytes]) -> Case:
    """Files that are signed as they are."""
    return Case("files", {}, files, None)


def recompute(kind: str, question: Mapping[str, Any], files: Mapping[str, bytes], told: Any) -> Any:
    """The result again, from the question and the files alone.

    told  the result as stated: of a watch, what cannot be computed (times, who answered) is taken
          from there

    Raises `InputError` for a kind that this version does not know, and for files from which it
    does not follow.

    Examples
    --------
    >>> recompute("files", {}, {"log.jsonl": b""}, None) is None
    True
    """
    if kind not in _KINDS:
        raise InputError(
            f"verdicts of the kind {kind!r:.40} are not known here ({', '.join(sorted(_KINDS))}); "
            "update cladist"
        )
    try:
        return _KINDS[kind](question, files, told)
    except InputError:
        raise
    except (CladistError, KeyError, TypeError, ValueError, IndexError, AttributeError) as problem:
        raise InputError(f"no verdict follows from this pack ({problem!s:.200})") from None


def _nothing(question: Mapping[str, Any], files: Mapping[str, bytes], told: Any) -> Any:
    return told


_KINDS: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, bytes], Any], Any]] = {
    "audit": again_audit,
    "families": again_families,
    "files": _nothing,
    "identity": again_identity,
    "kinship": again_kinship,
    "placement": again_placement,
    "token-watch": again_tokens,
    "watch": again_watch,
}


def told(kind: str, result: Any) -> list[str]:
    """A result in lines for people; whatever stands in it is shown as it is, and not made safe."""
    if kind == "kinship":
        return [f"{r['a']} and {r['b']}: {r['verdict']}. {r['reason']}" for t in result for r in t]
    if kind == "identity":
        return [f"{result['a']} and {result['b']}: {result['verdict']}. {result['reason']}"]
    if kind in ("watch", "token-watch"):
        counts: dict[str, int] = {}
        for look in result:
            counts[look["status"]] = counts.get(look["status"], 0) + 1
        listed = ", ".join(f"{n} {status}" for status, n in counts.items())
        first, last = result[0], result[-1]
        return [
            f"{first['model']}: {len(result)} looks, {first['time']} to {last['time']}: {listed}"
        ]
    if kind == "families":
        pairs = zip(result["families"], result["probabilities"], strict=True)
        best = ", ".join(f"{f} {p:.1%}" for f, p in list(pairs)[:3])
        return [f"{result['model']}: {best}, none of these {result['none']:.1%}"]
    if kind == "placement":
        return [f"{result['tested']}, the nearest: {result['verdict']}. {result['reason']}"]
    if kind == "audit":
        levels = [f["level"] for f in result["findings"]]
        counted = ", ".join(f"{levels.count(k)} {k}s" for k in ("error", "warning", "note"))
        return [f"{result['models']} models, {result['links']} declared links: {counted}"]
    return []
