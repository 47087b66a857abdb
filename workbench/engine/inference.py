"""Running a network over images without training it."""

import time
from collections.abc import Generator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from workbench.core.events import Progress
from workbench.engine.data import DeviceImages
from workbench.engine.device import Compute

_BATCH = 250

Logits = NDArray[np.float32]


def logits(
    network: nn.Module, images: DeviceImages, compute: Compute, run_id: str, activity: str
) -> Generator[Progress, None, tuple[Logits, float]]:
    """(N, K) logits of all images in evaluation mode, and the seconds of work; tells after every batch."""
    outputs, seconds = [], 0.0
    was_training = network.training
    network.eval()
    try:
        for start in range(0, len(images), _BATCH):
            # The time between two batches is the consumer's.
            started = time.perf_counter()
            # Entered anew per batch: grad mode must not stay off in the caller while this generator waits.
            with torch.inference_mode(), compute.autocast():
                batch, _ = images.plain(start, min(start + _BATCH, len(images)))
                outputs.append(network(batch).float().cpu())
            seconds += time.perf_counter() - started
            yield Progress(run_id, activity, min(start + _BATCH, len(images)), len(images))
    finally:
        network.train(was_training)
    result: Logits = torch.cat(outputs).numpy()
    return result, seconds
