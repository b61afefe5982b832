"""Is this faster than what a user would pick instead, in what, and by how much: ``python -m benchmarks``."""
