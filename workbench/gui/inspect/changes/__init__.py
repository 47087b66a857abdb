"""What changes of an image do to its answer."""
