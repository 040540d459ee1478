"""Generators behind ``scripts/make_probes.py``: everything that cladist's probe sets are made of.

The word lists, facts and templates in ``content/`` were written for this project. All choices come
from :class:`probegen.rng.Rng`, integer arithmetic only, so the bytes are the same on any machine.
"""
