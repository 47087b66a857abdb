"""Recorded runs: their table, their curves, and how the present one is doing."""
