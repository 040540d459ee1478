"""The summary of a report: a few sentences, each with how sure it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cladist.provenance.report import Claim, Report

__all__ = ["claims_of"]

SURE = 0.5
"""Probability above which a foundation or a parent is put forward as the likely one."""


def claims_of(report: Report) -> tuple[Claim, ...]:
    """Claims on kinship, foundation, declarations, parentage and copies, in this order."""
    out = [_kinship(report), _foundation(report)]
    out += _declared(report)
    out += _parent(report)
    out += _copies(report)
    return tuple(out)


def _claim(topic: str, statement: str, strength: str, certainty: str) -> Claim:
    from cladist.provenance.report import Claim

    assert strength in ("shown", "not shown", "cannot tell")
    return Claim(topic, statement, strength, certainty)  # type: ignore[arg-type]


def _kinship(report: Report) -> Claim:
    related = [r for r in report.relatives if r.test.verdict == "related"]
    if not report.calibrated:
        return _claim(
            "Kinship",
            f"Whether {report.model} descends from a model of this registry cannot be said: the "
            "registry is too small for calibrated claims.",
            "cannot tell",
            f"Its nearest here is {report.relatives[0].model}, which by itself means nothing. "
            f"{_sentence(report.relatives[0].test.reason)}",
        )
    if related:
        first = related[0]
        others = f", and of {len(related) - 1} more of the nearest" if len(related) > 1 else ""
        power = first.test.power
        found = (
            f" At this rate {power:.0%} of known kin are found, so silence about others "
            "means little."
            if power == power
            else ""
        )
        return _claim(
            "Kinship",
            f"{report.model} is kin of {first.model}{others}.",
            "shown",
            f"At most {first.test.p:.2g} of unrelated pairs of the same style have so much in "
            f"common (adjusted for {len(report.relatives)} candidates); the false-positive rate "
            f"is kept to {report.alpha:g}.{found}",
        )
    least = min((r.test for r in report.relatives), key=lambda t: t.p)
    alone = sum(r.test.code == "among-candidates" for r in report.relatives)
    near = f" {alone} of them would be called related if tested alone." if alone else ""
    where = (
        f"within the rate of {report.alpha:g}, and yet: {_sentence(least.reason)}"
        if least.p <= report.alpha
        else f"above the rate of {report.alpha:g}."
    )
    return _claim(
        "Kinship",
        f"No model of this registry is shown to be kin of {report.model}.",
        "not shown",
        f"The least p-value among the {len(report.relatives)} nearest is {least.p:.2g}, "
        f"{where}{near} That is no proof of the contrary: kin that have little in common any "
        "more are not found either.",
    )


def _foundation(report: Report) -> Claim:
    f = report.foundation
    if f.none is None:
        return _claim(
            "Foundation",
            "No probability of a foundation can be given.",
            "cannot tell",
            _sentence(f.problem),
        )
    basis = (
        f"Calibrated on {f.queries} models of this registry, each asked with and without its "
        f"family; the chance of none was taken as {f.prior_none:g} beforehand."
        + (f" {_sentence(f.note)}" if f.note else "")
    )
    if f.families and f.families[0][1] > max(SURE, f.none):
        name, p, member = f.families[0]
        return _claim(
            "Foundation",
            f"Its likely foundation is {name} (probability {p:.0%}).",
            "shown" if p >= 0.95 else "cannot tell",
            f"Nearest member: {member}. Probability of none of the families here: {f.none:.0%}. "
            f"{basis}",
        )
    best = (
        f"; the likeliest is {f.families[0][0]} with {f.families[0][1]:.0%}" if f.families else ""
    )
    return _claim(
        "Foundation",
        f"No family of this registry stands out{best}.",
        "not shown",
        f"Probability of none of them: {f.none:.0%}. {basis}",
    )


def _declared(report: Report) -> list[Claim]:
    parents = [k for k in report.links if k.child == report.model]
    if report.disagreements:
        return [
            _claim("Declarations", _sentence(m), "shown", "This is plain from the documents.")
            for m in report.disagreements[:3]
        ]
    if not parents:
        text = "Nothing is declared about where the model comes from."
        return [
            _claim("Declarations", text, "not shown", "No document that was read names a parent.")
        ]
    out = []
    for k in parents[:3]:
        word = {
            "confirmed": ("is confirmed", "shown"),
            "contradicted": ("is contradicted by what the models answer", "shown"),
            "not tested": ("could not be tested", "cannot tell"),
            "cannot tell": ("could be neither confirmed nor refuted", "cannot tell"),
            "not here": ("was not tested: that model is not in the registry", "cannot tell"),
        }[k.finding]
        said = f" ({k.relation})" if k.relation else ""
        sure = _sentence(k.test.reason) if k.test else "Add it with 'cladist extract' to test this."
        text = f"The declared parent {k.parent}{said} {word[0]}."
        out.append(_claim("Declarations", text, word[1], f"{sure} Declared in {k.source}."))
    return out


def _parent(report: Report) -> list[Claim]:
    told = [d for d in report.directions if d.ancestor]
    if told:
        d = told[0]
        other = d.b if d.a == d.ancestor else d.a
        sure = (
            "This rests on the dates given."
            if d.basis == "dates"
            else "This holds if one of the two descends from the other; siblings get an ancestor "
            "named about as often."
        )
        strength = "shown" if d.basis == "dates" else "cannot tell"
        text = f"Of {d.ancestor} and {other}, {d.ancestor} is the likelier ancestor."
        return [_claim("Direction", text, strength, f"{_sentence(d.reason)} {sure}")]
    if report.directions:
        return [
            _claim(
                "Direction",
                "Which of the related models is the ancestor cannot be told.",
                "cannot tell",
                _sentence(report.directions[0].reason),
            )
        ]
    return []


def _copies(report: Report) -> list[Claim]:
    copies = [r for r in report.relatives if r.copy is not None]
    if not copies:
        return []
    first = copies[0]
    assert first.copy is not None
    return [
        _claim(
            "Copies",
            f"{report.model} answers like {first.model}, to the character, on "
            f"{first.copy.equal} of {first.copy.probes} probes.",
            "shown",
            f"At 95% confidence at most {first.copy.upper:.1%} of all answers would differ.",
        )
    ]


def _sentence(text: str) -> str:
    made = text[:1].upper() + text[1:]
    return made if made.endswith((".", "!", "?")) else made + "."
