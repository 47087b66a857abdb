"""A run's network after one of its epochs, opened for looking at it, with the images that it is about."""

import hashlib
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workbench.core.data.dataset import Dataset, ImageSet
from workbench.core.errors import UserError
from workbench.core.evaluation import Evaluation
from workbench.core.events import Progress, Warned
from workbench.core.interludes import BESIDE_RUNS
from workbench.core.records.store import RunStore
from workbench.core.settings.config import RunConfig
from workbench.engine.data import run_images
from workbench.engine.data.device_images import DeviceImages, normalization_of
from workbench.engine.data.run_split import split_of
from workbench.engine.inspection.memory import Memory
from workbench.engine.machine.device import Compute, resolve
from workbench.engine.network import folding, resnet
from workbench.engine.network.resnet import ResNet
from workbench.engine.training.completion import with_normalization
from workbench.engine.training.inference import logits
from workbench.engine.weights import checkpoint, run_weights
from workbench.engine.weights.foreign_weights import load_strictly

Part = Literal["test", "validation", "training"]
Tensors = Mapping[str, Tensor]

_MOST_DIGITS = 18


@dataclass(frozen=True, eq=False)
class Subject:
    """In evaluation mode, its weights not to be changed: who wants others makes a network of its own.

    Jobs of the window open it beside a run that is trained; it touches no setting of the process.
    """

    run_id: str
    epoch: int
    """After which these are the weights, counted from 1; 0: before the first epoch was finished."""
    config: RunConfig
    """With the numbers that images are normalized by."""
    weights: Tensors
    """State dict, on the CPU."""
    dataset: Dataset
    compute: Compute
    """Of the run: its precision is that of the evaluations that were recorded."""
    memory: Memory = field(default_factory=Memory)
    """What was found out of the subjects that were opened together with it, by their `fingerprint`."""

    @cached_property
    def fingerprint(self) -> str:
        """Tells apart what is computed from it: of the run and its weights, which may be of a later attempt."""
        digest = hashlib.sha256(f"{self.run_id} {self.compute.device} {self.compute.precision}".encode())
        for name in sorted(self.weights):
            digest.update(name.encode())
            digest.update(self.weights[name].contiguous().reshape(-1).view(torch.uint8).numpy().data)
        return digest.hexdigest()

    @cached_property
    def network(self) -> ResNet:
        """On the device, channels_last, float32, without gradients of its weights."""
        return self.build()

    @cached_property
    def folded(self) -> ResNet:
        """The same but for rounding, its norms part of the convolutions: a quarter quicker."""
        network = self.build()
        folding.fold_norms(network)
        return network

    def build(self, weights: Tensors | None = None) -> ResNet:
        """A network of its own, with these weights or the subject's."""
        network = resnet.hollow(self.config.model)
        load_strictly(network, self.weights if weights is None else weights, f"run {self.run_id}")
        network.requires_grad_(False).eval()
        # Also in fp32: a single thread takes a quarter less for convolutions so.
        network.to(self.compute.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        return network

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.dataset.class_names

    # Its images

    @cached_property
    def _split(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return split_of(self.dataset, self.config)

    def indices(self, part: Part) -> NDArray[np.int64]:
        """Of a part's images within `images(part)`."""
        if part == "test":
            return np.arange(len(self.dataset.test))
        training, validation = self._split
        return training if part == "training" else validation

    def images(self, part: Part) -> ImageSet:
        """Those that the part is chosen from: training and validation share theirs."""
        return self.dataset.test if part == "test" else self.dataset.train

    def on_device(self, part: Part, indices: NDArray[np.int64] | None = None) -> DeviceImages:
        """A part, or only these of its images (numbers within `images(part)`), as batches for the network."""
        chosen = self.indices(part) if indices is None else indices
        return DeviceImages(self.images(part), self.config.data, self.compute, chosen)

    def normalized(self, pixels_nhwc: NDArray[np.uint8]) -> Tensor:
        """(N, H, W, 3) pixels as the network takes them: (N, 3, H, W) float32 on the device."""
        count = len(pixels_nhwc)
        pixels = ImageSet(pixels_nhwc, np.zeros(count, np.int64), ("",) * count)
        exact = Compute(self.compute.device, torch.float32)
        return DeviceImages(pixels, self.config.data, exact).plain(0, count)[0]

    def logits_of(self, pixels_nhwc: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, K) of a few (N, H, W, 3) images at once."""
        with torch.inference_mode(), self.compute.autocast():
            said: NDArray[np.float32] = self.folded(self.normalized(pixels_nhwc)).float().cpu().numpy()
        return said

    def evaluate(
        self, part: Part, indices: NDArray[np.int64] | None = None, activity: str = "Testing"
    ) -> Generator[Progress, None, Evaluation]:
        """What it says of a part's images, or of some; computed between the steps of a run that is trained."""
        images = self.on_device(part, indices)
        said, _ = yield from logits(self.folded, images, self.compute, activity, interludes=BESIDE_RUNS)
        return Evaluation(images.labels.cpu().numpy(), said, self.class_names, self.epoch)


Opening = Generator[Progress | Warned, None, Subject]


class Subjects:
    """Opens subjects, and keeps the last one for who looks again and again. Belongs to one thread."""

    def __init__(self) -> None:
        self._memory = Memory()
        self._last: tuple[object, Subject] | None = None

    def open(self, run_id: str, store: RunStore, epoch: int | None = None) -> Opening:
        """A run's network after an epoch; None: after the one that it keeps.

        Raises:
            UserError: no weights of that epoch are kept, they are damaged, or the images are gone or others.
        """
        kept = _kept_file(run_id, store, epoch)
        key = (store.home.root, run_id, epoch, kept)
        if self._last is not None and self._last[0] == key:
            return self._last[1]
        self._last = None
        subject = yield from _opened(run_id, store, epoch, self._memory)
        self._last = (key, subject)
        return subject


def _kept_file(run_id: str, store: RunStore, epoch: int | None) -> str:
    """Which one is read: of the kept epoch, a run that is trained may get another one meanwhile."""
    path = None if epoch is None else store.weights_by_epoch(run_id).get(epoch)
    if path is not None:
        return path.name
    best = checkpoint.named(store.checkpoints(run_id), "best")
    return best.sha256 if best else ""


def _opened(run_id: str, store: RunStore, epoch: int | None, memory: Memory) -> Opening:
    record = store.run(run_id)
    if not store.class_names(record):
        raise UserError(f"run {run_id} has not begun; train it for an epoch at least")
    yield Progress("Reading the weights", 0, 0, "parts")
    found = run_weights.read(record, store, epoch)
    config = record.config
    if config.data.known_normalization is None:
        config = with_normalization(config, found.normalization)
    _, dataset = yield from run_images.read(record, store)
    if config.data.needs_images:
        config = with_normalization(config, normalization_of(dataset.train.images, split_of(dataset, config)[0]))
    return Subject(run_id, found.epoch, config, found.state, dataset, resolve(config.training), memory)


def is_file_name(text: str) -> bool:
    """Whether there is something of that name; one that is too long for a name is none."""
    try:
        return Path(text).exists()
    except OSError:
        return False


def image_number(text: str, images: ImageSet) -> int | None:
    """The index that a text names, counted from 0; None if it is none, and thus may be a file.

    Raises:
        UserError: there are fewer images.
    """
    if not text.isdecimal() or is_file_name(text):
        return None
    # Of a thousand digits, Python makes no number.
    if len(text) > _MOST_DIGITS or int(text) >= len(images):
        raise UserError(f"the image is {text}; the test images are counted from 0 to {len(images) - 1}")
    return int(text)
