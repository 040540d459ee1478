"""PHYLIP distance matrices with relaxed names, as most tree programs read them."""

from __future__ import annotations

import re

import numpy as np

from cladist.core.distances import DistanceMatrix, FloatMatrix, symmetric
from cladist.errors import InputError


def write_phylip(matrix: DistanceMatrix) -> str:
    """The square matrix: a line with n, then per model its name and n distances.

    The format ends a name at the first blank, so blanks and control characters become '_'; a
    name that would then occur twice gets a number. Distances have nine digits.
    """
    lines = [str(len(matrix))]
    for name, row in zip(phylip_names(matrix.ids), matrix.matrix.tolist(), strict=True):
        lines.append(name + " " + " ".join(f"{value:.9g}" for value in row))
    return "\n".join(lines) + "\n"


def phylip_names(names: tuple[str, ...]) -> list[str]:
    """Names as words, all different, in the same order."""
    taken: set[str] = set()
    out = []
    for name in names:
        word = "".join("_" if c.isspace() or not c.isprintable() else c for c in name) or "_"
        unique, count = word, 1
        while unique in taken:
            count += 1
            unique = f"{word}_{count}"
        taken.add(unique)
        out.append(unique)
    return out


def read_phylip(text: str, source: str = "PHYLIP") -> DistanceMatrix:
    """A square or lower-triangular matrix, wrapped lines allowed; names end at a blank.

    Raises `InputError` when the numbers do not make a matrix, or are not finite or negative.
    """
    words = text.split()
    # A row begins a line; without this a square that lost lines can pass for a triangle.
    begins = [k == 0 for line in text.splitlines() for k in range(len(line.split()))][1:]
    if not words or not re.fullmatch(r"[0-9]{1,7}", words[0]):
        raise InputError(f"{source}: the first word must be the number of models")
    n, words = int(words[0]), words[1:]
    shapes = {n * (n + 1): "square", n + n * (n - 1) // 2: "lower", n + n * (n + 1) // 2: "filled"}
    shape = shapes.get(len(words))
    if shape is None:
        raise InputError(
            f"{source}: {n} models need {n * (n + 1)} words (square) or "
            f"{n + n * (n - 1) // 2} (lower triangle), found {len(words)}; names must not "
            "hold blanks"
        )
    out = np.zeros((n, n))
    names: list[str] = []
    at = 0
    for i in range(n):
        count = {"square": n, "lower": i, "filled": i + 1}[shape]
        if not begins[at]:
            raise InputError(f"{source}: row {i + 1} does not begin on a line of its own")
        names.append(words[at])
        try:
            out[i, :count] = [float(w) for w in words[at + 1 : at + 1 + count]]
        except ValueError as problem:
            raise InputError(f"{source}: row {i + 1} ('{words[at][:40]}'): {problem}") from problem
        at += count + 1
    if shape != "square":
        out = out + out.T
    _check(out, names, source)
    return symmetric(names, out, "distance")


def _check(out: FloatMatrix, names: list[str], source: str) -> None:
    if (np.diagonal(out) != 0).any():
        bad = names[int(np.flatnonzero(np.diagonal(out))[0])]
        raise InputError(f"{source}: '{bad[:40]}' has a distance to itself")
    if not np.isfinite(out).all() or (out < 0).any():
        i, j = np.argwhere(~np.isfinite(out) | (out < 0))[0]
        raise InputError(
            f"{source}: the distance of '{names[i][:40]}' and '{names[j][:40]}' is {out[i, j]}"
        )
    if not np.allclose(out, out.T, rtol=1e-6, atol=1e-9):
        raise InputError(f"{source}: the matrix is not symmetric")
