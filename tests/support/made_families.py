"""Made-up families of models whose descent, manner and noise a test controls."""

from __future__ import annotations

import numpy as np

from cladist.core.responses import ResponseSet

WORDS = [a + b for a in ("ka", "lo", "mi", "ten", "ru", "sa", "vor", "pel") for b in
         ("na", "ti", "sor", "ven", "da", "lek", "mu", "rin", "go", "pa")]  # fmt: skip


def sentence(draw: np.random.Generator, words: int = 8) -> str:
    return " ".join(draw.choice(WORDS, words))


def population(
    families: int = 10,
    members: int = 3,
    probes: int = 40,
    kept: float = 0.6,
    openings: tuple[str, ...] = ("",),
    seed: int = 0,
) -> tuple[list[ResponseSet], list[str]]:
    """Models and their families: a member keeps its founder's answer with probability `kept`.

    Otherwise it says what everybody may say on that probe (one of six common answers) or
    something of its own. Member m of every family begins all answers with openings[m % len]:
    a manner shared by unrelated models.
    """
    draw = np.random.default_rng(seed)
    common = [[sentence(draw) for _ in range(6)] for _ in range(probes)]
    models, names = [], []
    for f in range(families):
        founder = [
            common[p][draw.integers(6)] if draw.random() < 0.5 else sentence(draw)
            for p in range(probes)
        ]
        for m in range(members):
            texts = []
            for p in range(probes):
                u = draw.random()
                if u < kept:
                    body = founder[p]
                elif u < kept + (1 - kept) / 2:
                    body = common[p][draw.integers(6)]
                else:
                    body = sentence(draw)
                texts.append(openings[m % len(openings)] + body)
            models.append(ResponseSet.of_texts(f"f{f}-m{m}", texts))
            names.append(f"family{f}")
    return models, names


def taught(pupils: int) -> tuple[list[ResponseSet], list[str]]:
    """A panel, and models of families of their own that think as one teacher taught them."""
    models, names = population(families=40, members=3, kept=0.7)
    draw = np.random.default_rng(5)
    teacher = [sentence(draw, 12) for _ in range(40)]
    for k in range(pupils):
        own = [sentence(draw, 12) for _ in range(40)]
        kept = draw.random(40) < 0.8
        texts = [t if yes else o for t, o, yes in zip(teacher, own, kept, strict=True)]
        sign = ("<think>\n", "")[k % 2]  # some templates hide it; then the closing one is there
        models.append(
            ResponseSet.of_texts(f"pupil{k}", [f"{sign}{t}\n</think>\n{t[:3]}" for t in texts])
        )
        names.append(f"school{k}")
    return models, names
