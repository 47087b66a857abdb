"""Running a network over images without training it."""

import time
from collections.abc import Generator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from workbench.core.events import Progress
from workbench.engine.data.device_images import DeviceImages
from workbench.engine.machine.device import Compute
from workbench.engine.machine.processes import ALONE, Processes

_BATCH = 250
# Of a network whose pace is not known yet.
_FIRST_BATCH = 1

Logits = NDArray[np.float32]
Evaluating = Generator[Progress, None, tuple[Logits, float]]


def logits(
    network: nn.Module,
    images: DeviceImages,
    compute: Compute,
    activity: str,
    processes: Processes = ALONE,
    *,
    pace_s: float | None = None,
) -> Evaluating:
    """(N, K) logits of all images in evaluation mode, and the seconds of work; tells after every batch.

    Each of several processes runs its share of the images, and all get all logits.

    Args:
        pace_s: seconds that a batch may take, for a job that must end soon after it is canceled; None: batches
            are as large as is quickest.
    """
    outputs, seconds = [], 0.0
    first, last = processes.share(len(images))
    was_training = network.training
    network.eval()
    try:
        size, start = _BATCH if pace_s is None else _FIRST_BATCH, first
        while start < last:
            stop = min(start + size, last)
            # The time between two batches is the consumer's.
            started = time.perf_counter()
            # Entered anew per batch: grad mode must not stay off in the caller while this generator waits.
            with torch.inference_mode(), compute.autocast():
                batch, _ = images.plain(start, stop)
                outputs.append(network(batch).float().cpu())
            took = time.perf_counter() - started
            seconds += took
            if pace_s is not None:
                size = _next_size(size, took, pace_s)
            start = stop
            yield Progress(activity, stop - first, last - first)
        if not outputs:
            # Fewer images than processes: rows as wide as the others'.
            with torch.inference_mode(), compute.autocast():
                outputs.append(network(images.plain(0, 1)[0]).float().cpu()[:0])
    finally:
        network.train(was_training)
    result: Logits = processes.joined(torch.cat(outputs), len(images)).numpy()
    return result, seconds


def _next_size(size: int, took_s: float, pace_s: float) -> int:
    """Images of the next batch: twice as many or half, where this one was far from the pace."""
    if took_s > pace_s:
        return max(1, size // 2)
    return min(_BATCH, 2 * size) if took_s < pace_s / 2 else size
