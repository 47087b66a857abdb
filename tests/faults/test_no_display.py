"""Starting the window where none can open: one sentence with the fix, exit 2, no core dump."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.programs import END_S, ENDING, started, wait_for
from workbench.core.home import Home


def start(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    clean = {key: value for key, value in os.environ.items() if key not in hidden}
    return subprocess.run(
        [sys.executable, "-m", "workbench", "--home", str(tmp_path / "home")],
        capture_output=True, text=True, timeout=60, env=clean | environment, cwd=Path(__file__).parents[2],
    )  # fmt: skip


pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always a display")


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, "there is no display"),
        ({"DISPLAY": ":987"}, "DISPLAY is ':987', but no X server answers there"),
        ({"WAYLAND_DISPLAY": "wayland-987"}, "there is no display"),
        ({"DISPLAY": ""}, "there is no display"),
    ],
)
def test_one_sentence_with_the_fix(tmp_path: Path, environment: dict[str, str], words: str) -> None:
    done = start(tmp_path, **environment)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.strip().split("\n")
    # Whichever comes first on a bare machine: the missing library or the missing display.
    assert words in line or "apt-get install" in line
    assert "resnet-workbench train --model resnet8" in line


def test_a_missing_system_library_is_named(tmp_path: Path) -> None:
    """A folder of broken libraries before the real ones stands in for a machine without them."""
    (tmp_path / "libxcb-cursor.so.0").write_bytes(b"not a library")
    done = start(tmp_path, DISPLAY=":987", LD_LIBRARY_PATH=str(tmp_path))
    assert done.returncode == 2
    assert "apt-get install" in done.stderr
    assert "libxcb-cursor" in done.stderr


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_closes_the_window(home: Home, number: signal.Signals) -> None:
    process = started(home, env=os.environ | {"QT_QPA_PLATFORM": "offscreen"})
    # The database comes with the first paint, when the handlers are in place.
    wait_for(home.database, process)
    process.send_signal(number)
    _, said = process.communicate(timeout=END_S)
    assert process.returncode == 0
    assert "Traceback" not in said
