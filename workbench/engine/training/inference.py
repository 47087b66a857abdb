"""Running a network over images without training it."""

import time
from collections.abc import Generator
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from workbench.core.events import Progress
from workbench.core.interludes import Interludes
from workbench.engine.data.device_images import DeviceImages
from workbench.engine.machine.device import Compute
from workbench.engine.machine.processes import ALONE, Processes

_BATCH = 250
# Of a network whose pace is not known yet.
_FIRST_BATCH = 1
# Of a batch in an interlude: a canceled job must be gone within 0.2 s, on busy cores too.
_PACE_S = 0.06
_POLL_S = 0.05

Logits = NDArray[np.float32]
Evaluating = Generator[Progress, None, tuple[Logits, float]]


def logits(
    network: nn.Module,
    images: DeviceImages,
    compute: Compute,
    activity: str,
    processes: Processes = ALONE,
    *,
    interludes: Interludes | None = None,
) -> Evaluating:
    """(N, K) logits of all images in evaluation mode, and the seconds of work; tells after every batch.

    Each of several processes runs its share of the images, and all get all logits.

    Args:
        interludes: in which to compute, in batches so short that neither their host nor who cancels waits long;
            None: here, and batches are as large as is quickest.
    """
    outputs, seconds = [], 0.0
    first, last = processes.share(len(images))
    was_training = network.training
    network.eval()
    try:
        size, start = _BATCH if interludes is None else _FIRST_BATCH, first
        while start < last:
            stop = min(start + size, last)
            batch = partial(_batch_logits, network, images, compute, start, stop)
            if interludes is None:
                # The time between two batches is the consumer's.
                started = time.perf_counter()
                outputs.append(batch())
                took = time.perf_counter() - started
            else:
                piece = interludes.ask(batch)
                try:
                    while not piece.wait(_POLL_S):
                        yield Progress(activity, start - first, last - first)
                finally:
                    piece.withdraw()
                outputs.append(piece.result())
                took = piece.took_s
                size = _next_size(size, took)
            seconds += took
            start = stop
            yield Progress(activity, stop - first, last - first)
        if not outputs:
            # Fewer images than processes: rows as wide as the others'.
            outputs.append(_batch_logits(network, images, compute, 0, 1)[:0])
    finally:
        network.train(was_training)
    result: Logits = processes.joined(torch.cat(outputs), len(images)).numpy()
    return result, seconds


def _batch_logits(network: nn.Module, images: DeviceImages, compute: Compute, start: int, stop: int) -> Tensor:
    # Entered anew per batch: grad mode must not stay off in the caller while the generator waits.
    with torch.inference_mode(), compute.autocast():
        batch, _ = images.plain(start, stop)
        said: Tensor = network(batch).float().cpu()
        return said


def _next_size(size: int, took_s: float) -> int:
    """Images of the next batch, at the pace of this one; at most four times as many."""
    return max(1, min(_BATCH, 4 * size, int(size * _PACE_S / max(took_s, 1e-9))))
