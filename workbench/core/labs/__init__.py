"""Questions that a few trainings answer: what is to be trained, what came of it, and what the paper saw."""
