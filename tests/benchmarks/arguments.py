"""The command lines of benchmarks."""

import argparse
from pathlib import Path

WARM_UP_S = 3.0
"""Of a run, before it is measured: as long as a window takes to settle."""


def one_run() -> tuple[Path, str, float]:
    """Of one measured run in a process of its own: home, model and seconds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("model")
    parser.add_argument("seconds", type=float)
    arguments = parser.parse_args()
    return arguments.home, arguments.model, arguments.seconds


def one_run_in_a_workspace() -> tuple[Path, str, float, str]:
    """The same in the window: home, model, seconds and the workspace that is shown meanwhile."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("model")
    parser.add_argument("seconds", type=float)
    parser.add_argument("workspace", nargs="?", default="train")
    arguments = parser.parse_args()
    return arguments.home, arguments.model, arguments.seconds, arguments.workspace


def pairs_of_runs(models: list[str], pairs: int, seconds: float) -> tuple[list[str], int, float]:
    """Of a comparison of two things in turn, with these defaults: models, pairs per model, seconds per run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--models", nargs="+", default=models)
    parser.add_argument("--pairs", type=int, default=pairs)
    parser.add_argument("--seconds", type=float, default=seconds)
    arguments = parser.parse_args()
    return arguments.models, arguments.pairs, arguments.seconds
