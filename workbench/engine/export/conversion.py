"""Turning a network into a file of another format, in a process of its own.

Exporters compute in Python for seconds and patch torch while they do, under which a run that is trained in this
process would suffer; and what they warn of is theirs. The folder that is handed over holds what is named here.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors import torch as safetensors

import workbench
from workbench.core.errors import UserError, reason, shown
from workbench.core.events import Progress
from workbench.core.settings.config import RunConfig
from workbench.engine.weights.checkpoint_state import Tensors

REQUEST, WEIGHTS, IMAGES = "request.json", "weights.safetensors", "images.npy"
CONTENT, LOGITS = "content", "logits.npy"
CANNOT_WRITE = 75
"""The exit status where the process cannot leave its result; nothing else that goes wrong in it has this one."""
_ERRORS = "errors"

_MODULE = "workbench.engine.export.conversion_process"
_POLL_S = 0.05
_PATIENCE_S = 5.0
_SIGKILL = 9
_SHOWN_CHARACTERS = 2000


@dataclass(frozen=True)
class Converted:
    """A file's content, and what was said by a network that was loaded from it."""

    content: bytes
    logits: NDArray[np.float32]
    """(N, num_classes)."""


def convert(
    format_name: str,
    config: RunConfig,
    weights: Tensors,
    metadata: Mapping[str, str],
    images: NDArray[np.uint8],
) -> Generator[Progress, None, Converted]:
    """A network as a file of that format, asked about (N, side, side, 3) images.

    Closed half-way, the process is ended at once.

    Args:
        config: with the numbers that images are normalized by.
        weights: contiguous, on the CPU.

    Raises:
        UserError: the memory is not enough, or the temporary folder is full.
    """
    request = {"format": format_name, "config": config.model_dump_json(), "metadata": dict(metadata)}
    with _temporary_folder(format_name) as folder:
        try:
            (folder / REQUEST).write_text(json.dumps(request), encoding="utf-8")
            safetensors.save_file(dict(weights), folder / WEIGHTS)
            np.save(folder / IMAGES, images, allow_pickle=False)
            (folder / _ERRORS).touch()
        except (OSError, SafetensorError) as error:
            raise _no_room(format_name, folder.parent, reason(error)) from error
        with (folder / _ERRORS).open("w+b") as errors, _running(folder, errors.fileno()) as process:
            while process.poll() is None:
                yield Progress(f"Converting to {format_name}", 0, 0, "parts")
                _wait(process)
        if process.returncode:
            raise _failure(format_name, process.returncode, folder)
        content = (folder / CONTENT).read_bytes()
        return Converted(content, np.load(folder / LOGITS, allow_pickle=False))


@contextmanager
def _temporary_folder(format_name: str) -> Generator[Path, None, None]:
    try:
        made = tempfile.TemporaryDirectory(prefix="resnet-workbench-", ignore_cleanup_errors=True)
    except OSError as error:
        raise _no_room(format_name, None, reason(error)) from error
    with made as name:
        yield Path(name)


def _no_room(format_name: str, folder: Path | None, why: str) -> UserError:
    where = "" if folder is None else f" {shown(folder)}"
    return UserError(
        f"the export as {format_name} cannot write to the temporary folder{where}: {why}; free some space there, "
        "or name another folder in the environment variable TMPDIR"
    )


@contextmanager
def _running(folder: Path, errors: int) -> Generator["subprocess.Popen[bytes]", None, None]:
    # As it was imported here: the program may be started from its folder without having been installed.
    root = str(Path(workbench.__file__).parents[1])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    process = subprocess.Popen(
        # Without the present folder among those that modules are looked for in.
        [sys.executable, "-P", "-m", _MODULE, str(folder)],
        stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
        creationflags=getattr(subprocess, "IDLE_PRIORITY_CLASS", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait(_PATIENCE_S)


def _wait(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(_POLL_S)
    except subprocess.TimeoutExpired:
        return


def _failure(format_name: str, code: int, folder: Path) -> Exception:
    """Of a process that ended without a result."""
    said = (folder / _ERRORS).read_text(encoding="utf-8", errors="replace").strip()[-_SHOWN_CHARACTERS:]
    if code == CANNOT_WRITE:
        # Where nothing can be written, the reason may be lost too.
        return _no_room(format_name, folder.parent, said or "no space is left on it")
    if code == -_SIGKILL:
        return UserError(
            f"the system has ended the export as {format_name}, perhaps because the memory is full; close other "
            "programs and try again"
        )
    return RuntimeError(f"the export as {format_name} ended without a result (code {code}): {said}")
