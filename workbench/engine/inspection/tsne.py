"""t-distributed stochastic neighbor embedding (van der Maaten and Hinton 2008), approximated by Barnes and Hut's
trees (van der Maaten 2014), computed by scikit-learn in a process of its own."""

import io
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from typing import IO, Self

import numpy as np
from numpy.typing import NDArray

from workbench.core.errors import UserError
from workbench.core.events import Progress

ITERATIONS = 1000
_POLL_S = 0.05
# For a process that has said all to be gone.
_PATIENCE_S = 5.0
_SIGKILL = 9
_SHOWN_BYTES = 2000
# The spread of what scikit-learn begins at by itself: the forces of the first iterations arrange it.
_START_SPREAD = 1e-4
# Fewer have no neighborhoods.
_FEWEST = 5
_SCRIPT = Path(__file__).with_name("tsne_process.py")

Placing = Generator[Progress, None, tuple[NDArray[np.float32], float]]


def place(
    features: NDArray[np.float32],
    start: NDArray[np.float32],
    activity: str,
    *,
    seed: int = 0,
    iterations: int = ITERATIONS,
) -> Placing:
    """(N, 2) points of (N, D) features, and their trustworthiness. The same for the same arguments.

    Closed half-way, the process is ended at once.

    Args:
        start: (N, 2) where to begin, but for its scale.
    """
    if len(features) < _FEWEST:
        return start, float("nan")
    begin = (start / max(float(start[:, 0].std()), 1e-12) * _START_SPREAD).astype(np.float32)
    # Not a pipe: nobody reads it meanwhile, and a full one would be waited for.
    with tempfile.TemporaryFile() as errors, _Process(features, begin, seed, iterations, errors) as process:
        done, result = 0, None
        while True:
            yield Progress(activity, done, iterations)
            try:
                heard = process.said.get(timeout=_POLL_S)
            except Empty:
                continue
            if heard is None:
                break
            if isinstance(heard, int):
                done = heard
            else:
                result = heard
        if result is None:
            raise _failure(process.end_code(), errors)
    file = io.BytesIO(result)
    return np.load(file, allow_pickle=False), float(np.load(file, allow_pickle=False))


class _Process:
    """Runs until it is left, and has said all when `said` gives None."""

    def __init__(
        self,
        features: NDArray[np.float32],
        start: NDArray[np.float32],
        seed: int,
        iterations: int,
        errors: IO[bytes],
    ) -> None:
        self.said: Queue[int | bytes | None] = Queue()
        """Iterations, and at last the result."""
        self._process = _started(seed, iterations, errors)
        # To write and to read at once: a pipe holds less than the features take.
        self._talk = threading.Thread(target=self._converse, args=(features, start), daemon=True)
        self._talk.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._process.kill()
        self._talk.join()
        self._process.wait()
        _open(self._process.stdout).close()

    def end_code(self) -> int | None:
        """What it ended with; None if it has not."""
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(_PATIENCE_S)
        return None

    def _converse(self, features: NDArray[np.float32], start: NDArray[np.float32]) -> None:
        try:
            given = io.BytesIO()
            for array in (features, start):
                np.save(given, array, allow_pickle=False)
            # Where it has ended already, its errors say why.
            with suppress(OSError), _open(self._process.stdin) as pipe:
                pipe.write(given.getbuffer())
            out = _open(self._process.stdout)
            for line in out:
                if line == b"=\n":
                    self.said.put(out.read())
                elif line.strip().isdigit():
                    self.said.put(int(line))
        finally:
            self.said.put(None)


def _started(seed: int, iterations: int, errors: IO[bytes]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        # Without the script's folder among those that modules are looked for in.
        [sys.executable, "-P", str(_SCRIPT), str(seed), str(iterations)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
        creationflags=getattr(subprocess, "IDLE_PRIORITY_CLASS", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )  # fmt: skip


def _open(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise RuntimeError("a process was begun without this pipe")
    return pipe


def _failure(code: int | None, errors: IO[bytes]) -> Exception:
    """Of a process that ended without a result."""
    if code == -_SIGKILL:
        return UserError(
            "the system has ended t-SNE, perhaps because the memory is full; close other programs, or take fewer "
            "images"
        )
    errors.seek(max(errors.seek(0, os.SEEK_END) - _SHOWN_BYTES, 0))
    said = errors.read().decode(errors="replace").strip()
    return RuntimeError(f"t-SNE ended without a result (code {code}): {said}")
