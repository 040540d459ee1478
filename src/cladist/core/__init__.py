"""Immutable typed data and the arithmetic on it; numpy and the standard library only."""
