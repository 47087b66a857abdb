"""The window. Knows the core; the engine, and with it torch, is reached only by the room of work."""
