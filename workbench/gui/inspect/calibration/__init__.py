"""Whether the network is as sure as it is right."""
