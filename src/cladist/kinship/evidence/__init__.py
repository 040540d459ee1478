"""From answers to how alike two models are, beyond what everybody shares."""
