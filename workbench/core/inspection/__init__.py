"""What can be said of a network's answers without a network."""
