"""Which model answers at an address: cheap questions first, and more only while undecided."""
