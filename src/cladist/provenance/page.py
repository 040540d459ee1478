"""A report as one HTML page: no scripts, nothing loaded from anywhere, all text escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from cladist.kinship.inference.pair_test import KinshipResult
from cladist.phylogeny.parents import CONFIDENT
from cladist.provenance.context import REPLICATES
from cladist.provenance.evidence_page import evidence
from cladist.provenance.markup import escaped, number, row
from cladist.provenance.paper import Paper, style_of, when
from cladist.provenance.picture import tree_svg
from cladist.provenance.report import Claim, Report
from cladist.provenance.wording import many, sentence

__all__ = ["html_page"]

_BADGES = {
    "related": ("shown", "related"),
    "unrelated": ("bad", "unrelated"),
    "inconclusive": ("open", "inconclusive"),
    "confirmed": ("shown", "supported"),
    "contradicted": ("bad", "contradicted"),
    "cannot tell": ("open", "cannot tell"),
    "not tested": ("open", "not tested"),
    "not here": ("open", "not in the registry"),
}
_SECTIONS = (
    ("relatives", "Nearest relatives"),
    ("foundation", "Foundation"),
    ("parents", "Parents and direction"),
    ("declared", "Declared against measured"),
    ("tree", "Tree"),
    ("evidence", "Evidence"),
    ("limits", "Limits"),
    ("identity", "Identity"),
    ("again", "To do this again"),
    ("words", "Words"),
)


def html_page(
    report: Report,
    *,
    paper: Paper = "",
    evidence_count: int = 4,
    unfold: bool = False,
    twin: str = "",
) -> str:
    """The page, with a policy that lets it use its own style sheet and nothing else.

    Parameters
    ----------
    report
        What it shows.
    paper
        'a4' or 'letter' when printed; '' leaves it to the printer.
    evidence_count
        Probes shown for and against kinship with each model.
    unfold
        Whether prompts are open on the screen; on paper they always are.
    twin
        SHA-256 of the report as JSON, for the reader to check; '' for none.

    Returns
    -------
    str
        HTML without scripts, all text escaped.

    Raises
    ------
    InputError
        For another paper.

    Examples
    --------
    >>> html_page(report, paper="a4").startswith("<!doctype html>")  # doctest: +SKIP
    True
    """
    style = style_of(report, paper)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    body = [
        _relatives(report), _foundation(report), _parents(report), _declared(report),
        _tree(report), evidence(report, evidence_count, unfold), _limits(report), _identity(report),
        _again(report, twin),
        _words(report),
    ]  # fmt: skip
    sections = "".join(
        f'<section id="{key}"><h2>{title}</h2>{text}</section>'
        for (key, title), text in zip(_SECTIONS, body, strict=True)
    )
    links = "".join(f'<a href="#{key}">{title}</a>' for key, title in _SECTIONS)
    name = escaped(report.model)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="referrer" content="no-referrer">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Provenance of {name}</title><style>{style}</style></head><body>"
        f'<header><p class="topic">Provenance report</p><h1>{name}</h1>{_lead(report)}'
        f"<nav>{links}</nav></header><main>{_claims(report)}{sections}</main>"
        f"<footer>{_foot(report)}</footer></body></html>\n"
    )


def _lead(report: Report) -> str:
    c = report.conditions
    author = f" by {escaped(c.making.author)}" if c.making.author else ""
    return (
        f'<p class="made">Made {escaped(when(c.making.created))}{author} with cladist '
        f"{escaped(c.versions.get('cladist', ''))}.</p>"
        f'<p class="lead">What the model\'s answers to {c.probes} fixed probes say about where it '
        f"comes from, held against {c.models - 1} other models. Assay {escaped(c.assay)}.</p>"
    )


def _claims(report: Report) -> str:
    notice = (
        ""
        if report.calibrated
        else '<p class="notice">This registry is too small for calibrated claims. Nothing below is '
        "a finding of kinship.</p>"
    )
    items = "".join(_claim(c) for c in report.claims)
    short = " ".join(escaped(c.statement) for c in report.claims)
    notice = f'<p class="short"><strong>In short.</strong> {short}</p>{notice}'
    return f'<section id="summary">{notice}<ul class="claims">{items}</ul></section>'


def _claim(c: Claim) -> str:
    kind = {"shown": "shown", "not shown": "none", "cannot tell": "open"}[c.strength]
    if c.topic == "Declarations" and ("contradict" in c.statement or "each other" in c.statement):
        kind = "bad"
    return (
        f'<li class="{kind}"><p class="topic">{escaped(c.topic)} '
        f'<span class="badge {kind}">{c.strength}</span></p>'
        f'<p class="statement">{escaped(c.statement)}</p>'
        f'<p class="small"><strong>How sure:</strong> {escaped(c.certainty)}</p></li>'
    )


def _badge(word: str) -> str:
    kind, text = _BADGES[word]
    return f'<span class="badge {kind}">{text}</span>'


def _table(head: list[str], rows: list[list[str]], why: Sequence[str] = ()) -> str:
    """A table; of `why` each entry stands in a row of its own below its row, over all columns."""
    body = "".join(
        row(r) + (f'<tr class="why"><td colspan="{len(head)}">{why[k]}</td></tr>' if why else "")
        for k, r in enumerate(rows)
    )
    if why:
        body = body.replace("<tr><th", '<tr class="above"><th')
    top = f"<thead>{row(head, True)}</thead>"
    return f'<div class="wide"><table>{top}<tbody>{body}</tbody></table></div>'


def _sentence(report: Report, text: str) -> str:
    return escaped(sentence(text, report.names()))


def _num(text: str) -> str:
    return f'<span class="num">{text}</span>'


def _interval(t: KinshipResult) -> str:
    mean, low, high = t.per_probe
    return number(mean, ".2f") + (f" ({low:.2f} to {high:.2f})" if low == low else "")


def _relatives(report: Report) -> str:
    rows, why = [], []
    for r in report.relatives:
        copy = f" {r.copy.equal} of {r.copy.probes} answers are the same." if r.copy else ""
        rows.append(
            [
                escaped(r.model), _badge(r.test.verdict), _num(number(r.test.p)),
                _num(number(r.test.excess, ".1f")), _num(_interval(r.test)),
                _num(number(r.evidence, ".1f")), escaped(r.family) or "–",
            ]
        )  # fmt: skip
        why.append(_sentence(report, r.test.reason) + escaped(copy))
    head = ["model", "verdict", "p", "excess", "a probe (95%)", "nearness", "family"]
    return (
        "<p>Nearest first. Near does not mean related: somebody is always nearest. The verdict "
        "does, and keeps to its rate.</p>"
        + _table(head, rows, why)
        + f'<p class="small soft">p: share of unrelated pairs of the same style with as much in '
        f"common, adjusted for {len(report.relatives)} candidates; 'related' needs "
        f"{report.alpha:g} or less and evidence spread over probes. Excess: standardised residual "
        "over such pairs. A probe: the same for an average probe, against controls. "
        f"Rests on {escaped(report.basis)}.</p>"
    )


def _foundation(report: Report) -> str:
    f = report.foundation
    if f.none is None:
        return f'<p class="notice">No probabilities: {escaped(f.problem)}.</p>'
    entries = sorted([*f.families, ("none of these", f.none, "")], key=lambda e: -e[1])
    rows = [
        [escaped(name), _num(f"{p:.1%}") + _bar(p), escaped(member) or "–"]
        for name, p, member in entries
    ]
    return (
        "<p>The pretrained line the model is likely to descend from. 'None of these' is an answer "
        "like the others.</p>"
        + _table(["family", "probability", "nearest member"], rows)
        + f'<p class="small soft">Calibrated on {f.queries} models of this registry, each asked '
        f"with and without its family; chance of none beforehand {f.prior_none:g}"
        + escaped(f"; {f.note}" if f.note else "")
        + ".</p>"
        + (f"<p>{escaped(str(f.kept))}.</p>" if f.kept is not None else "")
    )


def _bar(share: float) -> str:
    return (
        '<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="room" fill="#dcdcd6" width="100" height="6"/>'
        f'<rect class="part" fill="#23508e" width="{100 * share:.1f}" height="6"/></svg>'
    )


def _parents(report: Report) -> str:
    out = []
    a = report.ancestry
    if a is not None:
        name, rows = escaped(a.parent or "none of these"), []
        if a.told:
            rows = [[name, "most likely parent", _num(f"{a.confidence:.0%}")]]
        if a.told and a.rival_confidence >= 0.01:
            rival = escaped(a.rival or "none of these")
            rows.append([rival, "next likely parent", _num(f"{a.rival_confidence:.0%}")])
        rows += [[escaped(n), "likely child", _num(f"{p:.0%}")] for n, p in a.children[:6]]
        out.append(
            f"<p>Among the {a.considered} nearest, parents chosen together so that nobody descends "
            "from himself. Probabilities come from the margins of the evidence, and a sibling "
            f"stands in for a parent that is missing. Nobody is named below {CONFIDENT:.0%}"
            + (f"; so it is with {a.untold} possible children" if a.untold else "")
            + ".</p>"
        )
        if not a.told:
            out.append(
                f"<p>No parent is named: the most likely has a probability of {a.confidence:.0%}, "
                f"and {CONFIDENT:.0%} is asked for.</p>"
            )
        if rows:
            out.append(_table(["model", "as", "probability"], rows))
    else:
        out.append("<p>Parents are not looked for in a registry without calibration.</p>")
    if report.directions:
        dated = [d for d in report.directions if d.ancestor and d.basis == "dates"]
        out.append(
            "<p>Which of two kin came first is told by dates alone. Nearness to common relatives "
            "and rarity of answers are measured as well, but between siblings they name an "
            "ancestor about as often, so nothing is said from them.</p>"
        )
        if dated:
            rows = [[escaped(d.b), escaped(d.ancestor), escaped(d.basis)] for d in dated]
            reasons = [_sentence(report, d.reason) for d in dated]
            out.append(_table(["of this and", "came first", "by"], rows, reasons))
        left = len(report.directions) - len(dated)
        if left:
            out.append(f"<p>Of {many(left, 'related pair')} it cannot be told.</p>")
    else:
        out.append("<p>No pair is shown to be related, so there is no direction to tell.</p>")
    return "".join(out)


def _declared(report: Report) -> str:
    wrong = "".join(f'<p class="notice">{escaped(m)}.</p>' for m in report.disagreements)
    if not report.links:
        return wrong + "<p>Nothing that was read declares a parent or a child of this model.</p>"
    rows = [
        [
            escaped(k.child), escaped(k.parent), escaped(k.relation) or "–", _badge(k.finding),
            _num(number(k.test.p if k.test else None)), escaped(k.source),
        ]
        for k in report.links
    ]  # fmt: skip
    why = [
        _sentence(report, k.test.reason) if k.test else "That model is not in the registry."
        for k in report.links
    ]
    head = ["model", "declared parent", "as", "measured", "p", "declared in"]
    return wrong + _table(head, rows, why)


def _tree(report: Report) -> str:
    if report.tree is None:
        return "<p>A tree needs three models.</p>"
    own = any(n.support is not None for n in report.tree.root.preorder())
    told = (
        f"Percentages are the share of {REPLICATES} redrawn probe sets that keep a group together."
        if own
        else "No support is shown: redrawing probes takes too long in so large a registry."
    )
    picture = tree_svg(report.tree, report.model, report.tree_groups)
    return (
        f"<p>The model and its nearest by neighbour joining, rooted in the middle. {told} Where "
        "branches meet near the root, nothing is known of kinship.</p>"
        f'<div class="wide">{picture}</div>'
    )


def _limits(report: Report) -> str:
    return "".join(f"<h3>{escaped(k.title)}</h3><p>{escaped(k.text)}</p>" for k in report.limits)


def _list(pairs: list[tuple[str, str]]) -> str:
    rows = "".join(f"<dt>{escaped(k)}</dt><dd>{v}</dd>" for k, v in pairs if v)
    return f"<dl>{rows}</dl>"


def _identity(report: Report) -> str:
    c = report.conditions
    states = ", ".join(f"{n} {k}" for k, n in c.states.items())
    decoding = ", ".join(f"{k} {v}" for k, v in c.decoding.items())
    known = [(k, escaped(v)) for k, v in sorted(c.metadata.items())]
    return _list(
        [
            ("name", escaped(c.name)),
            ("asked at", f"<code>{escaped(c.uri)}</code>"),
            ("fingerprint", f"<code>{escaped(c.fingerprint)}</code>"),
            ("licence, as declared", escaped(c.licence)),
            ("released, as declared", escaped(c.date)),
            ("interface", escaped(c.interface)),
            ("decoding", escaped(decoding)),
            ("answers", f"{c.answered} of {c.probes} probes answered ({escaped(states)})"),
            ("DNA", f"<code>{escaped(c.dna)}</code>" if c.dna else ""),
            ("notes", escaped(", ".join(c.notes))),
            ("encoders", escaped(", ".join(c.encoders))),
            *known,
        ]
    )


def _again(report: Report, twin: str) -> str:
    c = report.conditions
    files = [
        [escaped(g.name), escaped(g.option), _num(f"{g.size:,}") if g.sha256 else "–",
         f"<code>{g.sha256}</code>" if g.sha256 else "no file"]
        for g in c.making.given
    ]  # fmt: skip
    inputs = _table(["input", "given as", "bytes", "SHA-256"], files) if files else ""
    versions = ", ".join(f"{k} {v}" for k, v in c.versions.items())
    commands = "\n".join(escaped(line, whole=True) for line in c.commands)
    return (
        "<p>The same answers, options and versions give the same numbers. Hashes are SHA-256.</p>"
        f"<pre>{commands}</pre>"
        + _list(
            [
                ("assay", f"{escaped(c.assay)}, <code>{c.assay_digest}</code>"),
                ("protocol", f"<code>{c.protocol_digest}</code>"),
                ("all answers compared", f"<code>{c.answers}</code> ({c.models} models)"),
                ("false-positive rate (alpha)", f"{report.alpha:g}"),
                ("seed", str(c.seed)),
                ("registry", escaped(c.making.registry)),
                ("report as JSON", f"<code>{twin}</code>" if twin else ""),
                ("versions", escaped(versions)),
            ]
        )
        + inputs
    )


def _words(report: Report) -> str:
    return _list(
        [
            ("probe", "A fixed short text that every model is asked to continue or answer."),
            ("kin", "Models whose weights come from one pretrained model."),
            (
                "related",
                f"Shown to be kin: of a thousand unrelated pairs at most {1000 * report.alpha:g} "
                "would be called so.",
            ),
            ("unrelated", "Nearly all known kin have more in common than these two."),
            (
                "inconclusive",
                "The evidence is of the sort that both related and unrelated models show.",
            ),
            ("foundation", "The pretrained model that weights go back to."),
            ("style", "What a model does whatever it is asked, such as its opening words."),
        ]
    )


def _foot(report: Report) -> str:
    c = report.conditions
    return (
        f"Made by cladist {escaped(c.versions.get('cladist', ''))} from answers alone. A "
        "measurement with stated error rates, no legal advice and no proof of copying by itself."
    )
