"""The summary of a report: a few sentences, each with how sure it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cladist.kinship.inference.decision import COMMON_TEXT
from cladist.provenance.wording import listing, sentence

if TYPE_CHECKING:
    from cladist.provenance.report import Claim, Report

__all__ = ["claims_of"]


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
            _sentence(report, report.relatives[0].test.reason),
        )
    if related:
        first = related[0]
        power = first.test.power
        found = (
            f" Of known kin, each family counting once, {power:.0%} pass this test at this rate; "
            "that of spread comes on top, so silence about others means little."
            if power == power
            else ""
        )
        return _claim(
            "Kinship",
            f"{report.model} is kin of {listing(r.model for r in related)}.",
            "shown",
            f"At most {first.test.p:.3g} of unrelated pairs of the same style have as much in "
            f"common as it has with {first.model} (adjusted for {len(report.relatives)} "
            f"candidates); the false-positive rate is kept to {report.alpha:g}.{found}"
            + (f" But {COMMON_TEXT}." if COMMON_TEXT in first.test.reason else ""),
        )
    least = min((r.test for r in report.relatives), key=lambda t: t.p)
    alone = sum(r.test.code == "among-candidates" for r in report.relatives)
    near = f" {alone} of them would be called related if tested alone." if alone else ""
    where = (
        f"within the rate of {report.alpha:g}, and yet: {_sentence(report, least.reason)}"
        if least.p <= report.alpha
        else f"above the rate of {report.alpha:g}."
    )
    return _claim(
        "Kinship",
        f"No model of this registry is shown to be kin of {report.model}.",
        "not shown",
        f"The least p-value among the {len(report.relatives)} nearest is {least.p:.3g}, "
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
            _sentence(report, f.problem),
        )
    basis = (
        f"Calibrated on {f.queries} models of this registry, each asked with and without its "
        f"family; the chance of none was taken as {f.prior_none:g} beforehand."
        + (f" {_sentence(report, f.note)}" if f.note else "")
    )
    kept = f"{f.kept}. " if f.kept is not None else ""
    best = f.families[0][1] if f.families else 0.0
    if f.named is not None:
        name, p, member = f.named
        return _claim(
            "Foundation",
            f"Its foundation is {name} (probability {p:.0%}).",
            "shown",
            f"{kept}Nearest member: {member}. Probability of none of the families here: "
            f"{f.none:.0%}. {basis}",
        )
    open_ = f.kept.open if f.kept is not None and best >= f.SURE else ""
    asked = f"which would do, but {open_}" if open_ else f"and {f.SURE:.0%} is asked for"
    return _claim(
        "Foundation",
        "No family of this registry is sure enough to be named as its foundation.",
        "not shown",
        f"{kept}The most probable family has {best:.0%}, none of them has {f.none:.0%}, "
        f"{asked}. {basis}",
    )


def _declared(report: Report) -> list[Claim]:
    parents = [k for k in report.links if k.child == report.model]
    if report.disagreements:
        return [
            _claim(
                "Declarations", _sentence(report, m), "shown", "This is plain from the documents."
            )
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
            "confirmed": ("is supported: the two are related", "shown"),
            "contradicted": ("is contradicted by what the models answer", "shown"),
            "not tested": ("could not be tested", "cannot tell"),
            "cannot tell": ("could be neither supported nor contradicted", "cannot tell"),
            "not here": ("was not tested: that model is not in the registry", "cannot tell"),
        }[k.finding]
        said = f" ({k.relation})" if k.relation else ""
        sure = (
            _sentence(report, k.test.reason)
            if k.test
            else "Add it with 'cladist extract' to test this."
        )
        text = f"The declared parent {k.parent}{said} {word[0]}."
        out.append(_claim("Declarations", text, word[1], f"{sure} Declared in {k.source}."))
    return out


def _parent(report: Report) -> list[Claim]:
    dated = [d for d in report.directions if d.ancestor and d.basis == "dates"]
    if dated:
        d = dated[0]
        other = d.b if d.a == d.ancestor else d.a
        text = f"Of {d.ancestor} and {other}, {d.ancestor} came first."
        sure = "This rests on the dates that were given."
        return [_claim("Direction", text, "shown", f"{_sentence(report, d.reason)} {sure}")]
    if report.directions:
        return [
            _claim(
                "Direction",
                "Which of the related models is the ancestor cannot be told.",
                "cannot tell",
                "No dates of both are known. Answers alone name an ancestor about as often between "
                "siblings, where there is none.",
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


def _sentence(report: Report, text: str) -> str:
    return sentence(text, report.names())
