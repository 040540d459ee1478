"""Verdicts that travel: signed statements, and packs from which anybody can recompute them."""
