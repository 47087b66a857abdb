"""A run's network with its normalization as one file of another format, checked before it is put in place."""

from collections.abc import Generator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from workbench.core.data.dataset import ImageSet
from workbench.core.errors import UserError
from workbench.core.events import Progress
from workbench.core.export.exported import Exported, LogitsCheck
from workbench.core.files import write_atomically
from workbench.core.interludes import BESIDE_RUNS
from workbench.core.records.run_record import RunRecord
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.engine.data import run_images
from workbench.engine.data.device_images import DeviceImages
from workbench.engine.export import conversion
from workbench.engine.export.deployed import input_sentence, metadata, network_of, trained_config
from workbench.engine.machine.device import Compute
from workbench.engine.training.inference import logits
from workbench.engine.weights.code_export import TrainedNetwork

Logits = NDArray[np.float32]

TOLERANCE = 1e-3
"""Of the largest logit, for rounding: other programs add up in another order."""
_MOST_IMAGES, _FEWEST_IMAGES = 256, 16
# As many as 256 images of CIFAR-10 have.
_MOST_PIXELS = 256 * 32 * 32


def export(
    trained: TrainedNetwork, store: RunStore, format_name: str, output: Path
) -> Generator[Progress, None, Exported]:
    """Write it to `output`, after the same answers have come out of it.

    Raises:
        UserError: it says otherwise than the run's network; it cannot be written.
    """
    config = trained_config(trained)
    images, are_real = yield from _test_images(trained.record, store)
    expected = yield from _own_logits(trained, config, images)
    described = metadata(trained, normalizes=True)
    converted = yield from conversion.convert(format_name, config, trained.weights, described, images)
    check = compared(expected, converted.logits, format_name, are_real=are_real)
    write_atomically(output, lambda file: file.write(converted.content))
    notes = (input_sentence(config),)
    return Exported(trained.record.id, format_name, (output,), trained.epoch, check, notes)


def compared(expected: Logits, found: Logits, format_name: str, *, are_real: bool) -> LogitsCheck:
    """(N, K) logits of a network as it is here and as it was exported.

    Raises:
        UserError: they differ by more than rounding does.
    """
    allowed = TOLERANCE * max(1.0, float(np.abs(expected).max()))
    difference = float(np.abs(found - expected).max())
    # Also where it is no number.
    if not difference <= allowed:
        raise UserError(
            f"the network exported as {format_name} is another one: loaded anew, its logits differ by "
            f"{difference:.2g}, of which rounding explains {allowed:.2g}; nothing was written, try another format"
        )
    same = int((found.argmax(1) == expected.argmax(1)).sum())
    return LogitsCheck(len(expected), are_real, difference, allowed, same)


def _test_images(record: RunRecord, store: RunStore) -> Generator[Progress, None, tuple[NDArray[np.uint8], bool]]:
    """(N, side, side, 3) of the run's test images, evenly chosen; noise and False where those are gone."""
    side = record.config.model.input_size
    most = max(_FEWEST_IMAGES, min(_MOST_IMAGES, _MOST_PIXELS // side**2))
    try:
        _, dataset = yield from run_images.read(record, store)
    except UserError:
        return np.random.default_rng(0).integers(0, 256, (most, side, side, 3), np.uint8), False
    count = len(dataset.test)
    chosen = np.linspace(0, count - 1, min(most, count)).astype(np.int64)
    return np.ascontiguousarray(dataset.test.images[chosen]), True


def _own_logits(
    trained: TrainedNetwork, config: RunConfig, images: NDArray[np.uint8]
) -> Generator[Progress, None, Logits]:
    """As the workbench says them, by its own normalization; between the steps of a run that is trained."""
    compute = Compute(torch.device("cpu"), torch.float32)
    network = network_of(config, trained.weights, f"run {trained.record.id}")
    count = len(images)
    pixels = DeviceImages(ImageSet(images, np.zeros(count, np.int64), ("",) * count), config.data, compute)
    said, _ = yield from logits(network, pixels, compute, "Asking the network", interludes=BESIDE_RUNS)
    return said
