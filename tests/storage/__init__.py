"""Tests of keeping a token; ROWS.md explains the ids in their names."""
