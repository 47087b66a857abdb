"""Views that set two recorded runs against each other."""
