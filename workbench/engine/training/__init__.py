"""Training and evaluating a run as a generator of events, and recording it."""
