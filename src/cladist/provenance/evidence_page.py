"""The evidence of a report as HTML: probes with both answers side by side."""

from __future__ import annotations

from cladist.provenance.answers_told import told_of
from cladist.provenance.exhibits import Exhibit
from cladist.provenance.markup import answer, escaped
from cladist.provenance.report import Report
from cladist.provenance.wording import many

__all__ = ["evidence"]

PROMPT_LINES = 40
"""Lines of a prompt that are shown."""


def evidence(report: Report, count: int, unfold: bool) -> str:
    """The section on evidence: `count` probes a side at most, their prompts shown or folded."""
    out = [
        "<p>The probes that speak most for kinship and most against it, with the answers side by "
        "side. Highlighted is what both say in the same words from the start. They are chosen as "
        "the strongest, so they illustrate the verdict; they do not replace it.</p>"
    ]
    for other in dict.fromkeys(e.other for e in report.exhibits):
        for side in ("for", "against"):
            out.append(f"<h3>Speaks {side} kinship with {escaped(other)}</h3>")
            found = [e for e in report.exhibits if e.other == other and e.side == side]
            if not found:
                out.append("<p>Nothing.</p>")
            out += [_exhibit(report.model, e, unfold) for e in found[:count]]
            left = len(found) - count
            if left > 0:
                out.append(f'<p class="small soft">{left} more in the machine-readable twin.</p>')
    return "".join(out)


def _exhibit(model: str, e: Exhibit, unfold: bool) -> str:
    same = (
        f"The answers agree on {many(e.shared, 'character')} from the start; {e.others} of "
        f"{e.asked} other models begin like that too."
        if e.shared
        else "The answers part at once."
    )
    excess = f" Evidence {e.excess:+.2f} against controls." if e.excess == e.excess else ""
    return (
        f'<div class="exhibit"><p class="small soft">Probe {escaped(e.probe)}. {same}{excess}</p>'
        f"{_prompt(e.prompt, unfold)}"
        f'<div class="sides">{_side(model, e.mine, e.shared)}{_side(e.other, e.theirs, e.shared)}'
        "</div></div>"
    )


def _prompt(prompt: str, unfold: bool) -> str:
    if not prompt.strip():
        return '<p class="small soft">The text of the prompt was not recorded.</p>'
    told = told_of(prompt)
    note = f'<p class="small soft">{told}</p>' if told else ""
    shown = " open" if unfold else ""
    text = answer(prompt, lines=PROMPT_LINES)
    return f"<details{shown}><summary>The prompt</summary>{text}{note}</details>"


def _side(name: str, text: str, shared: int) -> str:
    told = told_of(text)
    note = f'<p class="small soft">{told}</p>' if told else ""
    return f"<div><h4>{escaped(name)}</h4>{answer(text, shared)}{note}</div>"
