"""Headless commands, one file a group. No Qt, and torch only inside the functions that compute."""
