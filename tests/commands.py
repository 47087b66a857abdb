"""Commands in processes of their own, as a shell calls them."""

import os
import subprocess
import sys

from tests.conftest import SIDE
from workbench.core.home import Home

TINY = ("--set", "model.blocks=[1,1]", "--set", "model.widths=[8,8]", "--set", f"model.input_size={SIDE}",
        "--set", "training.batch_size=16", "--set", "training.crop_padding=2", "--device", "cpu",
        "--set", "training.threads=1")  # fmt: skip
"""A network for the images of `image_folder`."""


def command(home: Home, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "workbench", "--home", str(home.root), *arguments]


def call(home: Home, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(home, *arguments), capture_output=True, text=True, timeout=120, env=os.environ | environment
    )


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence of a refusal."""
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    lines = done.stderr.strip().split("\n")
    assert len(lines) == 1
    assert lines[0].startswith("error: ")
    return lines[0]
