"""A network's configuration written as one readable PyTorch file, by text alone."""
