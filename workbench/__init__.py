"""ResNet Workbench: build residual networks, watch them train, look at what they get wrong."""

__version__ = "0.1.0"
