"""What a network makes of an image just before it decides: the outputs of global pooling, which its last layer,
a linear one, turns into logits."""

from collections.abc import Generator
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workbench.core.events import Progress
from workbench.core.interludes import BESIDE_RUNS
from workbench.engine.data.device_images import DeviceImages
from workbench.engine.inspection.subject import Part, Subject
from workbench.engine.machine.pieces import in_pieces
from workbench.engine.network.resnet import ResNet

Vectors = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Features:
    """Of N images, in the order of `indices`: D features each, and the logits that follow from them."""

    vectors: Vectors
    """(N, D)."""
    logits: NDArray[np.float32]
    """(N, K)."""
    labels: NDArray[np.int64]
    """(N,)."""
    indices: NDArray[np.int64]
    """(N,) within `subject.images(part)`."""

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def nbytes(self) -> int:
        return self.vectors.nbytes + self.logits.nbytes + self.labels.nbytes + self.indices.nbytes

    @cached_property
    def norms(self) -> NDArray[np.float32]:
        """(N,) Euclidean length of each vector."""
        lengths: NDArray[np.float32] = np.sqrt(np.einsum("nd,nd->n", self.vectors, self.vectors))
        return lengths

    @property
    def predictions(self) -> NDArray[np.int64]:
        """(N,)."""
        said: NDArray[np.int64] = self.logits.argmax(axis=1).astype(np.int64)
        return said

    def at(self, rows: NDArray[np.int64]) -> "Features":
        """Those of some of the images, by their place here."""
        return Features(self.vectors[rows], self.logits[rows], self.labels[rows], self.indices[rows])

    def joined(self, others: "Features") -> "Features":
        """These, and then those of other images."""
        return Features(
            np.concatenate([self.vectors, others.vectors]),
            np.concatenate([self.logits, others.logits]),
            np.concatenate([self.labels, others.labels]),
            np.concatenate([self.indices, others.indices]),
        )


Extracting = Generator[Progress, None, Features]


def features(subject: Subject, part: Part, activity: str = "Reading features") -> Extracting:
    """Of all images of a part; at once where they are remembered.

    Computed between the steps of a run that is trained, in the subject's precision.
    """
    found = remembered(subject, part)
    if found is None:
        found = yield from features_at(subject, part, subject.indices(part), activity)
        remember(subject, part, found)
    return found


def features_at(
    subject: Subject, part: Part, indices: NDArray[np.int64], activity: str = "Reading features"
) -> Extracting:
    """Of some images (numbers within `subject.images(part)`), which are not remembered."""
    images = subject.on_device(part, indices)
    read = partial(_read, subject, images)
    pieces = (yield from in_pieces(len(images), read, activity, BESIDE_RUNS)).results
    config = subject.config.model
    width, classes = config.out_channels(len(config.blocks) - 1), config.num_classes
    vectors = torch.cat([vectors for vectors, _ in pieces] or [torch.empty(0, width)])
    logits = torch.cat([logits for _, logits in pieces] or [torch.empty(0, classes)])
    return Features(vectors.numpy(), logits.numpy(), images.labels.cpu().numpy(), indices)


def features_of(subject: Subject, pixels_nhwc: NDArray[np.uint8]) -> Vectors:
    """(N, D) of a few (N, H, W, 3) images at once."""
    return answers_to(subject, pixels_nhwc)[0]


def answers_to(subject: Subject, pixels_nhwc: NDArray[np.uint8]) -> tuple[Vectors, NDArray[np.float32]]:
    """(N, D) features and (N, K) logits of a few (N, H, W, 3) images at once."""
    with torch.inference_mode(), subject.compute.autocast():
        vectors, logits = _pooled(subject.folded, subject.normalized(pixels_nhwc))
    return vectors.numpy(), logits.numpy()


def remembered(subject: Subject, part: Part) -> Features | None:
    """Of all images of a part, if they were read before, of this subject or an earlier one of the same epoch."""
    return subject.memory.get((subject.fingerprint, part), Features)


def remember(subject: Subject, part: Part, found: Features) -> None:
    """Keep what was read of all images of a part, in their order."""
    subject.memory.put((subject.fingerprint, part), found)


def _read(subject: Subject, images: DeviceImages, start: int, stop: int) -> tuple[Tensor, Tensor]:
    with torch.inference_mode(), subject.compute.autocast():
        return _pooled(subject.folded, images.plain(start, stop)[0])


def _pooled(network: ResNet, images_nchw: Tensor) -> tuple[Tensor, Tensor]:
    """(N, D) that goes into the last layer, and the (N, K) logits; both float32 on the CPU."""
    # Not by a hook: the network is shared, also with a thread that looks at another image.
    pooled = network.pooled(network.features(images_nchw))
    return pooled.float().cpu(), network.classify(pooled).float().cpu()
