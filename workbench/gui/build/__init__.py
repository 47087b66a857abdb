"""Panels in which a person describes the network, the data and the training, with presets and undo."""
