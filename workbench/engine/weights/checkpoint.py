"""Checkpoints that are either whole and verified or not there.

A folder holds data files `step-<n>.pt` and small manifests `last.json`, `previous.json`, `best.json`. A manifest
names a data file and its SHA-256 and is written after it, atomically, so that it never points at half a
file. torch.load alone would read a file with flipped bits without an error.
"""

import contextlib
import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from workbench.core.errors import UserError
from workbench.core.files import write_atomically

VERSION = 2
Kind = Literal["last", "best", "previous"]


@dataclass(frozen=True)
class Manifest:
    """What is known of a checkpoint without opening it."""

    file: str
    sha256: str
    version: int
    step: int
    epoch: int


def save(folder: Path, state: dict[str, Any], *, step: int, epoch: int, best: bool) -> Path:
    """Write `state` as the last checkpoint (and the best one, if so); the one before stays as `previous`.

    Args:
        state: tensors, numbers, texts and containers of them, as `torch.load(weights_only=True)` allows.

    Raises:
        UserError: it cannot be written; the earlier checkpoints are untouched.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    content = buffer.getbuffer()
    digest = hashlib.sha256(content).hexdigest()
    # The digest in the name keeps a rewritten step (a resumed run) from replacing a file still pointed at.
    path = folder / f"step-{step:08d}-{digest[:8]}.pt"
    write_atomically(path, lambda file: file.write(content))
    manifest = json.dumps(vars(Manifest(path.name, digest, VERSION, step, epoch)), indent=2).encode()
    _keep_as_previous(folder, digest)
    write_atomically(_manifest_path(folder, "last"), lambda file: file.write(manifest))
    if best:
        write_atomically(_manifest_path(folder, "best"), lambda file: file.write(manifest))
    _remove_unused(folder)
    return path


def _keep_as_previous(folder: Path, digest: str) -> None:
    """Let `previous` point at what is now the last one, unless that is damaged or the same that comes next."""
    try:
        manifest = read_manifest(folder, "last")
    except UserError:
        return
    if manifest is not None and manifest.sha256 != digest:
        content = _manifest_path(folder, "last").read_bytes()
        write_atomically(_manifest_path(folder, "previous"), lambda file: file.write(content))


def load(folder: Path, kind: Kind, device: torch.device | str = "cpu") -> dict[str, Any]:
    """Read a checkpoint after checking it byte for byte.

    Raises:
        UserError: missing, damaged, or written by a newer workbench.
    """
    manifest_path = _manifest_path(folder, kind)
    manifest = read_manifest(folder, kind)
    if manifest is None:
        raise UserError(f"there is no checkpoint '{kind}' in {folder}; the run ended before its first one")
    if manifest.version > VERSION:
        raise UserError(
            f"{manifest_path} has version {manifest.version}, written by a newer workbench; "
            f"this one reads up to {VERSION}"
        )
    path = folder / manifest.file
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read the checkpoint {path}: {error.strerror}") from error
    if hashlib.sha256(content).hexdigest() != manifest.sha256:
        raise UserError(f"the checkpoint {path} is damaged: its SHA-256 is not the one in {manifest_path.name}")
    state: dict[str, Any] = torch.load(io.BytesIO(content), map_location=device, weights_only=True)
    return state


def load_best(folder: Path) -> dict[str, Any]:
    """The best checkpoint, or the last before the first epoch.

    Raises:
        UserError: as `load`.
    """
    best = read_manifest(folder, "best")
    kind: Kind = "best" if best else "last"
    manifest = best or read_manifest(folder, kind)
    try:
        return load(folder, kind)
    except UserError:
        # While the run is trained, a newer one may take its place and its file be removed before it is read.
        if read_manifest(folder, kind) == manifest:
            raise
    return load_best(folder)


def network_weights(state: dict[str, Any]) -> dict[str, Tensor]:
    """The state dict whose predictions were evaluated: the moving average's where the run kept one."""
    weights: dict[str, Tensor] = state["average"]["network"] if "average" in state else state["model"]
    return weights


def read_manifest(folder: Path, kind: Kind) -> Manifest | None:
    """None if there is none.

    Raises:
        UserError: it is damaged.
    """
    path = _manifest_path(folder, kind)
    if not path.exists():
        return None
    try:
        return Manifest(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"cannot read the checkpoint manifest {path}: {error}") from error


def exists(folder: Path) -> bool:
    """Whether a checkpoint was ever written there, readable or not."""
    return any(_manifest_path(folder, kind).exists() for kind in ("last", "previous"))


def load_last(folder: Path, device: torch.device | str = "cpu") -> tuple[dict[str, Any], str]:
    """The last checkpoint, and a warning, empty if all is well. If it is damaged, the one before takes its place.

    Raises:
        UserError: neither can be read; names what is wrong with the last one.
    """
    try:
        return load(folder, "last", device), ""
    except UserError as error:
        try:
            state = load(folder, "previous", device)
        except UserError:
            raise error from None
        # The next save must not put the damaged one in the place of this one.
        content = _manifest_path(folder, "previous").read_bytes()
        write_atomically(_manifest_path(folder, "last"), lambda file: file.write(content))
        return state, f"{error}; going on from the checkpoint before it"


def _manifest_path(folder: Path, kind: str) -> Path:
    return folder / f"{kind}.json"


def _remove_unused(folder: Path) -> None:
    kinds: tuple[Kind, ...] = ("last", "best", "previous")
    try:
        used = {manifest.file for kind in kinds if (manifest := read_manifest(folder, kind))}
    except UserError:
        return  # Better a file too many than one too few.
    for path in folder.glob("step-*.pt"):
        if path.name not in used:
            # Windows refuses while another process reads it; the next save tries again.
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
