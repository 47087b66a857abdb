"""Runs as they are written down, read back, and repaired."""
