"""A run in the formats that other programs read: its network, or its figures. One module per format."""
