"""The world that a model is held against: fitted once, saved, asked many times."""
