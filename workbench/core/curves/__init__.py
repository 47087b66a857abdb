"""Figures of runs as they are drawn: every step, whatever is seen of it."""
