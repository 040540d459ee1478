"""Who descends from whom: evidence (answers to likeness), panel (the world), inference (verdicts)."""
