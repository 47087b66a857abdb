"""What a run is told: its configuration, presets and recipes, and what is said of a field."""
