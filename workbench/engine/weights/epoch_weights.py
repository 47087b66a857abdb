"""The weights of single epochs, kept so that one can look at what a network was like then.

Next to checkpoints, which are for going on and hold all that it takes: here are the weights alone, a megabyte of
ResNet-20, in files that other tools read. Their name holds the beginning of their SHA-256.
"""

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from safetensors import SafetensorError
from safetensors import torch as safetensors
from torch import Tensor

from workbench.core.errors import UserError, reason, shown
from workbench.core.files import require_file, write_atomically
from workbench.core.records.run_folder import RunFolder

_DIGITS = 16


def keep(folder: RunFolder, weights: Mapping[str, Tensor], *, epoch: int, room_bytes: int) -> Path | None:
    """Write the weights of an epoch, if there is room for any, and remove what no longer fits.

    Nothing is removed while there is room; then the epochs become evenly sparser, but for the newest one.

    Args:
        epoch: after which these are the weights, from 1.

    Raises:
        UserError: it cannot be written.
    """
    # Asked first: to write them out takes a large network a second.
    if sum(tensor.nbytes for tensor in weights.values()) > room_bytes:
        return None
    content = safetensors.save({name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()})
    places = room_bytes // len(content)
    if places < 1:
        return None
    digest = hashlib.sha256(content).hexdigest()[:_DIGITS]
    path = folder.weights / f"epoch-{epoch:05d}-{digest}.safetensors"
    # Those of an epoch that is done again need not be the same, and go by another name then.
    before = folder.weights_by_epoch().get(epoch, path)
    write_atomically(path, lambda file: file.write(content))
    if before != path:
        _remove(before)
    kept = folder.weights_by_epoch()
    wanted = chosen(kept, places)
    for each, former in kept.items():
        if each not in wanted:
            _remove(former)
    return path


def _remove(path: Path) -> None:
    # Who looks at it may have it open, where such a file stays; the next epoch tries again.
    with suppress(OSError):
        path.unlink(missing_ok=True)


def chosen(epochs: Iterable[int], places: int) -> frozenset[int]:
    """Which of these epochs to keep if there are so many places: the newest, and evenly far apart."""
    kept = sorted(epochs)
    while len(kept) > max(places, 1):
        # Whose neighbors are nearest to each other; of equals a late one, as most is learned early.
        gaps = [after - before for before, after in zip([0, *kept], kept[1:], strict=False)]
        kept.pop(len(gaps) - 1 - gaps[::-1].index(min(gaps)))
    return frozenset(kept)


def load(path: Path) -> dict[str, Tensor]:
    """The state dict of an epoch, checked byte for byte.

    Raises:
        UserError: it is missing or damaged.
    """
    try:
        require_file(path)
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read the weights {shown(path)}: {reason(error)}") from error
    if hashlib.sha256(content).hexdigest()[:_DIGITS] != path.stem[-_DIGITS:]:
        raise UserError(f"the weights {shown(path)} are damaged: their SHA-256 is not the one in their name")
    try:
        return safetensors.load(content)
    except SafetensorError as error:
        raise UserError(f"cannot read the weights {shown(path)}: {reason(error)}") from error
