"""A block for a model card: measured lineage beside what the card declares."""

from __future__ import annotations

from cladist.core.text import printable
from cladist.formats.statement import Statement

__all__ = ["BEGIN", "END", "insert_block", "write_block"]

BEGIN, END = "<!-- cladist: begin -->", "<!-- cladist: end -->"


def write_block(s: Statement) -> str:
    """Markdown between two marks, so that it can be replaced later."""
    rows = [
        "| relative | as | grounds | p |",
        "| --- | --- | --- | --- |",
        *(
            f"| {_cell(k.name)} | {k.role} | {k.basis}{f', {k.relation}' if k.relation else ''} "
            f"| {k.properties.get('cladist:p', '–')} |"
            for k in s.kin
        ),
    ]
    table = "\n".join(rows) if s.kin else "No relative is declared or shown."
    assay = _cell(s.properties.get("cladist:assay", ""))
    limits = "\n".join(f"- {printable(text)}" for text in s.limits[:3])
    return (
        f"{BEGIN}\n## Measured lineage\n\n"
        f"By [cladist](https://pypi.org/project/cladist) {s.version} on {s.created[:10]}, assay "
        f"{assay}, from the model's answers alone; rate of false findings "
        f"{s.properties.get('cladist:rate', '')}.\n\n{table}\n\n{limits}\n{END}\n"
    )


def insert_block(card: str, block: str) -> str:
    """The card with the block in place of an earlier one, or at its end."""
    start, end = card.find(BEGIN), card.find(END)
    if 0 <= start < end:
        rest = card[end + len(END) :].removeprefix("\n")
        return card[:start] + block + rest
    gap = "" if card.endswith("\n\n") or not card else "\n" if card.endswith("\n") else "\n\n"
    return card + gap + block


def _cell(text: str) -> str:
    """A cell of a Markdown table that holds no markup."""
    plain = printable(text)
    for sign in ("\\", "|", "`", "*", "_", "[", "]", "<", ">"):
        plain = plain.replace(sign, "\\" + sign if sign not in "<>" else f"&#{ord(sign)};")
    return plain
