"""Instruction data made of a corpus: small tasks about its lines, in one fixed format.

The answers follow from the lines, so nobody has to write them.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from cladist.errors import InputError
from cladist.lab.corpora import split


@dataclass(frozen=True)
class Task:
    """A question and its answer; training counts the answer alone."""

    question: str
    answer: str


def tasks(corpus: str, count: int, seed: int) -> list[Task]:
    """`count` tasks about random lines of the training part of a corpus."""
    draw = random.Random(seed)  # noqa: S311
    lines = [
        line.strip()
        for document in split(corpus)[0]
        for line in document.splitlines()
        if 30 <= len(line.strip()) <= 160 and len(line.split()) >= 5
    ]
    if not lines:
        raise InputError(f"corpus '{corpus}' has no lines of 30 to 160 characters to ask about")
    return [_task(draw.choice(lines), draw) for _ in range(count)]


def _task(line: str, draw: random.Random) -> Task:
    words = line.split()
    half = len(words) // 2
    kind = draw.randrange(5)
    if kind == 0:
        return _format("Complete the line.", " ".join(words[:half]), " ".join(words[half:]))
    if kind == 1:
        return _format("Repeat the line.", line, line)
    if kind == 2:
        first = " ".join(words[:3])
        return _format("How does the line begin?", line, f"It begins with: {first}")
    if kind == 3:
        return _format("How many words are there?", line, f"There are {len(words)} words.")
    longest = max((re.sub(r"\W", "", w) for w in words), key=len)
    return _format("Which word is the longest?", line, f"The longest word is {longest}.")


def _format(order: str, text: str, answer: str) -> Task:
    return Task(f"### Task: {order}\n{text}\n### Answer:\n", f"{answer}\n")
