"""The network as a drawing, as a table of layers, and beside another one."""
