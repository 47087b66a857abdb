"""The program as a shell or a terminal started it, while it goes on: signals, pipes, ends at a chosen place."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.commands import command
from workbench.core.home import Home

END_S = 60
# Windows knows no SIGHUP, and ends a process without asking it.
ENDING = (signal.SIGINT, signal.SIGTERM, *([] if sys.platform == "win32" else [signal.SIGHUP]))
"""All that ask a program to end."""
_BEGIN_S = 100


def started(home: Home, *arguments: str, prelude: str = "", **options: Any) -> "subprocess.Popen[str]":
    """Start a command; signals do what they do in a terminal, whatever started these tests.

    Args:
        prelude: Python that is run before, in the same process, to make something happen at one place.
        options: of Popen; by default both streams are pipes.
    """
    words = command(home, *arguments)
    if prelude:
        words[1:3] = ["-c", f"{prelude}\nfrom workbench.__main__ import main\nraise SystemExit(main())"]
    if sys.platform != "win32":
        options = {"preexec_fn": usual_signals} | options
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.Popen(words, text=True, **options)


def usual_signals() -> None:
    """Of a process that is about to be started: nohup and `&` in scripts would have some ignored."""
    for number in ENDING:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


def wait_for(what: Path, process: "subprocess.Popen[str]", pattern: str = "") -> None:
    """Until `what` is there, or something in it by `pattern`, while the process works."""
    deadline = time.monotonic() + _BEGIN_S
    while not (list(what.glob(pattern)) if pattern else what.exists()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, f"no {what} {pattern}"
        time.sleep(0.01)


def wait_for_checkpoint(home: Home, process: "subprocess.Popen[str]") -> None:
    wait_for(home.runs, process, "*/checkpoints/last.json")


def broken_pipe() -> int:
    """Its end to write to; nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def full_pipe() -> tuple[int, int]:
    """Its ends to read from and to write to: it takes no byte more until somebody reads."""
    reader, writer = os.pipe()
    fill(writer)
    return reader, writer


def fill(descriptor: int) -> None:
    """With as many zeros as it takes."""
    os.set_blocking(descriptor, False)
    for size in (65536, 1):
        try:
            while True:
                os.write(descriptor, b"\0" * size)
        except BlockingIOError:
            continue
    os.set_blocking(descriptor, True)
