"""How sure a difference between runs is."""
