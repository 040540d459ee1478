"""What is measured at every release, by asv (see benchmarks/README.md)."""
