"""Running a network over images without training it."""

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
from workbench.engine.machine.pieces import in_pieces
from workbench.engine.machine.processes import ALONE, Processes

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
    first, last = processes.share(len(images))
    was_training = network.training
    network.eval()
    try:
        batch = partial(_batch_logits, network, images, compute)
        outputs, seconds = yield from in_pieces(last, batch, activity, interludes, first=first)
        if not outputs:
            # Fewer images than processes: rows as wide as the others'.
            outputs.append(batch(0, 1)[:0])
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
