"""The blocks of residual networks, one file per family."""
