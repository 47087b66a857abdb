"""Commands in processes of their own, as a shell calls them."""

import atexit
import functools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.conftest import SIDE
from workbench.core.home import Home

TINY = ("--set", "model.blocks=[1,1]", "--set", "model.widths=[8,8]", "--set", f"model.input_size={SIDE}",
        "--set", "training.batch_size=16", "--set", "training.crop_padding=2", "--device", "cpu",
        "--set", "training.threads=1")  # fmt: skip
"""A network for the images of `image_folder`."""
_TIMEOUT_S = 120


def command(home: Home, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "workbench", "--home", str(home.root), *arguments]


def call(home: Home, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; with an environment of its own it loads torch itself."""
    if environment or not sys.platform.startswith("linux"):
        return subprocess.run(
            command(home, *arguments), capture_output=True, text=True, timeout=_TIMEOUT_S,
            env=os.environ | environment,
        )  # fmt: skip
    return _nursery().call("--home", str(home.root), *arguments)


class _Nursery:
    """Talks to tests/nursery.py."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.nursery"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        atexit.register(self._process.communicate)

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryDirectory() as folder:
            said = [Path(folder) / name for name in ("stdout", "stderr")]
            order = {"arguments": arguments, "folder": os.getcwd(), "timeout_s": _TIMEOUT_S,
                     "stdout": str(said[0]), "stderr": str(said[1])}  # fmt: skip
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            code = int(self._process.stdout.readline())
            return subprocess.CompletedProcess(arguments, code, *(path.read_text() for path in said))


@functools.cache
def _nursery() -> _Nursery:
    return _Nursery()


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence of a refusal."""
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    lines = done.stderr.strip().split("\n")
    assert len(lines) == 1
    assert lines[0].startswith("error: ")
    return lines[0]
