"""One-token watching: inputs at the border between two answers, and what they tell over time."""
