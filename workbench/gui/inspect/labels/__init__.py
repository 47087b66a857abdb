"""What is odd in the data: doubtful labels, near-duplicates, people who disagree."""
