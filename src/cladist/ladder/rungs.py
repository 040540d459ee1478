"""The rungs without a reference of first tokens: what the server says, how it counts, its texts."""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from cladist.core.names import namesakes, parse_name
from cladist.core.progress import Progress, silent
from cladist.errors import (
    CladistError,
    EndpointError,
    ModelError,
    NotComparableError,
    UsageError,
)
from cladist.known import known_models
from cladist.ladder.claimed import Claimed
from cladist.ladder.rung import Rung, Spent, Stand
from cladist.ladder.tokenizers import (
    ANOTHER,
    BASE,
    CountReading,
    Table,
    best_text,
    read_counts,
    tokenizer_table,
)
from cladist.models.base import AskedInterface, Model, Request
from cladist.models.budget import Limits, Metered, Usage
from cladist.models.served import TellsItself
from cladist.workflows.identify_model import Identified, identify_model

__all__ = [
    "Question",
    "judged_counts",
    "judged_texts",
    "next_text",
    "of_counts",
    "of_itself",
    "of_texts",
]

MOST_TEXTS = 10
"""Texts whose tokens are counted at most, the first one twice."""
LEAST_TEXTS = 4
FEW = 16
NO_ROOM = "the budget has no room for another call"


NO_LIMITS = Limits()
REFUTE = {
    False: {"tokenizer": 1.0},
    True: {"tokenizer": 0.5, "border": 0.25, "first tokens": 0.25},
}
"""Weights of the rungs' e-values against a claim, by whether the claimed model is at hand: their
mean is an e-value too."""
CONFIRM = {False: {"texts": 1.0}, True: {"texts": 0.5, "border": 0.1, "first tokens": 0.4}}
"""Parts of the rate at which a wrong claim may be called right; e-values need less room than p."""


@dataclass(frozen=True)
class Question:
    """What is asked of an endpoint.

    claim   name of the model that is said to answer
    alpha   rate at which a right claim may be called wrong, over all rungs
    limits  whose prices tell the cost
    own     the claimed model at hand, None where there is none
    draw    by which inputs are chosen
    """

    model: Model
    claim: str
    alpha: float = 0.01
    limits: Limits = NO_LIMITS
    reference: str = ""
    registry: Path | None = None
    progress: Progress = silent
    own: Claimed | None = None
    draw: random.Random = field(default_factory=random.SystemRandom)

    def share(self, rung: str) -> float:
        """The part of `alpha` that a rung may spend on calling a right claim wrong."""
        return self.alpha * REFUTE[self.own is not None].get(rung, 0.0)

    def confirming(self, rung: str) -> float:
        """The part of `alpha` that a rung may spend on calling a wrong claim right."""
        return self.alpha * CONFIRM[self.own is not None].get(rung, 0.0)

    def metered(self, ask: Callable[[], Rung]) -> Rung:
        """A rung with what it cost in calls and tokens of this model."""
        before = self._usage()
        found = ask()
        after = self._usage()
        read = after.prompt_tokens - before.prompt_tokens
        written = after.completion_tokens - before.completion_tokens
        spent = Spent(
            after.calls - before.calls + found.spent.calls, read + written,
            self.limits.price(read, written),
        )  # fmt: skip
        return replace(found, spent=spent)

    def _usage(self) -> Usage:
        return self.model.usage if isinstance(self.model, Metered) else Usage()


def of_itself(asked: Question) -> Rung:
    """What the server says of itself. A relay says what it likes, so nothing follows from it."""
    model, name = asked.model, "server"
    if not isinstance(model, TellsItself):
        return Rung(name, "not asked", ("this is no server",), Spent())
    found = model.describe()
    said = []
    if found.problem:
        said.append(f"lists no models: {found.problem}")
    elif model.identity.name in found.models:
        said.append(f"lists {len(found.models)} models, '{model.identity.name}' among them")
    else:
        some = ", ".join(f"'{m}'" for m in found.models[:5])
        said.append(f"lists {len(found.models)} models ({some}), '{model.identity.name}' is none")
    said += [f"{key}: {value}" for key, value in found.own.items() if key != "id"]
    said += [f"header {key}: {value}" for key, value in list(found.headers.items())[:8]]
    said.append("words of a server prove nothing, and have no likelihood")
    return Rung(name, "says nothing", tuple(said), Spent(1))


def of_counts(asked: Question) -> Rung:
    """The tokenizer, by how many tokens the server says that texts have."""
    table, model, name = tokenizer_table(), asked.model, "tokenizer"
    if not isinstance(model, TellsItself):
        return Rung(name, "not asked", ("this is no server, and counts nothing",), Spent())
    interface: AskedInterface = "chat" if "chat" in asked.model.interfaces else "raw"
    counts: list[tuple[str, int]] = []
    odds = Counter[str]()
    reading = read_counts(table, counts)
    key: str | None = BASE
    while key is not None:
        asked.progress("counting tokens", len(counts), MOST_TEXTS)
        try:
            n, odd = _count(model, interface, table.texts[key])
        except EndpointError:
            raise
        except ModelError as problem:
            return Rung(name, "not asked", (f"it does not answer: {problem}",), Spent())
        if n is None:
            why = "the server does not say how many tokens it read (usage.prompt_tokens)"
            return Rung(name, "says nothing", (why,), Spent())
        counts.append((key, n))
        if odd:
            odds[odd] += 1
        reading = read_counts(table, counts)
        key = next_text(table, reading, counts)
    found = judged_counts(table, counts, asked.claim, asked.share(name))
    said = (f"{times} of {len(counts)} times counted, but: {odd}" for odd, times in odds.items())
    return replace(found, said=(*said, *found.said))


def judged_counts(table: Table, counts: list[tuple[str, int]], claim: str, alpha: float) -> Rung:
    """What counts say of a claim.

    The counts under all that is likely, each alike, over those under the claim is an e-value: it
    passes 1 / alpha for a right claim with a chance of at most alpha, whenever one stops.
    """
    reading, said = read_counts(table, counts), []
    best, claimed = reading.best, table.named(claim)
    about = {t.name: t.about for t in table.tokenizers} | {ANOTHER: "none of the table"}
    said.append(f"likeliest tokenizer: {best} ({about[best]}), {reading.posterior[best]:.1%} of "
                f"{len(table.tokenizers)} and 'another', all alike beforehand")  # fmt: skip
    said += reading.doubts
    stand: Stand = "undecided"
    error: float | None = None
    against: float | None = None
    if claimed is None:
        said.append(f"which tokenizer '{claim}' has is not known here")
    elif best == claimed.name and reading.posterior[best] >= 1 - alpha:
        said.append(f"that is the one of models called so ({claimed.about}); others have it too")
    elif best != claimed.name:
        others = [v for k, v in reading.likelihood.items() if k != claimed.name]
        top = max(others)
        mixed = top + math.log(sum(math.exp(v - top) for v in others) / len(others))
        e = mixed - reading.likelihood[claimed.name]
        refuted = e >= -math.log(alpha) and best != ANOTHER and not reading.doubts
        said.append(f"models called '{claim}' have {claimed.name} ({claimed.about}): against that "
                    f"e = {math.exp(min(e, 600.0)):.3g}")  # fmt: skip
        against = e if best != ANOTHER and not reading.doubts else None
        if refuted:
            stand, error = "does not fit", alpha
        elif e >= -math.log(alpha):
            said.append("no accusation follows, as the server may count in its own way")
    return Rung(
        "tokenizer", stand, tuple(said), Spent(), reading.likelihood, reading.posterior, error,
        {"counts": [list(c) for c in counts], "best": best, "doubts": list(reading.doubts)},
        against,
    )  # fmt: skip


def _count(model: TellsItself, interface: AskedInterface, text: str) -> tuple[int | None, str]:
    """Tokens of a text as the server counts them, None where it does not say; and what is wrong
    with the answer that came with them.

    One token is asked for, or FEW where the server refuses so small a limit. Raises `ModelError`
    where there is no answer, or the budget has no room for one.
    """
    detail = ""
    for limit in (1, FEW):
        found = [c for _, c in model.count([Request(text, limit, interface=interface)])]
        if not found:
            raise ModelError(NO_ROOM)
        if found[0].response.final or found[0].prompt is not None:
            answer = found[0].response
            return found[0].prompt, "" if answer.final else answer.detail
        detail = found[0].response.detail
        if not re.search(r"max_\w*tokens|too small|minimum|HTTP 4(00|22)", detail):
            break
    raise ModelError(detail or "no answer")


def next_text(table: Table, reading: CountReading, counts: list[tuple[str, int]]) -> str | None:
    """The text to be counted next, None when enough is known; the first one again at the end."""
    asked = [key for key, _ in counts]
    texts = len(set(asked))
    if asked.count(BASE) > 1:
        return None
    sure = reading.posterior[reading.best] > 0.9999 and reading.best != ANOTHER
    if texts >= MOST_TEXTS or (texts > LEAST_TEXTS and sure):
        return BASE  # does it count the same text alike?
    return best_text(table, reading, asked)


def of_texts(asked: Question) -> Rung:
    """Kinship of its texts with the models of an installed reference."""
    name = "texts"
    try:
        found = identify_model(
            asked.model, reference=asked.reference, registry=asked.registry,
            alpha=asked.confirming(name), progress=asked.progress,
        )  # fmt: skip
    except (UsageError, NotComparableError) as problem:
        return Rung(name, "not asked", (str(problem).partition("\n")[0],), Spent())
    except EndpointError:
        raise
    except CladistError as problem:
        return Rung(name, "undecided", (str(problem),), Spent())
    return judged_texts(found, asked.claim)


def judged_texts(found: Identified, claim: str) -> Rung:
    """What the placement of a model says of a claim."""
    p = found.placement
    near = p.nearest[0] if p.nearest else None
    said = [f"held against {found.reference.name}: {p.verdict}; {p.reason}"]
    seen = {"verdict": p.verdict, "p": None if math.isnan(p.p) else p.p}
    if near is None or p.verdict != "related":
        return Rung("texts", "undecided", tuple(said), Spent(), seen=seen)
    said.append(f"nearest: {near.model}" + (f", of {near.family}" if near.family else ""))
    wanted, got = _family(claim), near.family or _family(near.model)
    posterior = {f.name or "none of these": f.probability for f in p.families} or None
    if not wanted or not got:
        said.append(f"of which family '{claim}' is is not known here")
        return Rung("texts", "undecided", tuple(said), Spent(), posterior=posterior, seen=seen)
    same = namesakes(parse_name(wanted), parse_name(got)) or wanted == got
    if same:
        said.append(f"'{claim}' is of that family; which of its models answers is not told by that")
        return Rung("texts", "fits", tuple(said), Spent(), None, posterior, p.alpha, seen)
    said.append(
        f"'{claim}' is of {wanted}. A relation to another family is shown, and that does not show "
        "that there is none to this one"
    )
    return Rung("texts", "undecided", tuple(said), Spent(), None, posterior, None, seen)


def _family(name: str) -> str:
    """The pretrained model that a model of this name descends from, '' where it is not known."""
    fact = known_models().find(name)
    return "" if fact is None else fact.foundation or fact.key
