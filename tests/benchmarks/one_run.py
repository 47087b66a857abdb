"""The command line of one measured run, in a process of its own."""

import argparse
from pathlib import Path


def one_run() -> tuple[Path, str, float]:
    """Home, model and seconds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("model")
    parser.add_argument("seconds", type=float)
    arguments = parser.parse_args()
    return arguments.home, arguments.model, arguments.seconds
