"""What is found out beside a run: time and memory, a learning rate, exact resume, the machine's state."""
