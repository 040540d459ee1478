"""From likeness to a verdict: null models, tests, sets of families, early stopping, identity."""
