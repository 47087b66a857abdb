"""The blocks of residual networks as torch modules, made from their descriptions in `core/network/blocks.py`."""
