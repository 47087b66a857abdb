"""What is said of the color channels of images: how many there are, and numbers of each. Without numpy."""

CHANNELS = 3
# A deviation near zero would make every difference between pixels enormous.
LEAST_DEVIATION = 0.001

Numbers = tuple[float, ...]
"""One per channel (red, green, blue), in units of 0 to 1."""
