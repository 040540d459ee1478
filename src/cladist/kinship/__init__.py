"""Who descends from whom: evidence of likeness, the panel as the world, inference of verdicts."""
