"""Searches over settings: what is to be searched over, and what was found."""
