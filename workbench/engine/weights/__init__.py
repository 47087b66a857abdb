"""Weights in files: checkpoints, weights of others, and a network written as code with its own."""
