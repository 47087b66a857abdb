"""Networks as torch modules: the blocks, their assembly, norms over processes, averages of weights."""
