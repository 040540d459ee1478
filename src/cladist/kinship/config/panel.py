"""Constants of large panels: whom kinship is measured with, and in what background."""

from __future__ import annotations

from dataclasses import dataclass

from cladist.kinship.config._chosen import chosen

__all__ = ["SEARCH", "SearchConfig"]


@dataclass(frozen=True)
class SearchConfig:
    """Searching in two stages (`panel.shortlist`)."""

    exhaustive: int = chosen(
        1000, "models up to which kinship is measured between all pairs", "some 20 s of one core",
        "time alone up to there; what two stages miss is in docs/scale.md",
    )  # fmt: skip
    candidates: int = chosen(
        100, "models that a first stage brings up for the second", "by hand",
        "what two stages miss (benchmarks/two_stages.py)",
    )  # fmt: skip
    reference: int = chosen(
        800, "models that kinship is measured against in the second stage", "by hand",
        "what two stages miss (benchmarks/two_stages.py)",
    )  # fmt: skip


SEARCH = SearchConfig()
