"""Questions that people ask of a registry, each answered from start to end in one file."""
