"""The window. Knows the core; torch and the engine are reached only by `training_worker`."""
