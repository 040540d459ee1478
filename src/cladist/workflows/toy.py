"""A registry of invented models, to try things out without asking anybody.

Forty founders, each with two models that descend from it. A descendant keeps most of what its
founder says to a prompt; the rest is of its own, or what everybody says. Nothing in it is real,
and the same registry is made each time.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import numpy as np

from cladist import catalog
from cladist.extraction.recorded import import_responses
from cladist.formats.files import write_text
from cladist.registry import Registry

__all__ = ["toy_families", "toy_registry", "toy_table"]

FAMILIES, PROBES, KEPT = 40, 40, 0.75
KINDS = ("base", "chat", "code")
WORDS = tuple(
    a + b
    for a in ("ka", "lo", "mi", "ten", "ru", "sa", "vor", "pel")
    for b in ("na", "ti", "sor", "ven", "da", "lek", "mu", "rin", "go", "pa")
)


def toy_families() -> dict[str, str]:
    """Family of every model of `toy_registry`.

    >>> toy_families()["m00-chat"]
    'm00'
    """
    return {f"m{f:02}-{kind}": f"m{f:02}" for f in range(FAMILIES) for kind in KINDS}


@lru_cache(maxsize=1)
def toy_table() -> str:
    """The answers of the models as CSV text with the columns model, prompt and response.

    >>> toy_table().splitlines()[0]
    'model,prompt,response'
    """
    draw = np.random.default_rng(0)

    def sentence() -> str:
        return " ".join(draw.choice(WORDS, 8))

    common = [[sentence() for _ in range(6)] for _ in range(PROBES)]
    lines = ["model,prompt,response"]
    for f in range(FAMILIES):
        founder = [c[draw.integers(6)] if draw.random() < 0.5 else sentence() for c in common]
        for kind in KINDS:
            for p, said in enumerate(founder):
                u = 0.0 if kind == "base" else draw.random()
                own = common[p][draw.integers(6)] if u > (1 + KEPT) / 2 else sentence()
                lines.append(
                    f"m{f:02}-{kind},please continue text {p:02},{said if u < KEPT else own}"
                )
    return "\n".join(lines) + "\n"


@contextmanager
def toy_registry(folder: str | Path | None = None) -> Iterator[Registry]:
    """The registry of invented models, in a folder, or in one that is removed afterwards.

    Examples
    --------
    >>> import cladist
    >>> with cladist.toy_registry() as lab:
    ...     len(lab.models())
    120
    """
    with tempfile.TemporaryDirectory() as aside:
        table = Path(aside) / "answers.csv"
        write_text(table, toy_table())
        with Registry.open(Path(folder) if folder else Path(aside) / "registry") as registry:
            import_responses(registry, [table], catalog.assay(catalog.DEFAULT_ASSAY).method)
            yield registry
