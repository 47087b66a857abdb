"""The test images as a grid, and what it is filtered and sorted by."""
