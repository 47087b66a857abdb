"""t-distributed stochastic neighbor embedding (van der Maaten and Hinton 2008), approximated by Barnes and Hut's
trees (van der Maaten 2014), computed by scikit-learn in a process of its own."""

import io
import os
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from typing import IO

import numpy as np
from numpy.typing import NDArray

from workbench.core.events import Progress

ITERATIONS = 1000
_POLL_S = 0.05
# The spread of what scikit-learn begins at by itself: the forces of the first iterations arrange it.
_START_SPREAD = 1e-4
# Fewer have no neighborhoods.
_FEWEST = 5
_SCRIPT = Path(__file__).with_name("tsne_process.py")

Placing = Generator[Progress, None, tuple[NDArray[np.float32], float]]
_Queue = Queue[int | bytes | None]


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
    begin = start / max(float(start[:, 0].std()), 1e-12) * _START_SPREAD
    process = _started(seed, iterations)
    said: _Queue = Queue()
    talk = threading.Thread(target=_talk, args=(process, features, begin.astype(np.float32), said), daemon=True)
    talk.start()
    done, result = 0, None
    try:
        while True:
            yield Progress(activity, done, iterations)
            try:
                heard = said.get(timeout=_POLL_S)
            except Empty:
                continue
            if heard is None:
                break
            if isinstance(heard, int):
                done = heard
            else:
                result = heard
    finally:
        process.kill()
        talk.join()
        process.wait()
        errors = _closed(process)
    if result is None:
        raise RuntimeError(f"t-SNE ended without a result: {errors}")
    file = io.BytesIO(result)
    return np.load(file, allow_pickle=False), float(np.load(file, allow_pickle=False))


def _started(seed: int, iterations: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        # Without the script's folder among those that modules are looked for in.
        [sys.executable, "-P", str(_SCRIPT), str(seed), str(iterations)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
        creationflags=getattr(subprocess, "IDLE_PRIORITY_CLASS", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )  # fmt: skip


def _talk(
    process: "subprocess.Popen[bytes]", features: NDArray[np.float32], start: NDArray[np.float32], said: _Queue
) -> None:
    """Hand over what to place, and pass on what comes back: iterations, the result, None at the end."""
    given = io.BytesIO()
    for array in (features, start):
        np.save(given, array, allow_pickle=False)
    # Where it has ended already, its errors say why.
    with suppress(OSError), _open(process.stdin) as pipe:
        pipe.write(given.getbuffer())
    out = _open(process.stdout)
    for line in out:
        said.put(out.read() if line == b"=\n" else int(line))
    said.put(None)


def _open(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


def _closed(process: "subprocess.Popen[bytes]") -> str:
    """The end of what it said of errors."""
    with _open(process.stderr) as pipe:
        errors = pipe.read().decode(errors="replace").strip()
    _open(process.stdout).close()
    return errors[-2000:]
