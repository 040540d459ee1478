"""cladist reads a language model's DNA from how it behaves, and tells whose descendant it is."""

__version__ = "0.1.0"
