"""What is found out before a run: time and memory, a learning rate, exact resume, augmented examples."""
