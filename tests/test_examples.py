"""The examples in docstrings of the public surface run, and say what comes of them."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest

import cladist

pytestmark = pytest.mark.long

MODULES = sorted({place.partition(":")[0] for place in cladist._PLACES.values()})
EXAMPLES = 25
"""Fewest names of the surface that have an example of their own."""


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    found = doctest.testmod(import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert found.failed == 0


def test_most_of_the_surface_has_examples() -> None:
    shown = [n for n in cladist.__all__ if ">>>" in (getattr(cladist, n).__doc__ or "")]
    assert len(shown) >= EXAMPLES, sorted(set(cladist.__all__) - set(shown))
