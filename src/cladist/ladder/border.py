"""Rungs that hold first tokens beside the claimed model: its border inputs, its probabilities."""

from __future__ import annotations

import math
from itertools import islice

from cladist.core.next_token import Context, NextToken
from cladist.errors import ModelError
from cladist.kinship.inference.shares import against_less, against_more
from cladist.ladder.rung import Rung, Spent, Stand
from cladist.ladder.rungs import NO_ROOM, Question
from cladist.models.base import AskedInterface, TellsNextToken
from cladist.provenance.border.asking import TOP, Asker
from cladist.provenance.border.beside import MAY, Beside, Levels, held_beside
from cladist.provenance.border.contexts import contexts
from cladist.provenance.border.explaining import explanations
from cladist.provenance.border.first import apart, by_text, strange

__all__ = ["first_tokens", "judged_beside", "of_border"]

FIRST = ("The capital of France is", "1, 2, 3, 4,", "Once upon a")
FAR = 0.45
"""Mean distance of first tokens that a deployment of the model may have at most; with a system
prompt up to .39 was measured, other families from .58 (`benchmarks/first_tokens.py --table`)."""
NEAR = 0.15
"""Mean distance that another model has at least: a model of the family .23 to .24 was measured,
another precision or a light tuning up to .04."""
OWN_TOP = 200
"""Tokens of the claimed model that are looked at."""
BATCH, MOST = 4, 80


def of_border(asked: Question) -> Rung:
    """Border inputs of the claimed model, and inputs far from its border, one token each."""
    name, own = "border", asked.own
    if own is None:
        why = "the claimed model is not at hand; name it, or the file of a watch of it (--beside)"
        return Rung(name, "not asked", (why,), Spent())
    if own.border.interface not in asked.model.interfaces:
        why = f"'{own.name}' was asked through {own.border.interface}, which is not offered here"
        return Rung(name, "not asked", (why,), Spent())
    asker = Asker(asked.model, own.border.interface)
    levels = Levels(asked.share(name), asked.confirming(name))
    asked.progress("asking border inputs", 0, 1)
    found = held_beside(asker, own.border, asked.draw, levels)
    asked.progress("asking border inputs", 1, 1)
    if not found.asked:
        return Rung(name, "not asked", (f"it does not answer: {found.failed or NO_ROOM}",), Spent())
    return judged_beside(found, own.name, asked.claim, levels)


def judged_beside(found: Beside, own: str, claim: str, levels: Levels) -> Rung:
    """What answers beside the claimed model say of the claim."""
    border, firm = found.seen.border, found.seen.firm
    said = [
        f"held beside '{own}': {sum(border[1:])} of {sum(border)} answers at its border depart, "
        f"and {sum(firm[1:])} of {sum(firm)} far from it"
    ]
    doubts = []
    if not found.steady:
        doubts.append("the same question brings now this, now that: the server samples")
    if found.failed:
        said.append(f"some were not answered: {found.failed}")
    kinds = explanations(found.seen)
    posterior = dict(kinds) or None
    stand: Stand = "undecided"
    error: float | None = None
    if found.against >= -math.log(levels.refute) and not doubts:
        stand, error = "does not fit", levels.refute
    elif found.towards >= -math.log(levels.confirm):
        stand, error = "fits", levels.confirm
    said += doubts
    said.append(f"at its border it is equivalent to within {found.within:.0%} of the inputs (99%)")
    said.append({
        "does not fit": f"a deployment of '{claim}' departs at {MAY:.0%} of the inputs far from "
        f"the border at most: against that e = {math.exp(min(found.against, 600.0)):.3g}",
        "fits": f"it answers as '{claim}' or a light variant of it does (in another precision, "
        "tuned a little), and as another model does not",
    }.get(stand, "that settles nothing"))  # fmt: skip
    return Rung(
        "border", stand, tuple(said), Spent(), None, posterior, error,
        {"border": list(border), "firm": list(firm), "again": list(found.seen.again),
         "within": found.within, "towards": found.towards},
        None if doubts else found.against,
    )  # fmt: skip


def first_tokens(asked: Question) -> Rung:
    """First-token log probabilities: what they are, and how far from those of the claimed model."""
    model, name = asked.model, "first tokens"
    if not isinstance(model, TellsNextToken):
        return Rung(name, "not asked", ("it tells no log probabilities",), Spent())
    own = asked.own
    if own is None or own.model is None or own.border.interface not in asked.model.interfaces:
        return _listed(asked, model)
    return _beside(asked, model, own.model, own.border.interface)


def _beside(
    asked: Question, model: TellsNextToken, own: TellsNextToken, interface: AskedInterface
) -> Rung:
    """Distances at contexts drawn afresh, until a claim may be called wrong or right."""
    name, assert_own = "first tokens", asked.own
    assert assert_own is not None
    source = contexts(asked.draw.getrandbits(48))
    far: list[float] = []
    odd, failed = 0, ""
    refute, confirm = -math.log(asked.share(name)), -math.log(asked.confirming(name))
    while len(far) < MOST:
        texts = list(islice(source, BATCH))
        asked.progress("comparing first tokens", len(far), MOST)
        try:
            told = _told(model, texts, interface, TOP)
        except ModelError as problem:
            failed = str(problem)
            break
        good = [i for i, t in told.items() if not t.error and t.gives != "sampled"]
        failed = failed or next((t.error for t in told.values() if t.error), "")
        if not good:
            break
        mine = _told(own, [texts[i] for i in good], interface, OWN_TOP)
        for place, i in enumerate(good):
            a, b = by_text(mine[place]), by_text(told[i])
            far.append(apart(a, b))
            odd += strange(a, b)
        if against_less(far, FAR) >= refute or against_more(far, NEAR) >= confirm:
            break
    asked.progress("comparing first tokens", MOST, MOST)
    if not far:
        return Rung(name, "says nothing", (f"no log probabilities: {failed or NO_ROOM}",), Spent())
    return judged_first(far, odd, asked, assert_own.name)


def judged_first(far: list[float], odd: int, asked: Question, own: str) -> Rung:
    """What distances of first tokens say of a claim."""
    name, mean = "first tokens", sum(far) / len(far)
    against, towards = against_less(far, FAR), against_more(far, NEAR)
    said = [f"held beside '{own}' at {len(far)} contexts: {mean:.1%} of the probability lies "
            "elsewhere, on average"]  # fmt: skip
    stand: Stand = "undecided"
    error: float | None = None
    doubt = odd * 4 > len(far)
    if doubt:
        said.append("at many contexts no token is the same; the server may write tokens in its own "
                    "way, so nothing follows")  # fmt: skip
    elif against >= -math.log(asked.share(name)):
        stand, error = "does not fit", asked.share(name)
        said.append(f"a deployment of '{asked.claim}' has {FAR:.0%} elsewhere at most: against "
                    f"that e = {math.exp(min(against, 600.0)):.3g}")  # fmt: skip
    elif towards >= -math.log(asked.confirming(name)):
        stand, error = "fits", asked.confirming(name)
        said.append(f"that is '{asked.claim}' or a light variant of it (another precision, tuned a "
                    f"little); another model has {NEAR:.0%} elsewhere at least")  # fmt: skip
    else:
        said.append("that settles nothing")
    return Rung(
        name, stand, tuple(said), Spent(), None, None, error,
        {"distances": [round(d, 6) for d in far], "towards": towards}, None if doubt else against,
    )  # fmt: skip


def _told(
    model: TellsNextToken, texts: list[str], interface: AskedInterface, top: int
) -> dict[int, NextToken]:
    return dict(model.next_tokens([Context(t, interface, "", top) for t in texts]))


def _listed(asked: Question, model: TellsNextToken) -> Rung:
    """What the first tokens are, where there is nothing to hold them beside."""
    name = "first tokens"
    interface: AskedInterface = "raw" if "raw" in asked.model.interfaces else "chat"
    try:
        found = _told(model, list(FIRST), interface, TOP)
    except ModelError as problem:
        return Rung(name, "not asked", (f"it does not answer: {problem}",), Spent())
    if not found:
        return Rung(name, "not asked", (NO_ROOM,), Spent())
    given = {k: v for k, v in found.items() if not v.error and v.gives != "sampled"}
    if not given:
        why = next((v.error for v in found.values() if v.error), "none came")
        return Rung(name, "says nothing", (f"no log probabilities: {why}",), Spent())
    said = []
    for k, v in sorted(given.items()):
        token = v.tokens[0]
        word = "(end)" if token is None else token.decode("utf-8", "replace")
        said.append(f"after {FIRST[k]!r}: {word!r} at {math.exp(float(v.log_probs[0])):.1%}")
    said.append("the claimed model is not at hand to hold them beside (--beside): no likelihood")
    return Rung(name, "says nothing", tuple(said), Spent())
