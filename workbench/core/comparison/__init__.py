"""Which of two runs is better, and in what they differ."""
