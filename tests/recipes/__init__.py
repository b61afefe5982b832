"""Whole programs, each run as it stands by the test beside it."""
