"""Which settings are tried, and what was found: studies as records, without Optuna."""
