"""Searching over settings with Optuna, each trial a recorded run. It is optional: imported inside functions."""
