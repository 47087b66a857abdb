"""Threads of the window and the jobs they run; the only room that reaches the engine."""
