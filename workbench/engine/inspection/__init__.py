"""What is found out of a trained network: its answers, and what they come from."""
