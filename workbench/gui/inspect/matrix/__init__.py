"""Which classes are taken for which, and the figures of each class."""
