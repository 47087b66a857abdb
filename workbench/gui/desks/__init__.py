"""What joins rooms: each desk holds the connections between panels that do not know each other."""
