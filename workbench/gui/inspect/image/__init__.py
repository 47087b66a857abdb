"""The one image that is looked at, and the answer to it."""
