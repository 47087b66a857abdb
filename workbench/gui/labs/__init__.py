"""Views of labs: what each asks, what it takes, what was seen."""
